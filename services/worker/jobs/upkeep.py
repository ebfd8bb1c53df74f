"""Small repairs that keep promises true: snoozes that end, replies that missed their message."""

from datetime import timedelta

from services.core.calendars import service as calendars
from services.core.desk import processing
from services.core.intake import service as intake
from services.core.presence import service as presence
from services.core.sessions import service as sessions
from services.core.signin import service as signin
from services.core.subscriptions import service as subscriptions
from services.worker.runtime import Context, Pass, job


@job("cases.wake_snoozed", queue="snoozes", then=("sla", "alerts", "stream"))
async def wake_snoozed(context: Context) -> Pass:
    return Pass(await processing.wake_snoozed(context.database))


@job("conversations.link_waiting", queue="links", then=("alerts", "stream"))
async def link_waiting_replies(context: Context) -> Pass:
    return Pass(await processing.link_waiting_replies(context.database))


@job("intake.keep_partitions", queue="partitions", poll_factor=3600)
async def keep_partitions(context: Context) -> Pass:
    """Room ahead first: dropping may have to wait for a lock, and is tried again.

    Beside it, whatever else is looked at once an hour.
    """
    keep = timedelta(days=context.settings.retention.delivery_days)
    await intake.ensure_partitions(context.database)
    await intake.drop_old(context.database, keep)
    forgotten = await intake.forget_old(context.database, keep)
    await intake.forget_refusals(context.database)
    await presence.forget(context.database)
    await sessions.forget_old(context.database)
    await signin.forget_old(context.database)
    await calendars.keep_holidays(context.database)
    return Pass(forgotten, more=forgotten > 0)


@job("stream.forget", queue="stream-upkeep", poll_factor=300)
async def forget_old_facts(context: Context) -> Pass:
    return Pass(await subscriptions.forget_facts(context.database))
