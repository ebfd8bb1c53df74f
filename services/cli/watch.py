"""`warmline watch`: an auditor of its own, beside those in the workers; or one look, for cron."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.processes import database_address, resolve_settings
from services.cli.terminal import run, say

if TYPE_CHECKING:
    from services.core.health.types import Verdict


def watch_until_told(data_dir: Path | None) -> None:
    """Look every few seconds until SIGTERM or Ctrl-C; what stands still is named in the log."""
    from services.core.kit import log
    from services.worker.auditing import audit

    settings = resolve_settings(data_dir)
    database_address(settings)
    log.configure(level=settings.log.level, json_lines=settings.log.json_lines)

    async def until_told() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await audit(settings, stop)

    run(until_told())


def look_and_tell(data_dir: Path | None) -> int:
    """Look once and print what was found; returns 1 when something stands still, else 0.

    Raises:
        UnavailableError: the database is away, or too busy to say.
    """
    from services.worker.auditing import look_once

    verdict = run(look_once(resolve_settings(data_dir)))
    _tell(verdict)
    return 0 if verdict.well else 1


def _tell(verdict: "Verdict") -> None:
    from services.core.health import rules

    for stage, stalls in rules.by_stage(verdict.stalls).items():
        say(f"{stage}: {rules.describe(stalls)}")
    for kind, count in verdict.notes.items():
        if count:
            say(f"{kind.replace('_', ' ')}: {count}")
    if verdict.well:
        say("Nothing stands still.")
