"""The doors as processes: `warmline api` and `warmline worker`, with the environment's settings."""

import asyncio
import signal
import socket
import sys
from types import FrameType
from typing import TYPE_CHECKING

from services.cli.processes import database_address
from services.core.kit import failpoints, log
from services.core.settings import Settings

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

_BACKLOG = 2048


def serve_api(*, gated: bool, listener: int | None) -> None:
    """Serve until SIGTERM or SIGINT; open streams get `api.shutdown_seconds` to end.

    `listener` is the number of an inherited listening socket: whoever started us keeps it, so
    callers wait instead of being refused while we are started again.
    """
    import uvicorn

    from services.api.main import create_app

    settings = Settings()
    database_address(settings)
    failpoints.arm(settings.faults)
    log.configure(level=settings.log.level, json_lines=settings.log.json_lines)
    config = server_config(create_app(settings), settings)
    if gated:
        _wait_for_the_gate()
    _end_quietly_on_signals()
    sockets = None if listener is None else [socket.socket(fileno=listener)]
    uvicorn.Server(config).run(sockets)


def server_config(app: "FastAPI", settings: Settings) -> "uvicorn.Config":
    """How every server of ours is set up, measured ones included."""
    import uvicorn

    from services.api.connections import ConnectionLimits, guarded

    limits = ConnectionLimits(settings.api.head_seconds, settings.api.seats_per_address)
    return uvicorn.Config(
        app,
        host=settings.api.host,
        port=settings.api.port,
        http=guarded(settings.api.http, limits),
        loop="uvloop",
        ws="none",
        backlog=_BACKLOG,
        # Our own middleware writes one line a request; uvicorn's names the query as well.
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=settings.api.shutdown_seconds,
    )


def run_worker(*, gated: bool) -> None:
    """Work until SIGTERM or SIGINT, then end what was begun."""
    import uvloop

    from services.worker.main import run

    settings = Settings()
    database_address(settings)
    failpoints.arm(settings.faults)
    log.configure(level=settings.log.level, json_lines=settings.log.json_lines)
    if gated:
        _wait_for_the_gate()

    async def until_told() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run(settings, stop=stop)

    uvloop.run(until_told())


def _wait_for_the_gate() -> None:
    """Imports are done; go on when the starter says that the database is ready, by one byte."""
    if not sys.stdin.buffer.read(1):
        sys.exit(0)  # the starter ended first


def _end_quietly_on_signals() -> None:
    """Uvicorn raises the signal that ended it again; an ordered end should look like one."""

    def ignore(_number: int, _frame: FrameType | None) -> None:
        return

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ignore)
