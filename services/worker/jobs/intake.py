"""Accepted deliveries get their effect."""

from services.core.desk import processing
from services.worker.runtime import Context, Pass, job


@job("intake.process_deliveries", queue="intake", then=("sla", "alerts", "stream"))
async def process_deliveries(context: Context) -> Pass:
    settings = context.settings.worker
    limits = processing.ClaimLimits(
        settings.batch_size, settings.lease_seconds, settings.max_attempts
    )
    done = await processing.process_deliveries(context.database, context.classifier, limits)
    return Pass(done, more=done > 0)
