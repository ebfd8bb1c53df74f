"""`warmline bench`: measures this machine and writes the table of docs/benchmarks.md."""

import asyncio
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.cli import bench_probes as probes
from services.cli.bench_probes import Flood, Spread, Target
from services.cli.children import our_command, with_our_code
from services.cli.demo_place import Customer
from services.cli.processes import Runtime, find_runtime, opened_database, resolve_settings
from services.cli.terminal import CommandError, run, say
from services.core.kit.clock import host_now, monotonic

if TYPE_CHECKING:
    import asyncpg

_PATIENCE: Final = 120.0
_LOOK: Final = 0.05
# Looked for in this order: Postgres has processes of its own called worker.
_NAMES: Final = {"postgres": "Postgres", "valkey": "Valkey", " api ": "API", " worker ": "worker"}


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds after the command was typed."""

    ready: float
    triaged: float
    alert: float


@dataclass(frozen=True, slots=True)
class Figures:
    first: Start
    warm: Start
    ours: Spread
    rival: Spread
    case: Spread
    flood: Flood
    memory: dict[str, tuple[float, float]]
    postgres: str
    load_before: float


def measure_and_write(output: Path, *, quick: bool) -> None:
    """Takes some minutes; `quick` does a tenth of the work and is not for publishing."""
    share = 10 if quick else 1
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="warmline-bench-") as name:
        folder = Path(name) / "data"
        say("First start, with the demo …")
        first = _start_with_demo(folder)
        say("Warm start, with the demo …")
        warm = _start_with_demo(folder)
        say("Requests, cases, throughput, memory, without the demo …")
        with _running(folder, "--no-demo") as log:
            _wait_for(log, "servers ready in")
            figures = run(_measure(folder, first, warm, share, load))
    text = _document(figures)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    say(text)
    say(f"Written to {output}.")


def _start_with_demo(folder: Path) -> Start:
    with _running(folder, "--demo") as log:
        return Start(
            ready=_wait_for(log, "servers ready in"),
            triaged=_wait_for(log, "first event triaged after"),
            alert=_wait_for(log, "first alert after"),
        )


@contextmanager
def _running(folder: Path, *arguments: str) -> Iterator[Path]:
    log = folder.with_name("up.log")
    environment = {
        **os.environ,  # noqa: TID251 - passed on, not read
        "WARMLINE__INTAKE__EVENTS_PER_MINUTE": "10000000",
        "WARMLINE__INTAKE__BURST_EVENTS": "10000000",
    }
    command = our_command(("up", "--port", "0", "--data", str(folder), *arguments))
    with (
        log.open("wb") as out,
        subprocess.Popen(
            command, env=with_our_code(environment), stdout=out, stderr=out, start_new_session=True
        ) as process,
    ):
        try:
            yield log
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _wait_for(log: Path, text: str) -> float:
    """The seconds that the line with this text names."""
    import time

    deadline = monotonic() + _PATIENCE
    while monotonic() < deadline:
        said = log.read_text(encoding="utf-8")
        if found := re.search(rf"{text} ([0-9.]+) s", said):
            return float(found[1])
        if "Traceback" in said or "warmline: " in said:
            break
        time.sleep(_LOOK)
    raise CommandError(f"Nothing said “{text}”:\n{log.read_text(encoding='utf-8')}")


async def _measure(folder: Path, first: Start, warm: Start, share: int, load: float) -> Figures:
    import asyncpg

    from services.cli.migrate import plain_address

    runtime = find_runtime(folder)
    if runtime is None:
        raise CommandError("The Warmline that is measured ended by itself.")
    address = plain_address(runtime.database_url)
    database = await asyncpg.connect(address)
    target = await _register(runtime, folder)
    with _rival(address) as rival_port:
        from services.cli.bench_rival import TABLE

        await database.execute(TABLE)
        ours, rival = await probes.acknowledgements(
            target, rival_port, rounds=20 // share, block=100
        )
    # What the requests left behind must not stand in the way of what is measured next.
    await _quiet(database)
    case = await probes.cases(target, database, count=300 // share)
    flood = await probes.flood(target, database, events=20_000 // share)
    memory = _memory(runtime.pid)
    version = await database.fetchval("SHOW server_version")
    await database.close()
    return Figures(first, warm, ours, rival, case, flood, memory, version, load)


async def _register(runtime: Runtime, folder: Path) -> Target:
    from services.core.workspaces import service as workspaces
    from services.core.workspaces.types import Scope

    async with opened_database(resolve_settings(folder)) as database:
        workspace = await workspaces.ensure_default_workspace(database)
        async with database.unit(workspace.id) as uow:
            key = await workspaces.create_key(uow, name="bench", scopes=[Scope.MANAGE])
    async with Customer(runtime.api_url, key.secret) as customer:
        wanted = {"name": "bench", "platform": "bench", "own_accounts": []}
        made = await customer.send("POST", "/v1/sources", wanted)
    host, port = runtime.api_url.removeprefix("http://").split(":")
    return Target(host, int(port), made["id"], made["secret"])


async def _quiet(database: "asyncpg.Connection") -> None:
    """Wait until the worker has nothing left to do."""
    pending = "SELECT EXISTS (SELECT FROM journal WHERE state = 'pending')"
    async with asyncio.timeout(_PATIENCE):
        while await database.fetchval(pending):  # noqa: ASYNC110 - a row in a database, no event
            await asyncio.sleep(_LOOK)


@contextmanager
def _rival(address: str) -> Iterator[int]:
    code = "import sys; from services.cli.bench_rival import serve_rival as s; "
    code += "s(sys.argv[1], int(sys.argv[2]))"
    with socket.create_server(("127.0.0.1", 0)) as door:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, address, str(door.fileno())],
            pass_fds=(door.fileno(),),
            env=with_our_code(os.environ),  # noqa: TID251 - passed on, not read
            start_new_session=True,
        )
        try:
            yield door.getsockname()[1]
        finally:
            process.terminate()
            process.wait()


def _memory(up: int) -> dict[str, tuple[float, float]]:
    """(RSS, PSS) in MB of `up` and each process below it; servers are sums of their processes."""
    found = {"up (supervisor)": (probes.rss_mb(up), probes.resident_mb(up))}
    for pid in _below(up):
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        name = next((name for mark, name in _NAMES.items() if mark in f"{line} "), None)
        if name is not None:
            rss, pss = found.get(name, (0.0, 0.0))
            found[name] = (rss + probes.rss_mb(pid), pss + probes.resident_mb(pid))
    return found


def _below(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [each for child in map(int, children) for each in (child, *_below(child))]


def _document(figures: Figures) -> str:
    from services.cli.bench_document import write

    return write(figures, host_now(), platform.python_version(), os.cpu_count() or 1)
