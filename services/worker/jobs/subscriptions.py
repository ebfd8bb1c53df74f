"""Facts reach those who subscribed to them, and old ones are forgotten."""

from services.core.subscriptions import service as subscriptions
from services.worker.runtime import Context, Pass, job


@job("subscriptions.queue_news", queue=subscriptions.FANOUT_QUEUE, then=("subscriptions",))
async def queue_news(context: Context) -> Pass:
    queued, more = await subscriptions.queue_news(context.database)
    return Pass(queued, more=more)


@job("subscriptions.send_due", queue=subscriptions.SENDING_QUEUE, then=("stream",))
async def send_due(context: Context) -> Pass:
    sent = await subscriptions.send_due(
        context.database, context.gateways, stopping=context.stopping.is_set
    )
    return Pass(sent, more=sent > 0)


@job("subscriptions.forget", queue="subscriptions-upkeep", poll_factor=300)
async def forget_old_parcels(context: Context) -> Pass:
    forgotten = await subscriptions.forget_parcels(context.database)
    return Pass(forgotten, more=forgotten > 0)
