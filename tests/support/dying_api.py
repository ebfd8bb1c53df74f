"""The API, made to die at a chosen moment and to be there again at once: a subject for fault tests.

Run as `python -m tests.support.dying_api MOMENT --listener FD`. The product is imported once; each
life is a fork of that, so twenty deaths take a second. The product's own code is not touched: what
is chosen goes in through the doors `create_app` has.
"""

import ctypes
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from services.api.main import create_app, open_database
from services.core.kit import failpoints
from services.core.kit.uow import SYSTEM_ACTOR, Actor, Database, UnitOfWork
from services.core.settings import Settings

AFTER_COMMIT = "after-commit"
ANSWER_FIRST = "answer-first"
# Not by itself: whoever kills a life (`life_of`) finds the next one there at once.
WHEN_KILLED = "when-killed"

_PR_SET_PDEATHSIG = 1


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class LateCommits(Database):
    """A mistake on purpose: a delivery is answered first, and the process dies where it commits."""

    @override
    @asynccontextmanager
    async def unit(
        self, workspace_id: UUID, *, actor: Actor = SYSTEM_ACTOR, request_id: str | None = None
    ) -> AsyncIterator[UnitOfWork]:
        async with super().unit(workspace_id, actor=actor, request_id=request_id) as uow:
            yield uow
            if actor.kind == "source":
                # The answer goes out; the commit would have come now, and comes never.
                await uow.connection.rollback()


class DiesAnswering:
    """Kills the process as soon as a delivery was answered."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)
        if scope["type"] == "http" and scope["path"].endswith("/deliveries"):
            die()


def build(moment: str, settings: Settings) -> Any:
    if moment == AFTER_COMMIT:
        failpoints.arm("intake.before_wake:die")
        return create_app(settings)
    if moment == WHEN_KILLED:
        return create_app(settings)
    app: FastAPI = create_app(settings, database=LateCommits(open_database(settings).engine))
    return DiesAnswering(app)


def life_of(parent: int) -> int | None:
    """The process that lives now; None between two lives."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    return int(children[0]) if children else None


def live(app: Any, listener: int) -> None:
    """One life, until it dies; it dies with its parent in any case."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    config = uvicorn.Config(app, lifespan="off", log_level="warning", ws="none", http="h11")
    uvicorn.Server(config).run([socket.socket(fileno=listener)])


def main() -> None:
    moment, _, listener = sys.argv[1:]
    # Nothing is connected yet, so all lives can start from this one.
    app = build(moment, Settings())
    while True:
        child = os.fork()
        if child == 0:
            live(app, int(listener))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit("this life ended without being killed")


if __name__ == "__main__":
    main()
