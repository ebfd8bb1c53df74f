"""Feeds of calendars are read, and cases stand still and go on."""

from services.core.calendars import service as calendars
from services.core.desk import standstills
from services.core.kit.http import GuardedClient
from services.worker.runtime import Context, Pass, job

FEED_SECONDS = 20.0


@job("calendars.refresh_feeds", queue="feeds", then=("stream",), poll_factor=60)
async def refresh_feeds(context: Context) -> Pass:
    due = await calendars.claim_feeds(context.database)
    if not due:
        return Pass()
    client = GuardedClient(
        allow_private=context.settings.alerts.allow_private_addresses,
        timeout_seconds=FEED_SECONDS,
    )
    async with client:
        await calendars.read_feeds(context.database, client, due)
    return Pass(len(due), more=True)


@job("calendars.replan", queue="standstills", then=("sla", "alerts", "stream"), poll_factor=5)
async def replan(context: Context) -> Pass:
    planned = await standstills.replan_due(context.database)
    return Pass(planned, more=planned > 0)
