"""What no single message shows is looked for every minute."""

from services.core.detectors import service as detectors
from services.core.kit.clock import host_now
from services.worker.runtime import Context, Pass, job

_MINUTE = 60
# Into the new minute, when what was said in the last one has been judged.
_AFTER = 1.0


@job("detectors.look", queue="detectors", then=("alerts", "stream"), poll_factor=_MINUTE)
async def look(context: Context) -> Pass:
    changed = await detectors.look(context.database)
    return Pass(changed, sleep_seconds=_MINUTE - host_now().second + _AFTER)
