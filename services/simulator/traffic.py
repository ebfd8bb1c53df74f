"""The traffic of a simulated platform as a plan: what happens when, decided before any sending.

The plan is open-loop: its times come from the seed and never from how fast a server answers, so a
slow server shows as lag and is not spared the load that would have come.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from services.simulator.composers import COMPOSERS, Moment, wire_time
from services.simulator.corpus import BRAND_IN_TEXTS
from services.simulator.scenarios import SURGE_KINDS, Scenario, Surge, scenario_named
from services.simulator.world import World

# A plan made without a start is a plan on paper; any fixed moment does.
ON_PAPER = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_POSTS = 4
LONGEST_CYCLE_SECONDS = 86_400.0
ENDLESS_CYCLE_SECONDS = 1_800.0


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """`event` is a whole event of WEBHOOK.md; it is due that many seconds after the start."""

    at_offset_seconds: float
    event: dict[str, Any]


def plan(
    seed: int,
    rate: float,
    duration: float | None = None,
    scenario: str = "mixed",
    *,
    start: datetime = ON_PAPER,
    run: str = "sim",
    cycle_seconds: float | None = None,
    own_account: str = BRAND_IN_TEXTS,
) -> Iterator[PlannedEvent]:
    """The events in order of time; the same arguments give the same plan, byte for byte.

    `rate` is the mean number of events a second over an ordinary whole day; the scenario's hours
    and surges multiply it (only "calm" is flat). `duration` is in seconds, None never ends.
    `cycle_seconds` is how long the scenario's hours take: by default the duration (half an hour
    for an endless plan), at most a day. `start` only sets the timestamps, `run` prefixes every id
    but those of people, who stay the same from run to run of one seed.

    A few posts are published at the start so that there is something to talk under.
    Raises ValueError for a rate, duration or scenario that makes no sense.
    """
    shape = scenario_named(scenario)
    for name, value in (("rate", rate), ("duration", duration), ("cycle", cycle_seconds)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise ValueError(f"the {name} must be more than nothing, not {value}")
    cycle = cycle_seconds or min(duration or ENDLESS_CYCLE_SECONDS, LONGEST_CYCLE_SECONDS)
    world = World(seed=seed, run=run, scenario=shape, own_account=own_account)
    arrivals = _arrivals(Random(f"arrivals:{seed}"), shape, rate, duration, cycle)
    return _compose(world, arrivals, start)


@dataclass(frozen=True, slots=True)
class _Arrival:
    offset: float
    surge: Surge | None


def _compose(world: World, arrivals: Iterator[_Arrival], start: datetime) -> Iterator[PlannedEvent]:
    for _ in range(FIRST_POSTS):
        yield _happen(world, "post.published", 0.0, Moment(start))
    for arrival in arrivals:
        surge = arrival.surge.kind if arrival.surge else None
        kinds = SURGE_KINDS[surge] if surge else world.scenario.kinds
        moment = Moment(start + timedelta(seconds=arrival.offset), surge)
        yield _happen(world, world.pick(kinds), arrival.offset, moment)


def _happen(world: World, kind: str, offset: float, moment: Moment) -> PlannedEvent:
    data = COMPOSERS[kind](world, moment)
    if data is None:
        # Nothing to edit, delete or answer yet: somebody writes instead, so that the rate holds.
        kind = "comment.created"
        data = COMPOSERS[kind](world, moment)
    return PlannedEvent(
        offset,
        {"id": world.new_id("e"), "type": kind, "timestamp": wire_time(moment.at), "data": data},
    )


def _arrivals(
    rng: Random, shape: Scenario, rate: float, duration: float | None, cycle: float
) -> Iterator[_Arrival]:
    """A Poisson process whose rate follows the hour, by thinning one at the highest rate."""
    first_hour, last_hour = shape.hours
    highest = shape.highest_load
    offset = 0.0
    while True:
        offset += rng.expovariate(rate * highest)
        if duration is not None and offset >= duration:
            return
        hour = first_hour + (last_hour - first_hour) * (offset % cycle) / cycle
        surges = shape.surges_at(hour)
        # One draw decides both whether somebody comes and what brought them.
        drawn = rng.random() * highest - shape.load_at(hour)
        if drawn < 0:
            yield _Arrival(offset, None)
            continue
        for surge in surges:
            drawn -= surge.factor
            if drawn < 0:
                yield _Arrival(offset, surge)
                break
