"""The heartbeats of processes."""

from datetime import timedelta
from typing import Final

from services.core.health.repository import processes
from services.core.health.types import Alive, ProcessInfo
from services.core.kit.uow import Database

WORKER: Final = "worker"
# Workers say they live every 5 s; three words missed in a row are silence.
BEAT_SECONDS: Final = 5
SILENCE: Final = timedelta(seconds=3 * BEAT_SECONDS)
# Kept for a day, so that one can see what died.
MEMORY: Final = timedelta(days=1)


async def beat(database: Database, process: ProcessInfo) -> None:
    """Say that this process lives; call it every BEAT_SECONDS. The database's clock is used."""
    async with database.system() as uow:
        await processes.put_process(uow, process)
        await processes.forget_processes(uow, uow.now - MEMORY)


async def farewell(database: Database, process: ProcessInfo) -> None:
    """Say that this process ends on purpose, so that it is not missed."""
    async with database.system() as uow:
        await processes.delete_process(uow, process)


async def list_workers(database: Database) -> list[Alive]:
    """Workers seen lately, with what they reported. Raises UnavailableError."""
    async with database.system() as uow:
        return await processes.list_alive(uow, WORKER, uow.now - SILENCE)


async def count_alive(database: Database) -> int:
    """How many workers were seen lately. Raises UnavailableError."""
    async with database.system() as uow:
        return await processes.count_processes(uow, WORKER, uow.now - SILENCE)
