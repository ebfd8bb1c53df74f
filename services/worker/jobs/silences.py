"""Notes on who holds whom back go when the louder alert is over."""

from services.core.silences import service as silences
from services.worker.runtime import Context, Pass, job


@job("silences.forget_inhibitors", queue="inhibitors", poll_factor=300)
async def forget_inhibitors(context: Context) -> Pass:
    return Pass(await silences.forget_inhibitors(context.database))
