"""A Postgres of a test's own, durable like production's, to be killed and started again."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.embedded.postgres import start_postgres
from services.cli.embedded.process import EmbeddedServerError, RunningServer
from tests.support.db import migrate
from tests.support.processes import Site, opened_site

_START_PATIENCE = 90.0  # seconds; redo after a crash, and starters that meet leftovers


@dataclass(slots=True)
class Cluster:
    """One data folder and the server that runs on it, if any does. Its address never changes."""

    folder: Path
    starter: Callable[[Path], RunningServer] = start_postgres
    server: RunningServer = field(init=False)
    refused_starts: int = 0

    def __post_init__(self) -> None:
        self.server = self.starter(self.folder)

    @property
    def url(self) -> str:
        return self.server.url

    def crash(self) -> None:
        """`-m immediate`: nothing is flushed, every session is cut."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """kill -9 of the postmaster; its children see that it is gone and end."""
        self._end(signal.SIGKILL)

    def start(self) -> None:
        """Start, again while leftovers of the one before are in the way; returns when it is ready.

        Raises EmbeddedServerError when it never is.
        """
        deadline = time.monotonic() + _START_PATIENCE
        while True:
            try:
                self.server = self.starter(self.folder)
            except EmbeddedServerError:
                self.refused_starts += 1
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def _end(self, number: signal.Signals) -> None:
        os.kill(self.server.pid, number)
        self.server.process.wait()


@asynccontextmanager
async def site_on(cluster: Cluster, folder: Path) -> AsyncIterator[Site]:
    """An installation on a cluster of its own, migrated; no process runs yet."""
    try:
        await asyncio.to_thread(migrate, cluster.url)
        async with opened_site(cluster.url, folder) as site:
            yield site
    finally:
        cluster.server.stop()
