"""Alerts that nobody answered go on to whoever is next."""

from services.core.alerts import service as alerts
from services.worker.runtime import Context, Pass, job


@job("alerts.expire", queue="climbing-upkeep", then=("stream",), poll_factor=3600)
async def expire(context: Context) -> Pass:
    expired = await alerts.expire(context.database)
    return Pass(expired, more=expired > 0)


@job("alerts.climb", queue="climbing", then=("alerts", "stream"))
async def climb(context: Context) -> Pass:
    climbed = await alerts.climb(context.database)
    return Pass(climbed.count, more=climbed.count > 0, sleep_seconds=climbed.seconds_until_next)
