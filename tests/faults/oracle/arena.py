"""Where a fault test takes place: an installation, its tenants, their platforms and their sinks.

The test starts processes and breaks things; the arena sends, waits until all is quiet, and judges.
"""

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.core.alerts import service as alerts
from services.core.alerts.types import ChannelDraft, ChannelKind
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.sla.types import PolicyDraft, Step, Target
from services.core.triage.types import Tier
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft
from tests.faults.oracle.collector import Received, Sink, collecting, read_received
from tests.faults.oracle.generator import Generator, Tenant
from tests.faults.oracle.ledger import Ledger, read_ledger
from tests.faults.oracle.model import Expected, fold
from tests.faults.oracle.proxy import FaultProxy
from tests.faults.oracle.stories import OWN_ACCOUNT, SHORT, Planned, Promises, plan
from tests.faults.oracle.verdict import Evidence, Limits, Verdict, as_markdown, find_verdict
from tests.support.client import make_key
from tests.support.factories import make_source
from tests.support.processes import Site
from tests.support.sizes import sized
from tests.support.verdicts import nothing_is_due, nothing_waits
from tests.support.waiting import wait_until

# The sizes of a run: 1 is for CI, 10 for a long evening.
SCALE = float(os.environ.get("WARMLINE_FAULTS_SCALE", sized(1, 10)))
# A file that every arena appends its figures to.
FIGURES = os.environ.get("WARMLINE_FAULTS_FIGURES")
PATIENCE = 120.0


def scaled(count: float) -> int:
    return max(1, round(count * SCALE))


def tell_figures(arena: str, **figures: Any) -> None:
    """Print what was measured, and append it to the file that was named for it."""
    line = json.dumps({"arena": arena, **figures}, ensure_ascii=False)
    print(f"FIGURES {line}")  # noqa: T201 - pytest keeps it for whoever asks
    if FIGURES:
        with Path(FIGURES).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@dataclass(slots=True)
class Arena:
    site: Site
    name: str
    seed: int
    tenants: Sequence[Tenant]
    sinks: dict[str, Sink]
    ledger: Ledger
    promises: Promises
    limits: Limits = field(default_factory=Limits)
    # By the name of the sink behind it, when there was to be one.
    proxies: dict[str, FaultProxy] = field(default_factory=dict)

    def generator(self, *, seconds: float, rate: float) -> Generator:
        """Platforms with a plan for so long, at so many events a second."""
        return self.generator_of(self.planned(seconds=seconds, rate=rate, seed=self.seed))

    def planned(self, *, seconds: float, rate: float, seed: int) -> list[Planned]:
        return plan(
            seed, seconds=seconds, rate=rate, tenants=len(self.tenants), promises=self.promises
        )

    def generator_of(self, planned: Sequence[Planned]) -> Generator:
        self.ledger.note("plan", seed=self.seed, deliveries=len(planned))
        return Generator(self.ledger, self.site.url, self.tenants, planned)

    async def moments_have_passed(self) -> None:
        """Until no promise of this plan is still to come due, but for those of an hour."""
        last = max((clock.due_at for clock in self._pressing()), default=None)
        if last is not None:
            await asyncio.sleep(max(0.0, last.timestamp() - time.time()))
        async with self.site.looking() as rows:
            await wait_until(lambda: nothing_is_due(rows), PATIENCE, what="every timer has fired")

    async def settle(self, patience: float = PATIENCE) -> None:
        """Until all that was acknowledged has its effect and every moment has spoken."""
        await self.moments_have_passed()
        async with self.site.looking() as rows:
            await wait_until(lambda: nothing_waits(rows), patience, what="nothing waits")

    async def judge(self, **figures: Any) -> Verdict:
        """From the files alone, as somebody else would; a red verdict keeps them."""
        async with self.site.looking() as rows:
            verdict = await self.look(rows)
        verdict.figures |= figures
        self._tell(verdict)
        return verdict

    async def look(self, rows: asyncpg.Connection) -> Verdict:
        entries, acts = read_ledger(self.ledger.path)
        received: dict[str, list[Received]] = {name: [] for name in self.sinks}
        for one in read_received(self.received_path):
            received[one.sink].append(one)
        evidence = Evidence(
            entries=entries,
            acts=acts,
            expected=self.expect(),
            received=received,
            workspaces=[tenant.workspace_id for tenant in self.tenants],
            limits=self.limits,
        )
        return await find_verdict(rows, evidence)

    async def finish(self, **figures: Any) -> Verdict:
        """Wait, judge, and fail the test unless every promise was kept."""
        await self.settle()
        verdict = await self.judge(**figures)
        assert verdict.broken == [], "\n".join(verdict.broken)
        entries = verdict.figures["deliveries"]
        assert verdict.figures["acknowledged"] == entries, "a platform had to give up"
        return verdict

    def expect(self) -> Expected:
        """The reference model's word about everything that was acknowledged."""
        entries, _ = read_ledger(self.ledger.path)
        return fold(
            (
                (entry.source_id, event, entry.labels.get(event["id"]))
                for entry in entries
                if entry.acknowledged
                for event in entry.events
            ),
            self.promises.targets,
            own_account=OWN_ACCOUNT,
            horizon=datetime.now(UTC),
            steps=self.promises.steps,
        )

    @property
    def received_path(self) -> Path:
        return self.site.folder / "received.jsonl"

    def _pressing(self) -> list[Any]:
        """Promises that end soon: nobody waits an hour for the others."""
        clocks = self.expect().clocks.values()
        return [one for one in clocks if one.settled_at is None and one.key[1] != "resolution"]

    def _tell(self, verdict: Verdict) -> None:
        tell_figures(self.name, seed=self.seed, **verdict.figures)
        if verdict.broken:
            kept = Path(tempfile.mkdtemp(prefix=f"warmline-red-{self.name}-{self.seed}-"))
            for path in (self.ledger.path, self.received_path):
                shutil.copy(path, kept)
            text = as_markdown(f"{self.name}, seed {self.seed}", verdict)
            (kept / "verdict.md").write_text(text, encoding="utf-8")
            print(f"RED: ledger, requests and seed are kept in {kept}")  # noqa: T201 - as above


