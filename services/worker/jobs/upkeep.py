"""Small repairs that keep promises true: snoozes that end, replies that missed their message."""

from services.core.desk import processing
from services.core.intake import service as intake
from services.core.stream import service as stream
from services.worker.runtime import Context, Pass, job


@job("cases.wake_snoozed", queue="snoozes", then=("sla", "alerts", "stream"))
async def wake_snoozed(context: Context) -> Pass:
    return Pass(await processing.wake_snoozed(context.database))


@job("conversations.link_waiting", queue="links", then=("alerts", "stream"))
async def link_waiting_replies(context: Context) -> Pass:
    return Pass(await processing.link_waiting_replies(context.database))


@job("intake.ensure_partitions", queue="partitions", poll_factor=3600)
async def ensure_partitions(context: Context) -> Pass:
    await intake.ensure_partitions(context.database)
    return Pass()


@job("stream.forget", queue="stream-upkeep", poll_factor=300)
async def forget_old_facts(context: Context) -> Pass:
    return Pass(await stream.forget(context.database))
