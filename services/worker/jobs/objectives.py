"""Error budgets that burn too fast are told of."""

from services.core.objectives import service as objectives
from services.worker.runtime import Context, Pass, job


@job("objectives.watch", queue="objectives", then=("alerts", "stream"), poll_factor=60)
async def watch(context: Context) -> Pass:
    return Pass(await objectives.watch(context.database))
