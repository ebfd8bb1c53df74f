"""Ordered files are written, and go when their time is over."""

from services.core.exports import service as exports
from services.worker.runtime import Context, Pass, job


@job("exports.write", queue="exports")
async def write(context: Context) -> Pass:
    written = await exports.write_some(context.database)
    return Pass(written.rows, more=written.claimed)


@job("exports.expire", queue="exports-upkeep", poll_factor=600)
async def expire(context: Context) -> Pass:
    return Pass(await exports.expire(context.database))
