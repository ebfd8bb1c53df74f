"""Days in which something changed are summed up again, and all of them recounted once a day."""

from services.core.metrics import service as metrics
from services.worker.runtime import Context, Pass, job


@job("metrics.refresh", queue="metrics", poll_factor=15)
async def refresh(context: Context) -> Pass:
    # What is noted from now on waits for the next turn; only older days are worth another at once.
    done, more = await metrics.refresh(context.database, zone=context.settings.metrics.zone)
    return Pass(done, more=more)


@job("metrics.recount", queue="recount", poll_factor=600)
async def recount(context: Context) -> Pass:
    return Pass(await metrics.recount_due(context.database))
