"""Attainment counted again from what was said and done alone, by code that shares nothing with it.

Days of stories arrive out of order, late and twice. The oracle of the fault tests folds them
into promises; the counting below says the definition a second time, in plain Python.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from services.core.desk import service as desk
from services.core.intake import service as intake
from services.core.intake.records import SourceDraft
from services.core.objectives import service as objectives
from services.core.objectives.types import By, Cell, Range
from tests.faults.oracle import model
from tests.faults.oracle.stories import OWN_ACCOUNT, Promises, plan
from tests.support.line import NOON, Line

HOUR = 3600
DAY = 24 * HOUR
SECONDS = 3 * DAY
EVENTS = 160
# The default policy, said again: target for each tier, and what the public is promised.
TARGETS = {
    "urgent": (2.0 * HOUR, 2.0 * HOUR, 24.0 * HOUR),
    "important": (12.0 * HOUR, 12.0 * HOUR, 48.0 * HOUR),
    "routine": (24.0 * HOUR, 24.0 * HOUR, 72.0 * HOUR),
}
PROMISED = {"comment": 4 * HOUR, "dm": 24 * HOUR}


@dataclass
class Told:
    """One promise as the oracle sees it, with both of its due times."""

    kind: str
    tier: str
    channel: str
    started: datetime
    target: datetime
    promise: datetime | None
    settled: datetime | None
    answered: bool
    void: bool

    @property
    def due(self) -> datetime:
        return min(self.target, self.promise or self.target)

    def verdict(self, moment: datetime | None, now: datetime) -> str:
        """Withdrawn in time counts nowhere, neither does what was never promised."""
        if (self.void and self.settled and self.settled <= self.due) or moment is None:
            return "nothing"
        if self.settled is not None:
            return "met" if self.settled <= moment else "missed"
        return "missed" if moment <= now else "open"


def tell(clock: model.Clock) -> Told:
    kind, place = clock.key[1], model.TARGET_OF[clock.key[1]]
    channel = clock.key[0][1]
    asks = clock.asks.values()
    first = min(at for at, _ in asks)
    promise = first + timedelta(seconds=PROMISED[channel])
    order = list(TARGETS)
    return Told(
        kind=kind,
        tier=min((tier for _, tier in asks), key=order.index),
        channel=channel,
        started=clock.started_at,
        target=min(at + timedelta(seconds=TARGETS[tier][place]) for at, tier in asks),
        promise=None if kind == model.RESOLUTION else promise,
        settled=clock.settled_at,
        answered=clock.settled_at is not None and not clock.void,
        void=clock.void,
    )


def recount(promises: Iterable[Told], now: datetime) -> dict[str, Any]:
    """Everything a cell says, from a list of promises."""
    listed = [one for one in promises if one.verdict(one.due, now) != "nothing"]
    found: dict[str, Any] = {}
    for name in ("due", "target", "promise"):
        counts = Counter(one.verdict(getattr(one, name), now) for one in listed)
        found[name] = tuple(counts[each] for each in ("met", "missed", "open"))
    took = sorted(one.settled - one.started for one in listed if one.settled and one.answered)
    seconds = [Fraction(each // timedelta(microseconds=1), 1_000_000) for each in took]
    found["times"] = tuple(
        None if not seconds else round(float(each), 3)
        for each in (
            sum(seconds) / len(seconds) if seconds else 0,
            seconds[math.ceil(len(seconds) / 2) - 1] if seconds else 0,
            seconds[math.ceil(len(seconds) * 9 / 10) - 1] if seconds else 0,
        )
    )
    edges = (HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR)
    bins = Counter(sum(each > edge for edge in edges) for each in seconds)
    # Nothing stood still here: what is counted is what the wall clock says.
    found["counted"] = (len(seconds), *found["times"])
    found["histogram"] = tuple(bins[place] for place in range(5))
    return found


def said(cell: Cell) -> dict[str, Any]:
    """A cell of the product in the recount's words."""
    shares = {"due": cell.clock, "target": cell.target, "promise": cell.promise}
    counts = {name: (each.met, each.missed, each.open) for name, each in shares.items()}
    times = (cell.wall.mean, cell.wall.median, cell.wall.p90)
    net = (cell.counted.count, cell.counted.mean, cell.counted.median, cell.counted.p90)
    return {**counts, "times": times, "counted": net, "histogram": cell.histogram}


