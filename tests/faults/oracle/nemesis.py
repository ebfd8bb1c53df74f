"""Whoever breaks things during a soak: one fault after the other, drawn from a seed.

Each fault is written into the ledger when it begins and when it is over; after `run` all is whole
again, and what was struck down has been started anew by the crew.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from redis.asyncio import Redis

from tests.faults.oracle.arena import Arena
from tests.faults.oracle.collector import Behaviour, Manner
from tests.faults.oracle.proxy import FaultProxy
from tests.support.clusters import Cluster
from tests.support.processes import API, WORKER, Running, Site

# What a worker's life may die of by itself; drawn anew for each life.
DEADLY = (
    "",
    "worker.before_commit:die@0.005",
    "sink.after_send:die@0.02",
    "timers.claimed:die@0.01",
)
LIFE_SECONDS = 0.2
KILL_BACKENDS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name LIKE 'warmline-%' AND random() < 0.4"
)


@dataclass(slots=True)
class Crew:
    """The processes that should be there; `keep` starts again whatever died."""

    site: Site
    wanted: dict[str, int]
    dice: random.Random
    # What workers may die of by themselves.
    deadly: tuple[str, ...] = DEADLY
    restarts: Counter[str] = field(default_factory=Counter)
    alive: dict[str, list[Running]] = field(default_factory=dict)
    _started: int = 0

    def start(self) -> None:
        for kind, count in self.wanted.items():
            self.alive[kind] = [self._launch(kind) for _ in range(count)]

    async def keep(self) -> None:
        while True:
            for kind, running in self.alive.items():
                self._replace_dead(kind, running)
            await asyncio.sleep(LIFE_SECONDS)

    def pick(self, kind: str) -> Running:
        return self.dice.choice(self.alive[kind])

    def _replace_dead(self, kind: str, running: list[Running]) -> None:
        for place, one in enumerate(running):
            if not one.alive:
                self.restarts[kind] += 1
                running[place] = self._launch(kind)

    def _launch(self, kind: str) -> Running:
        self._started += 1
        if kind == "api":
            listener = str(self.site.door.fileno())
            return self.site.launch("api", API, "--listener", listener)
        plan = self.dice.choice(self.deadly)
        faults = f"{plan};seed={self._started}" if plan else ""
        return self.site.launch("worker", WORKER, FAULTS=faults)


@dataclass(slots=True)
class Nemesis:
    """Draws faults and lets each last for a while; `struck` counts them by name."""

    arena: Arena
    crew: Crew
    cluster: Cluster
    redis_url: str
    redis: FaultProxy
    postgres: FaultProxy
    dice: random.Random
    pause: float = 4.0
    struck: Counter[str] = field(default_factory=Counter)

    async def run(self, sending: "asyncio.Task[None]") -> None:
        """Until nothing more is to be sent."""
        faults = list(self._faults().items())
        while not sending.done():
            await asyncio.wait([sending], timeout=self.dice.uniform(0.5, 1.5) * self.pause)
            name, strike = self.dice.choice(faults)
            self.struck[name] += 1
            self.arena.ledger.note("fault", name=name)
            await strike()
            self.arena.ledger.note("healed", name=name)

    def _faults(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "kill api": lambda: self._kill("api"),
            "kill worker": lambda: self._kill("worker"),
            "freeze api": lambda: self._freeze("api", 3),
            "freeze worker": lambda: self._freeze("worker", 15),
            "flush redis": self._flush,
            "stop redis": lambda: self._wire(self.redis, "refuse", 8),
            "silence redis": lambda: self._wire(self.redis, "blackhole", 8),
            "kill backends": self._kill_backends,
            "crash postgres": self._crash,
            "swallow commits": lambda: self._wire(self.postgres, "swallow=0.05:COMMIT", 6),
            "slow postgres": lambda: self._wire(self.postgres, "latency=0.02~0.01", 6),
            "cut postgres": lambda: self._wire(self.postgres, "rst", 2),
            "silence postgres": lambda: self._wire(self.postgres, "blackhole", 5),
            "forgetful sink": lambda: self._sink(Behaviour(Manner.DROP, share=0.3), 6),
            "throttling sink": lambda: self._sink(Behaviour(Manner.THROTTLE, seconds=2), 4),
            "silent sink": lambda: self._sink(Behaviour(Manner.BLACKHOLE), 4),
            "cut sink": lambda: self._wire(self._a_proxy(), "rst", 4),
            "flapping sink": lambda: self._wire(self._a_proxy(), "flap=0.3", 4),
            "swallowing sink": lambda: self._wire(self._a_proxy(), "swallow=0.3:webhook-id", 6),
        }

    async def _kill(self, kind: str) -> None:
        self.crew.pick(kind).kill()

    async def _freeze(self, kind: str, seconds: float) -> None:
        frozen = self.crew.pick(kind)
        frozen.pause()
        await asyncio.sleep(self.dice.uniform(0.3, 1) * seconds)
        frozen.resume()

    async def _flush(self) -> None:
        async with Redis.from_url(self.redis_url) as redis:
            await redis.flushall()

    async def _wire(self, wire: FaultProxy, fault: str, seconds: float) -> None:
        await wire.set(fault)
        await asyncio.sleep(self.dice.uniform(0.3, 1) * seconds)
        await wire.set("pass")

    async def _kill_backends(self) -> None:
        async with self.arena.site.looking() as rows:
            await rows.execute(KILL_BACKENDS)

    async def _crash(self) -> None:
        # Blocks this process too for as long as Postgres is away: its senders are only later.
        self.cluster.crash()
        self.cluster.start()

    async def _sink(self, behaviour: Behaviour, seconds: float) -> None:
        sink = self.dice.choice(list(self.arena.sinks.values()))
        sink.behaviour = behaviour
        await asyncio.sleep(self.dice.uniform(0.3, 1) * seconds)
        sink.behaviour = Behaviour()

    def _a_proxy(self) -> FaultProxy:
        return self.dice.choice(list(self.arena.proxies.values()))
