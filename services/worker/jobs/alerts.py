"""What was raised goes out."""

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
        stopping=context.stopping.is_set,
    )
    return Pass(sent, more=sent > 0)