async def live_through(line: Line, seed: int) -> list[Told]:
    """Three days, heard in any order and partly twice; returns the promises they made."""
    async with line.database.unit(line.workspace_id) as uow:
        draft = SourceDraft(name="told", platform="xiaohongshu", own_accounts=(OWN_ACCOUNT,))
        source, _ = await intake.create_source(uow, draft)
    line = replace(line, source_id=source.id)
    line.clock.at = NOON + timedelta(seconds=SECONDS)
    planned = plan(
        seed, seconds=SECONDS, rate=EVENTS / SECONDS, tenants=1, promises=Promises(TARGETS)
    )
    spoken = [one for delivery in planned for one in delivery.said if one.at < SECONDS]
    heard = [one.event(NOON.timestamp()) for one in spoken]
    dice = random.Random(seed)  # noqa: S311 - the same seed must tell the same stories
    arriving = heard + [each for each in heard if dice.random() < 0.3]
    dice.shuffle(arriving)
    for start in range(0, len(arriving), 20):
        # A delivery names an event once.
        batch = {each["id"]: each for each in arriving[start : start + 20]}
        await line.hear(*batch.values())
    events = [("told", each, one.label) for each, one in zip(heard, spoken, strict=True)]
    folded = model.fold(events, TARGETS, own_account=OWN_ACCOUNT, horizon=line.clock.at, steps=())
    return [tell(clock) for clock in folded.clocks.values()]


@pytest.mark.parametrize("seed", [1, 5])
async def test_a_recount_from_what_was_said_gives_the_same_numbers(line: Line, seed: int) -> None:
    told = await live_through(line, seed)
    now = line.clock.at
    start, end = NOON - timedelta(days=1), now + timedelta(days=5)
    responses = [one for one in told if one.kind != model.RESOLUTION]
    assert len(responses) > EVENTS / 4
    async with line.database.read(line.workspace_id) as uow:
        wanted = Range(start, end, "UTC")
        reports = {by: await objectives.measure(uow, wanted, by) for by in By}
    total = reports[By.TIER].total
    assert said(total) == recount(responses, now)
    assert min(total.clock.met, total.clock.missed, total.clock.open) > 0
    resolution = recount([one for one in told if one.kind == model.RESOLUTION], now)
    shares = said(reports[By.TIER].resolution)
    assert (shares["due"], shares["target"]) == (resolution["due"], resolution["target"])
    keys: dict[By, Callable[[Told], str]] = {
        By.TIER: lambda one: one.tier,
        By.CHANNEL: lambda one: one.channel,
        By.DAY: lambda one: f"{one.due:%Y-%m-%d}",
        By.KIND: lambda one: one.kind,
    }
    for by, key_of in keys.items():
        expected = {
            key: recount([one for one in responses if key_of(one) == key], now)
            for key in {key_of(one) for one in responses if one.verdict(one.due, now) != "nothing"}
        }
        found = {key: said(cell) for key, cell in reports[by].items if key != model.RESOLUTION}
        assert found == expected


async def test_a_case_closed_by_hand_is_counted_again_as_it_was_done(line: Line) -> None:
    told = await live_through(line, 3)
    now = line.clock.at
    (case,) = await line.rows(
        "SELECT c.case_id AS id, m.external_id FROM clocks c JOIN cases k ON k.id = c.case_id"
        " JOIN messages m ON m.id = k.opening_message_id"
        " WHERE c.kind = 'first_response' AND c.state = 'running' ORDER BY c.id LIMIT 1"
    )
    before = recount([one for one in told if one.kind != model.RESOLUTION], now)
    async with line.database.unit(line.workspace_id) as uow:
        await desk.resolve(uow, case.id)
        wanted = Range(NOON - timedelta(days=1), now + timedelta(days=5))
        after = said((await objectives.measure(uow, wanted, By.TIER)).total)
    met, missed, still = before["due"]
    # Closed without an answer: a promise that is neither kept nor broken.
    assert after["due"] == (met, missed, still - 1)
    assert (after["times"], after["histogram"]) == (before["times"], before["histogram"])
