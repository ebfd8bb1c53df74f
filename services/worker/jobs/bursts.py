"""Questions many people ask are gathered."""

from datetime import timedelta

from services.core.bursts import service as bursts
from services.core.bursts.types import BurstLimits
from services.worker.runtime import Context, Pass, job


@job("bursts.gather", queue="bursts", then=("stream",))
async def gather(context: Context) -> Pass:
    settings = context.settings.triage
    limits = BurstLimits(settings.burst_similarity, timedelta(hours=settings.burst_window_hours))
    read = await bursts.gather(context.database, limits)
    # What it announces is read as well, once; then there is nothing more.
    return Pass(read, more=read > 0)
