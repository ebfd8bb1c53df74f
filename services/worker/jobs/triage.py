"""What the machine may learn, and what people are asked to look at."""

from services.core.learning import service as learning
from services.worker.runtime import Context, Pass, job


@job("triage.draw_samples", queue="samples", poll_factor=600)
async def draw_samples(context: Context) -> Pass:
    return Pass(await learning.draw_samples(context.database))


@job("triage.retrain", queue="models", then=("stream",), poll_factor=3600)
async def retrain(context: Context) -> Pass:
    return Pass(await learning.retrain_due(context.database, context.classifier))
