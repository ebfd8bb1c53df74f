"""Reports go out when it is their hour."""

from services.core.reports import service as reports
from services.worker.runtime import Context, Pass, job


@job("reports.send", queue="reports", poll_factor=30)
async def send(context: Context) -> Pass:
    zone = context.settings.metrics.zone
    return Pass(await reports.send_due(context.database, context.gateways, zone=zone))
