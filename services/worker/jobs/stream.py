"""Facts get their numbers, and so become visible to the live stream."""

from services.core.stream import service as stream
from services.worker.runtime import GATHERING, Context, Pass, job


@job("stream.publish", queue="stream", then=("fanout",), rest_seconds=GATHERING)
async def publish(context: Context) -> Pass:
    published = await stream.publish(context.database)
    return Pass(published, more=published > 0)
