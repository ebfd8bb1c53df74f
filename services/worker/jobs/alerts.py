"""What was raised goes out, by a second way where the first is closed; old logs are let go."""

from datetime import timedelta

from services.core.alerts import service as alerts
from services.worker.runtime import Context, Pass, job


@job("alerts.send_due", queue="alerts", then=("stream",))
async def send_due(context: Context) -> Pass:
    settings = context.settings.worker
    sent = await alerts.send_due(
        context.database,
        context.gateways,
        limit=settings.batch_size,
        concurrency=settings.send_concurrency,
        max_attempts=context.settings.alerts.max_attempts,
        storm_per_minute=context.settings.alerts.storm_per_minute,
        stopping=context.stopping.is_set,
        called=context.called,
    )
    # Where there may be more it has called itself.
    return Pass(sent)


@job("alerts.fall_back", queue="fallbacks", then=("alerts",), poll_factor=5)
async def fall_back(context: Context) -> Pass:
    passed_on = await alerts.fall_back(context.database)
    return Pass(passed_on, more=passed_on > 0)


@job("alerts.close_digests", queue="digests", then=("alerts",), poll_factor=5)
async def close_digests(context: Context) -> Pass:
    closed = await alerts.close_digests(context.database)
    return Pass(closed, more=closed > 0)


@job("alerts.forget", queue="sendings-upkeep", poll_factor=300)
async def forget_sendings(context: Context) -> Pass:
    keep = timedelta(days=context.settings.retention.sending_days)
    forgotten = await alerts.forget_sendings(context.database, keep)
    return Pass(forgotten, more=forgotten > 0)
