"""The API on a real socket of this process, for answers that never end and for other programs."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from services.api.stream_hub import StreamHub
from services.api.view_hub import ViewHub

PATIENCE = 10


@dataclass
class Live:
    address: str
    hub: StreamHub
    task: "asyncio.Task[None]"
    app: FastAPI

    @property
    def views(self) -> ViewHub:
        hub: ViewHub = self.app.state.view_hub
        return hub


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[Live]:
    # What the server puts back, and raises again, when it has ended.
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Live(f"http://127.0.0.1:{port}", app.state.stream_hub, task, app)
    finally:
        app.state.stream_hub.close()
        server.should_exit = True
        await asyncio.wait_for(task, PATIENCE)
        signal.signal(signal.SIGTERM, before)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for is the server's own
            await asyncio.sleep(0.01)
