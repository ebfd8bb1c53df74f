"""F28, the soak: minutes of an open loop while a nemesis breaks one thing after the other.

`make soak`, or `python -m tests.faults.soak --minutes 30 --rate 40 --seed 1 --report FILE`. Brings
its own servers, prints the verdict, writes it down, and ends with 1 when a promise was broken.
"""

import argparse
import asyncio
import os
import platform
import random
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from services.cli.embedded.valkey import start_valkey
from tests.faults.oracle.acts import Hands
from tests.faults.oracle.arena import Arena, opened_arena
from tests.faults.oracle.nemesis import Crew, Nemesis
from tests.faults.oracle.proxy import FaultProxy
from tests.faults.oracle.stories import Promises
from tests.faults.oracle.verdict import Limits, Verdict, as_markdown, overlong_leases
from tests.support.clusters import Cluster, site_on
from tests.support.relays import postgres_wire, redis_wire

# Seconds; longer than in short tests, so that outages fit into a promise.
PROMISES = Promises({"urgent": (6, 6, 7200), "important": (9, 9, 7200), "routine": (12, 12, 7200)})
SETTINGS = {"WORKER__LEASE_SECONDS": "10", "ALERTS__TIMEOUT_SECONDS": "3"}
CREW = {"api": 1, "worker": 2}
# An alert may be as late as the longest fault, and what it takes to come back from it.
LIMITS = Limits(lease=10.0, window=120.0)
# What a sink refused is tried again after up to two minutes, and once more after ten.
PATIENCE = 1200.0
LOOK_SECONDS = 5.0
ACT_SECONDS = 2.0


@dataclass(slots=True)
class Watch:
    """What is looked at all the while: leases, memory, open files."""

    arena: Arena
    crew: Crew
    leases: list[str] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                async with self.arena.site.looking() as rows:
                    self.leases += await overlong_leases(rows, LIMITS.lease)
            except (OSError, Exception) as error:  # noqa: BLE001 - Postgres is away on purpose
                self.arena.ledger.note("unseen", why=type(error).__name__)
            for kind, running in self.crew.alive.items():
                for one in running:
                    self._weigh(kind, one.pid)

    def _weigh(self, kind: str, pid: int) -> None:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            return
        lines = (line.split() for line in status.splitlines())
        kilobytes = next((int(line[1]) for line in lines if line[0] == "VmRSS:"), 0)
        self.memory[kind].append(kilobytes / 1024)
        self.files[kind].append(files)

    def figures(self) -> dict[str, Any]:
        return {
            "rss_mb_max": {kind: round(max(values)) for kind, values in self.memory.items()},
            "files_max": {kind: max(values) for kind, values in self.files.items()},
        }


async def act_for_ever(hands: list[Hands], dice: random.Random) -> None:
    while True:
        await asyncio.sleep(ACT_SECONDS)
        try:
            await dice.choice(hands).take_a_case(dice.randrange(50))
        except httpx.HTTPError:
            continue


async def soak(minutes: float, rate: float, seed: int, folder: Path) -> Verdict:
    """Everything, from empty folders to the verdict. What it writes stays in `folder`."""
    dice = random.Random(seed)  # noqa: S311 - the same seed breaks the same things
    async with AsyncExitStack() as stack:
        cluster = Cluster(folder / "postgres")
        site = await stack.enter_async_context(site_on(cluster, folder))
        valkey = stack.enter_context(start_valkey(folder / "valkey"))
        redis, site.redis_url = await stack.enter_async_context(redis_wire(valkey.url, FaultProxy))
        wire, through = await stack.enter_async_context(
            postgres_wire(site.database_url, FaultProxy)
        )
        arena = await stack.enter_async_context(
            opened_arena(
                site,
                name="soak",
                seed=seed,
                tenants=3,
                sinks=("one", "two"),
                promises=PROMISES,
                proxied=True,
            )
        )
        arena.limits = LIMITS
        site.settings = site.settings | SETTINGS | {"DATABASE__URL": through}
        crew = Crew(site, CREW, dice)
        nemesis = Nemesis(arena, crew, cluster, valkey.url, redis, wire, dice)
        return await _run(arena, crew, nemesis, seconds=minutes * 60, rate=rate)


async def _run(
    arena: Arena, crew: Crew, nemesis: Nemesis, *, seconds: float, rate: float
) -> Verdict:
    crew.start()
    await arena.site.wait_until_ready(crew.alive["api"][0])
    watch = Watch(arena, crew)
    hands = [Hands(arena.site, arena.ledger, tenant) for tenant in arena.tenants]
    beside = [
        asyncio.create_task(crew.keep()),
        asyncio.create_task(watch.look_for_ever()),
        asyncio.create_task(act_for_ever(hands, nemesis.dice)),
    ]
    try:
        sending = asyncio.create_task(arena.generator(seconds=seconds, rate=rate).run())
        await nemesis.run(sending)
        await sending
        await arena.settle(PATIENCE)
        figures: dict[str, Any] = {
            "faults": dict(sorted(nemesis.struck.items())),
            "restarts": dict(crew.restarts),
            "acts": len(arena.ledger.acts),
            **watch.figures(),
        }
        verdict = await arena.judge(**figures)
        verdict.hold(watch.leases)
        return verdict
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=30.0, help="events a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("docs/soak.md"))
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="warmline-soak-"))
    begun = time.monotonic()
    # What every process of the run said at its end is for whoever looks for it.
    with (folder / "said.log").open("w", encoding="utf-8") as said, redirect_stdout(said):
        verdict = asyncio.run(soak(chosen.minutes, chosen.rate, chosen.seed, folder))
    title = (
        f"Soak of {datetime.now(UTC):%Y-%m-%d}: {chosen.minutes:g} min, {chosen.rate:g} events/s,"
        f" seed {chosen.seed}"
    )
    machine = (
        f"\n{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()};"
        f" took {(time.monotonic() - begun) / 60:.1f} min with its last alert.\n"
    )
    text = as_markdown(title, verdict) + machine
    sys.stdout.write(f"{text}\nLedger, requests and logs: {folder}\n")
    chosen.report.write_text(text, encoding="utf-8")
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
