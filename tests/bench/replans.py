"""How long it takes to move open promises to a policy that changed, and who waits meanwhile."""

import asyncio
from dataclasses import fields, replace

from services.core.desk import replanning
from services.core.kit.clock import monotonic
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.sla.types import Policy, PolicyDraft, ReplanState, Target
from tests.bench import wire
from tests.bench.crowd import Crowded, fill
from tests.bench.figures import Chapter, milliseconds
from tests.bench.place import Place, SignedSource

CASES = 500_000  # each with two open promises
SECONDS = 60.0  # for a million promises
RATE, SENDING_SECONDS = 200.0, 20.0
LONGEST_FACTOR = 2.0
LOOK_SECONDS = 0.1


def measure(here: Place, share: float) -> Chapter:
    chapter = Chapter(
        "Re-plans",
        "Open cases with two promises each; the default policy gives half as much time again, so "
        "that every promise and every moment ahead of it moves. One worker of the product does it. "
        f"Meanwhile single events come at {RATE:,.0f}/s for {SENDING_SECONDS * share:.0f} s, as "
        "they did before it began with the same worker at rest.",
    )
    crowded = fill(here, "replanned", max(round(CASES * share), 500), messages_per_case=1)
    source = asyncio.run(here.add_source("meanwhile"))
    with here.serving("product") as (port, _), here.working():
        before = asyncio.run(_send(port, source, share, "before"))
        during, seconds = asyncio.run(_replan(here, crowded, port, source, share))
    clocks = 2 * crowded.seeded.open_cases
    rate = clocks / seconds
    chapter.add(
        f"{clocks:,} open promises planned anew",
        f"{seconds:,.1f} s ({rate:,.0f}/s)",
        f"≥ {1_000_000 / SECONDS:,.0f}/s",
        met=rate >= 1_000_000 / SECONDS,
    )
    factor = during.quantile(0.99) / before.quantile(0.99)
    chapter.add(
        "Acknowledgement p99 meanwhile ÷ before",
        f"{factor:.2f} ({milliseconds(during.quantile(0.99))}, "
        f"{milliseconds(before.quantile(0.99))})",
        f"≤ {LONGEST_FACTOR:g}",
        met=factor <= LONGEST_FACTOR,
    )
    return chapter


async def _send(port: int, source: SignedSource, share: float, mark: str) -> wire.Outcome:
    count = max(round(RATE * SENDING_SECONDS * share), 200)
    return await wire.open_loop(port, wire.signed_requests(source, count, mark), RATE, 64)


async def _replan(
    here: Place, crowded: Crowded, port: int, source: SignedSource, share: float
) -> tuple[wire.Outcome, float]:
    """What sending came to while the worker planned, and how long that took it."""
    database = await here.open()
    try:
        policy = await _loosen(database, crowded)
        began = monotonic()
        async with database.unit(crowded.workspace_id) as uow:
            found = await replanning.preview(uow, policy.id)
            await replanning.start(uow, policy.id, confirmed_late=found.late)
        sending = asyncio.create_task(_send(port, source, share, "meanwhile"))
        while not await _is_done(database, crowded, policy):  # noqa: ASYNC110 - rows, no event
            await asyncio.sleep(LOOK_SECONDS)
        seconds = monotonic() - began
        return await sending, seconds
    finally:
        await database.close()


async def _loosen(database: Database, crowded: Crowded) -> Policy:
    async with database.unit(crowded.workspace_id) as uow:
        policy = await sla.ensure_defaults(uow)
        draft = PolicyDraft(
            **{each.name: getattr(policy, each.name) for each in fields(PolicyDraft)}
        )
        targets = {tier: _half_as_long_again(target) for tier, target in draft.targets.items()}
        return await sla.change_policy(uow, policy.id, replace(draft, targets=targets, promised={}))


def _half_as_long_again(target: Target) -> Target:
    seconds = {each.name: getattr(target, each.name) for each in fields(Target)}
    return Target(**{name: told and told * 3 // 2 for name, told in seconds.items()})


async def _is_done(database: Database, crowded: Crowded, policy: Policy) -> bool:
    async with database.read(crowded.workspace_id) as uow:
        (newest,) = await sla.list_replans(uow, policy.id, limit=1)
    return newest.state is ReplanState.DONE