@asynccontextmanager
async def opened_arena(
    site: Site,
    *,
    name: str,
    seed: int = 7,
    tenants: int = 2,
    sinks: Sequence[str] = ("main",),
    promises: Promises = SHORT,
    proxied: bool = False,
) -> AsyncIterator[Arena]:
    """Tenants with a short policy and a channel to each sink; nothing is started yet.

    `proxied` puts a fault proxy in front of each sink.
    """
    site.settings = site.settings | {
        "ALERTS__ALLOW_PRIVATE_ADDRESSES": "true",
        "LOG__LEVEL": "WARNING",
    }
    async with AsyncExitStack() as stack:
        listening = await stack.enter_async_context(
            collecting(site.folder / "received.jsonl", *sinks)
        )
        proxies: dict[str, FaultProxy] = {}
        for sink in listening.values() if proxied else ():
            proxy = FaultProxy(("127.0.0.1", sink.port), seed=seed)
            proxies[sink.name] = await stack.enter_async_context(proxy)
        urls = {
            name: f"http://127.0.0.1:{proxies[name].port if proxied else sink.port}/alerts"
            for name, sink in listening.items()
        }
        ledger = stack.enter_context(Ledger(site.folder / "ledger.jsonl"))
        ledger.note("seed", arena=name, seed=seed)
        database = Database(create_engine(site.database_url, pool_size=2))
        try:
            founded = [
                await _found(database, f"tenant-{number}", promises, urls)
                for number in range(tenants)
            ]
        finally:
            await database.close()
        yield Arena(site, name, seed, founded, listening, ledger, promises, Limits(), proxies)


@pytest.fixture
async def arena(site: Site, request: pytest.FixtureRequest) -> AsyncIterator[Arena]:
    """Two tenants and one sink, named after the test."""
    async with opened_arena(site, name=request.node.name) as opened:
        yield opened


async def _found(database: Database, slug: str, promises: Promises, urls: dict[str, str]) -> Tenant:
    workspace = await workspaces.create_workspace(database, slug, slug=slug)
    targets = {
        Tier(tier): Target(*(int(seconds) for seconds in budget))
        for tier, budget in promises.targets.items()
    }
    draft = PolicyDraft(
        name="short",
        targets=targets,
        response_steps=tuple(Step(percent) for percent in promises.steps),
        resolution_steps=(Step(100),),
    )
    async with database.unit(workspace.id) as uow:
        await sla.create_policy(uow, draft, is_default=True)
        await alerts.ensure_defaults(uow)
        for name, url in urls.items():
            channel = ChannelDraft(name, ChannelKind.WEBHOOK, url=url)
            await alerts.create_channel(uow, channel, allow_private=True)
        member = await workspaces.create_member(uow, MemberDraft(handle="lin", name="林夏"))
    source = await make_source(database, workspace.id, own_accounts=(OWN_ACCOUNT,))
    key = await make_key(database, workspace.id)
    return Tenant(slug, str(workspace.id), str(source.id), source.secret, key, str(member.id))
