"""kill -9 of every process in turn while a stranger sends, and counts what was lost or doubled.

`python -m tests.faults.outside_run --seconds 300 --rate 1000` brings an API, two workers, Postgres
and Valkey, founds a brand, lets `outside.py` loose as a process of its own and kills one of the
five every few seconds. Prints a short verdict, and ends with 1 when a promise was broken.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, redirect_stdout
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from services.cli.embedded.process import RunningServer
from services.cli.embedded.valkey import start_valkey
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.workspaces.types import Scope
from tests.faults import outside
from tests.faults.oracle.nemesis import Crew
from tests.faults.test_postgres_restarts import HASTY_COMMITS
from tests.support.brands import Brand, founded_brand
from tests.support.client import make_key
from tests.support.clusters import Cluster, site_on
from tests.support.db import run_sql
from tests.support.processes import Site

# Seconds until an unanswered complaint is an alert; all else is promised for hours.
PROMISED = 5
HOURS = 7200
# How often somebody is killed: every tenth of the run, within reason.
OFTEN, SELDOM = 3.0, 10.0
# For the last repeats, for what is still to be processed, and for the last alerts. A platform
# repeats for a day; what overran the machine while it was sent takes a few times as long.
SETTLE_SECONDS, SETTLE_FACTOR = 60.0, 8.0
CREW = {"api": 1, "worker": 2}
SETTINGS = {
    "ALERTS__ALLOW_PRIVATE_ADDRESSES": "true",
    "LOG__LEVEL": "WARNING",
    "API__SHUTDOWN_SECONDS": "5",
    "WORKER__POLL_SECONDS": "1",
}


@dataclass(slots=True)
class Slayer:
    """Kills them in turn, and starts the servers again; the crew starts its own."""

    crew: Crew
    cluster: Cluster
    valkey: RunningServer
    folder: Path
    killed: Counter[str] = field(default_factory=Counter)

    def turns(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            ("API", partial(self._kill_ours, "api", 0)),
            ("worker 1", partial(self._kill_ours, "worker", 0)),
            ("Postgres", self._kill_postgres),
            ("worker 2", partial(self._kill_ours, "worker", 1)),
            ("Valkey", self._kill_valkey),
        ]

    async def kill_for_ever(self, every: float) -> None:
        for name, kill in cycle(self.turns()):
            await asyncio.sleep(every)
            kill()
            self.killed[name] += 1

    def _kill_ours(self, kind: str, place: int) -> None:
        self.crew.alive[kind][place].kill()

    def _kill_postgres(self) -> None:
        self.cluster.kill()
        self.cluster.start()

    def _kill_valkey(self) -> None:
        self.valkey.process.kill()
        self.valkey.process.wait()
        self.valkey = start_valkey(self.folder)


def promises() -> dict[str, Any]:
    """The one policy: complaints are urgent, and soon late."""
    seconds = {"urgent": PROMISED, "important": HOURS, "routine": HOURS}
    targets = {
        tier: {
            "first_response_seconds": first,
            "next_response_seconds": first,
            "resolution_seconds": 2 * HOURS,
        }
        for tier, first in seconds.items()
    }
    return {"name": "Soon", "targets": targets, "response_steps": [100], "position": 1}


async def configure(site: Site, brand: Brand, receiver: socket.socket, run: Any) -> outside.Config:
    """Found what the stranger is told: a source and its secret, a key to read, where alerts go."""
    url = f"http://127.0.0.1:{receiver.getsockname()[1]}/alerts"
    await brand.create("/v1/policies", promises())
    await brand.create("/v1/channels", {"name": "stranger", "kind": "webhook", "url": url})
    database = Database(create_engine(site.database_url, pool_size=1))
    try:
        key = await make_key(database, brand.workspace_id, Scope.READ, name="stranger")
    finally:
        await database.close()
    return outside.Config(
        url=site.url,
        key=key,
        source_id=brand.source_id,
        secret=brand.secret,
        receiver_fd=receiver.fileno(),
        folder=str(site.folder),
        seconds=run.seconds,
        rate=run.rate,
        seed=run.seed,
        settle=SETTLE_SECONDS + SETTLE_FACTOR * run.seconds,
    )


async def prove(run: Any, folder: Path) -> dict[str, Any]:
    """From empty folders to the verdict; everything that was written stays in `folder`."""
    async with AsyncExitStack() as stack:
        cluster = Cluster(folder / "postgres")
        site = await stack.enter_async_context(site_on(cluster, folder))
        if run.hasty:
            await run_sql(cluster.url, *HASTY_COMMITS)
        valkey = start_valkey(folder / "valkey")
        site.redis_url, site.settings = valkey.url, SETTINGS
        brand = await stack.enter_async_context(founded_brand(site))
        receiver = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
        # Its members die of nothing but us.
        crew = Crew(site, CREW, random.Random(run.seed), deadly=("",))  # noqa: S311 - no secret
        crew.start()
        slayer = Slayer(crew, cluster, valkey, folder / "valkey")
        keeping = asyncio.create_task(crew.keep())
        try:
            await site.wait_until_ready(crew.alive["api"][0])
            config = await configure(site, brand, receiver, run)
            # What was founded is on disk in any case; only what is sent may be lost.
            await run_sql(cluster.url, "CHECKPOINT")
            verdict = await watch(config, slayer, run)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            slayer.valkey.stop()
        return verdict | {"killed": dict(slayer.killed), "started_again": dict(crew.restarts)}


async def watch(config: outside.Config, slayer: Slayer, run: Any) -> dict[str, Any]:
    """Let the stranger send, kill as long as it does, and return its word."""
    told = Path(config.folder) / "outside.json"
    told.write_text(json.dumps(asdict(config)), encoding="utf-8")
    stranger = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", outside.__file__, str(told)),
        pass_fds=(config.receiver_fd,),
    )
    every = run.every or min(max(run.seconds / 10, OFTEN), SELDOM)
    killing = asyncio.create_task(slayer.kill_for_ever(every))
    try:
        await asyncio.wait([killing], timeout=run.seconds)
    finally:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
    code = await stranger.wait()
    spoken = Path(config.folder) / "verdict.json"
    if not spoken.exists():
        return {"broken": [f"the stranger ended with {code} and said nothing"]}
    verdict: dict[str, Any] = json.loads(spoken.read_text(encoding="utf-8"))
    return verdict


def as_text(verdict: dict[str, Any], run: Any, minutes: float) -> str:
    """The verdict in a few lines."""
    broken = verdict.pop("broken")
    head = f"{run.rate:g} events/s for {run.seconds:g} s, kill -9 of every process in turn"
    lines = ["GREEN: nothing lost, nothing doubled." if not broken else "RED", head]
    lines += [f"{name.replace('_', ' ')}: {value}" for name, value in verdict.items()]
    lines += [f"{os.cpu_count()} cores, {minutes:.1f} min with settling, seed {run.seed}"]
    lines += [f"broken: {sentence}" for sentence in broken[:20]]
    return "\n".join([*lines, f"and {len(broken) - 20} more"] if len(broken) > 20 else lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--rate", type=float, default=1000.0, help="events a second")
    parser.add_argument("--every", type=float, help="seconds between two kills")
    parser.add_argument("--seed", type=int, default=1)
    hasty = "Postgres says committed before it is: the verdict must be red"
    parser.add_argument("--hasty", action="store_true", help=hasty)
    run = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="warmline-outside-"))
    begun = time.monotonic()
    with (folder / "said.log").open("w", encoding="utf-8") as said, redirect_stdout(said):
        verdict = asyncio.run(prove(run, folder))
    green = not verdict["broken"]
    text = as_text(verdict, run, (time.monotonic() - begun) / 60)
    sys.stdout.write(f"{text}\nLedger and logs: {folder}\n")
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
