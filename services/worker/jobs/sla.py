"""Moments of promises come due."""

from services.core.desk import processing
from services.worker.runtime import GATHERING, Context, Pass, job


@job("sla.fire_timers", queue="sla", then=("alerts", "stream"), rest_seconds=GATHERING)
async def fire_timers(context: Context) -> Pass:
    fired = await processing.fire_timers(context.database)
    return Pass(fired.count, more=fired.count > 0, sleep_seconds=fired.seconds_until_next)
