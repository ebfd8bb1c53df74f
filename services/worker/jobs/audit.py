"""Rows of the trail get their places in the chain."""

from services.core.audit import service as audit
from services.worker.runtime import Context, Pass, job


@job("audit.seal", queue="audit", poll_factor=2)
async def seal(context: Context) -> Pass:
    sealed = await audit.seal(context.database)
    return Pass(sealed, more=sealed > 0)
