"""Real processes of the product for tests: our own, on a database of their own, gone at the end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.cli.embedded import launcher
from tests.support.db import ROOT, cloned_database, connect
from tests.support.nursery import Newborn, bear
from tests.support.servers import ServerAddress
from tests.support.waiting import wait_until

_WARMLINE = ("-m", "services.cli.main")
API = (*_WARMLINE, "api")
WORKER = (*_WARMLINE, "worker")
# Everything a test waits for is noticed soon, and short leases make dead workers' work free.
QUICK = {"WORKER__POLL_SECONDS": "0.2", "API__SHUTDOWN_SECONDS": "1"}
_START_PATIENCE = 60.0  # seconds: a first start on a cold disk compiles everything it imports
_LOG_TAIL = 8_000


@dataclass(slots=True)
class Running:
    """A process in a session of its own; the kernel ends it when the tests end."""

    name: str
    process: subprocess.Popen[bytes] | Newborn
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """As a power cut would: nothing is said, nothing is finished."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    async def end(self, patience: float = 15.0) -> int:
        """Ask it to end, and return its code."""
        self._signal(signal.SIGTERM)
        await wait_until(lambda: not self.alive, patience, what=f"{self.name} ends")
        return self.process.wait()

    def words(self) -> str:
        return self.log.read_bytes()[-_LOG_TAIL:].decode("utf-8", "replace")

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            # Its session, which is its group, is ours alone.
            os.killpg(self.process.pid, number)


@dataclass(slots=True)
class Site:
    """One installation: a database, a Redis or none, one door, and processes on them."""

    database_url: str
    folder: Path
    door: socket.socket
    http: httpx.AsyncClient
    redis_url: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.getsockname()[1]}"

    async def start_api(self, **settings: str) -> Running:
        """Returns when it answers. Callers of a killed one wait at the door for the next."""
        running = self.launch("api", API, "--listener", str(self.door.fileno()), **settings)
        await self.wait_until_ready(running)
        return running

    async def start_worker(self, **settings: str) -> Running:
        """Returns when it said in the database that it lives."""
        running = self.launch("worker", WORKER, **settings)
        async with self.looking() as rows:
            await wait_until(
                lambda: rows.fetchval("SELECT true FROM processes WHERE pid = $1", running.pid),
                _START_PATIENCE,
                what=f"{running.name} is up",
            )
        return running

    def launch(self, kind: str, command: tuple[str, ...], *more: str, **settings: str) -> Running:
        """Start one without waiting; `settings` are named without their prefix."""
        name = f"{kind}-{len(self.started) + 1}"
        log = self.folder / f"{name}.log"
        start = self._fork if command[:2] == _WARMLINE else self._execute
        with log.open("wb") as output:
            process = start((*command, *more), output.fileno(), self._environment(settings))
        running = Running(name, process, log)
        self.started.append(running)
        return running

    def _fork(self, command: Sequence[str], output: int, environment: dict[str, str]) -> Newborn:
        """Our own command, without the seconds in which Python imports it."""
        door = self.door.fileno()
        with Path(os.devnull).open("rb") as nothing:
            files = {0: nothing.fileno(), 1: output, 2: output, door: door}
            arguments = command[len(_WARMLINE) :]
            return bear(arguments, environment=environment, folder=self.folder, files=files)

    def _execute(
        self, command: Sequence[str], output: int, environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """Whatever else Python is told to be."""
        die_with_us = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid())]
        die_with_us += [str(int(signal.SIGKILL)), "self"]
        return subprocess.Popen(
            [*die_with_us, sys.executable, "-P", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=self.folder,
            env=environment,
            pass_fds=(self.door.fileno(),),
            start_new_session=True,
        )

    async def wait_until_ready(self, running: Running) -> None:
        """Until somebody behind the door answers that it can do its work."""

        async def answers() -> bool:
            assert running.alive, f"{running.name} ended:\n{running.words()}"
            try:
                answer = await self.http.get("/readyz", timeout=1)
            except httpx.HTTPError:
                return False
            return answer.status_code == httpx.codes.OK

        await wait_until(answers, _START_PATIENCE, what=f"{running.name} answers")

    async def readiness(self, status: str | None = None) -> Any:
        """What it says of itself; once it has said `status` when one is given."""

        async def told() -> Any:
            said = (await self.http.get("/readyz")).json()
            return said if status in {None, said["status"]} else None

        return await wait_until(told, what=f"it says it is {status}")

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's look at every workspace's rows."""
        connection = await connect(self.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    def stop(self) -> None:
        """Whatever is left ends now; what it said is printed, for whoever reads a failure."""
        for running in self.started:
            running.kill()
            print(f"----- {running.name}\n{running.words()}")  # noqa: T201 - pytest keeps it

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        named = QUICK | {"DATABASE__URL": self.database_url} | self.settings | settings
        if self.redis_url is not None:
            named.setdefault("REDIS__URL", self.redis_url)
        # What servers run under faults says little about what is covered, and counting it costs
        # as much as they do.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WARMLINE", "COVERAGE"))
        }
        ours = {f"WARMLINE__{name}": value for name, value in named.items()}
        return inherited | ours | {"PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def opened_site(database_url: str, folder: Path) -> AsyncIterator[Site]:
    """A door on a free port; it is held here, so nobody else can take it meanwhile."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as door:
        base = f"http://127.0.0.1:{door.getsockname()[1]}"
        # Each call connects anew: what was killed meanwhile has broken no call that comes later.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(
            base_url=base, trust_env=False, timeout=20, limits=limits
        ) as http:
            site = Site(database_url, folder, door, http)
            try:
                yield site
            finally:
                site.stop()


@pytest.fixture
async def site(
    postgres_server: ServerAddress, template_database: str, tmp_path: Path
) -> AsyncIterator[Site]:
    """An installation on a fresh database, without Redis until `redis_url` is set."""
    async with (
        cloned_database(postgres_server.url, template_database) as url,
        opened_site(url, tmp_path) as opened,
    ):
        yield opened
