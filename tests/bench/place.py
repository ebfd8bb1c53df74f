"""One installation to be measured: Postgres (fsync on) and Valkey of its own, migrated."""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from services.cli.children import with_our_code
from services.cli.embedded.postgres import start_postgres
from services.cli.embedded.valkey import start_valkey
from services.core.intake import service as intake
from services.core.intake.records import SourceDraft
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from tests.support.db import ROOT, migrate

HOST = "127.0.0.1"
_PATIENCE = 60.0
# Measured is what the machine can do, not what a quota allows.
_SETTINGS = {
    "WARMLINE__INTAKE__EVENTS_PER_MINUTE": "100000000",
    "WARMLINE__INTAKE__BURST_EVENTS": "100000000",
    "WARMLINE__LOG__LEVEL": "WARNING",
}


@dataclass(frozen=True, slots=True)
class SignedSource:
    """A source and its secret; `workspace_id` for whoever looks at its rows."""

    workspace_id: str
    id: str
    secret: str

    @property
    def path(self) -> str:
        return f"/v1/sources/{self.id}/deliveries"


@dataclass(slots=True)
class Place:
    """The servers, and whatever is started on them; everything ends with it."""

    folder: Path
    database_url: str
    redis_url: str
    stack: ExitStack
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, module: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Run a module on these servers; its words go to a file of the folder."""
        ours = {
            "WARMLINE__DATABASE__URL": self.database_url,
            "WARMLINE__REDIS__URL": self.redis_url,
            **_SETTINGS,
            **environment,
        }
        output = (self.folder / f"{module}-{len(self.started)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=with_our_code({"PATH": "", "HOME": str(self.folder)} | ours)
            | {"PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
            cwd=ROOT,
        )
        self.started.append(process)
        self.stack.callback(stop, process)
        return process

    @contextmanager
    def serving(self, kind: str) -> Iterator[tuple[int, int]]:
        """One of the servers of tests.bench.servers: its port and its pid."""
        with socket.create_server((HOST, 0)) as probe:
            port = int(probe.getsockname()[1])
        process = self.start("tests.bench.servers", kind, str(port))
        wait_for_port(port, process)
        try:
            yield port, process.pid
        finally:
            stop(process)

    @contextmanager
    def working(self, count: int = 1, **environment: str) -> Iterator[list[int]]:
        """Workers of the product: their pids."""
        processes = [self.start("services.cli.main", "worker", **environment) for _ in range(count)]
        try:
            yield [process.pid for process in processes]
        finally:
            for process in processes:
                stop(process)

    async def open(self) -> Database:
        return Database(create_engine(self.database_url, pool_size=10))

    async def add_source(self, name: str) -> SignedSource:
        """A workspace of its own with one source."""
        database = await self.open()
        try:
            workspace = await workspaces.create_workspace(database, name, slug=name)
            async with database.unit(workspace.id) as uow:
                source, secret = await intake.create_source(uow, SourceDraft(name, "bench"))
        finally:
            await database.close()
        return SignedSource(str(workspace.id), str(source.id), secret.secret)


@contextmanager
def place() -> Iterator[Place]:
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="warmline-bench-"))
        folder = Path(name)
        postgres = stack.enter_context(start_postgres(folder / "data"))
        valkey = stack.enter_context(start_valkey(folder / "data"))
        migrate(postgres.url)
        yield Place(folder, postgres.url, valkey.url, stack)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError when the process ends before it listens."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("A measured server ended by itself; read its log.")
        with socket.socket() as door:
            if door.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("A measured server does not listen.")


async def until_none(database_url: str, count: str, *values: object, pause: float = 0.02) -> None:
    """Wait until a query counts nothing, and look for a fifth of the time at most."""
    connection = await asyncpg.connect(database_url)
    try:
        while True:
            began = time.monotonic()
            if not await connection.fetchval(count, *values):
                return
            await asyncio.sleep(max(pause, 4 * (time.monotonic() - began)))
    finally:
        await connection.close()
