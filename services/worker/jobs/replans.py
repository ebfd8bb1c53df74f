"""Open cases move to the current version of their policy."""

from services.core.desk import replanning
from services.worker.runtime import Context, Pass, job


@job("policies.replan", queue="replans", then=("sla", "alerts", "stream"), poll_factor=5)
async def replan(context: Context) -> Pass:
    looked_at = await replanning.carry_on(context.database)
    return Pass(looked_at, more=looked_at > 0)
