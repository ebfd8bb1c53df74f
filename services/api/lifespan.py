"""What the process opens and closes: nothing is required to start, everything is returned."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.api.deps import AppState


@asynccontextmanager
async def run(app: FastAPI) -> AsyncIterator[None]:
    """Serve, then close the pool and the wake-ups. Postgres and Redis may be away at the start."""
    state: AppState = app.state.warmline
    try:
        yield
    finally:
        await state.wakeups.close()
        await state.database.close()
