"""Postgres and Valkey for one machine: started when no address is named, mended, stopped."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.embedded.postgres import start_postgres
from services.cli.embedded.process import EmbeddedServerError, RunningServer
from services.cli.embedded.valkey import start_valkey
from services.cli.processes import with_servers
from services.core.settings import Settings

_LOOK_SECONDS = 0.5
_LONGEST_PAUSE = 15.0


@dataclass(slots=True)
class Servers:
    """What this `warmline up` brought itself. All methods belong to the main thread."""

    folder: Path
    tell: Callable[[str], None]
    _running: dict[str, tuple[Callable[[Path], RunningServer], RunningServer]] = field(
        default_factory=dict
    )

    def start(self, settings: Settings) -> Settings:
        """Start what no address is named for; returns the settings with the addresses.

        Without Valkey everything works, only a little later, so that is said and not fatal.

        Raises:
            EmbeddedServerError: there is no Postgres.
        """
        database = settings.database.url
        url = database.get_secret_value() if database else self._start("postgres", start_postgres)
        redis_url = None
        if settings.redis.url is None:
            try:
                redis_url = self._start("valkey", start_valkey)
            except EmbeddedServerError as error:
                self.tell(f"Going on without wake-ups; work is found by looking. {error}")
        return with_servers(settings, url, redis_url)

    def pids(self) -> dict[str, int]:
        return {name: server.pid for name, (_, server) in self._running.items()}

    async def keep_alive(self) -> None:
        """Start again what ends by itself, with growing pauses; runs until cancelled."""
        pause = _LOOK_SECONDS
        while True:
            await asyncio.sleep(pause)
            dead = [name for name, (_, server) in self._running.items() if not server.running]
            mended = [self._mend(name) for name in dead]
            pause = _LOOK_SECONDS if all(mended) else min(pause * 2, _LONGEST_PAUSE)

    def stop(self) -> None:
        """The last one started first: Valkey, then Postgres."""
        for _, server in reversed(self._running.values()):
            server.stop()

    def _start(self, name: str, starter: Callable[[Path], RunningServer]) -> str:
        server = starter(self.folder)
        self._running[name] = (starter, server)
        return server.url

    def _mend(self, name: str) -> bool:
        starter, dead = self._running[name]
        code = dead.process.returncode
        try:
            # Blocks the loop for the moment it takes: only the main thread may start servers.
            self._running[name] = (starter, starter(self.folder))
        except EmbeddedServerError as error:
            self.tell(f"{dead.name} ended with code {code} and does not start again: {error}")
            return False
        self.tell(f"{dead.name} ended with code {code} and was started again.")
        return True
