"""What the process opens and closes: nothing is required to start, everything is returned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.api.deps import AppState
from services.api.signals import told_of_the_end
from services.api.stream_hub import StreamHub
from services.core.kit import heap


@asynccontextmanager
async def run(app: FastAPI) -> AsyncIterator[None]:
    """Serve, then close the pool and the wake-ups. Postgres and Redis may be away at the start."""
    state: AppState = app.state.warmline
    hub: StreamHub = app.state.stream_hub
    heap.settle()
    try:
        # Streams never end by themselves, and the server waits for them.
        with told_of_the_end(hub.close):
            yield
    finally:
        hub.close()
        app.state.hashing.close()
        await app.state.glances.close()
        await state.deliveries.close()
        await state.refusals.close()
        await state.wakeups.close()
        await state.database.close()
        await asyncio.to_thread(app.state.end_traces)
