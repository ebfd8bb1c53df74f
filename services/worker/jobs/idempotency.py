"""Calls that were done once are forgotten after a day."""

from services.core.idempotency import service as idempotency
from services.worker.runtime import Context, Pass, job


@job("idempotency.forget", queue="idempotency-upkeep", poll_factor=300)
async def forget_old_calls(context: Context) -> Pass:
    forgotten = await idempotency.forget(context.database)
    return Pass(forgotten, more=forgotten > 0)
