"""Open promises under another version of their policy, from their rows alone.

The fold is the truth; this is the short way to what it would say. A promise whose row does not say
all that the fold would look at is left to it: `Mover.move` answers None.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours
from services.core.sla import rules
from services.core.sla.types import (
    ClockKind,
    ClockState,
    EpisodeSpec,
    PlannedTimer,
    Policy,
)
from services.core.triage.types import Tier

# Around the clock a due time is the start and a stretch that only depends on what is promised:
# it is worked out once, from here.
_ANYWHERE: Final = datetime(2026, 1, 1, tzinfo=UTC)

# The hours of a calendar, and of which version; without a version, of the one in force.
Counting = Mapping[tuple[UUID, int | None], tuple[Hours, int]]


@dataclass(frozen=True, slots=True)
class OpenClock:
    """An open promise as its row has it.

    `asked_tier` is that of the question it began with; `overridden` when a person set the tier.
    """

    id: UUID
    case_id: UUID
    kind: ClockKind
    tier: Tier
    channel: str
    state: ClockState
    started_at: datetime
    due_at: datetime
    target_due_at: datetime
    promise_due_at: datetime | None
    limit_at: datetime | None
    budget_seconds: int
    paused_seconds: int
    generation: int
    policy_version: int
    calendar_version: int | None
    asked_tier: Tier | None
    overridden: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """An open promise as it should be. `fresh` when its moments are others; `timers` are those."""

    clock: OpenClock
    state: ClockState
    due_at: datetime
    target_due_at: datetime
    promise_due_at: datetime | None
    limit_at: datetime | None
    budget_seconds: int
    calendar_version: int | None
    fresh: bool
    timers: Sequence[PlannedTimer] = ()

    @property
    def generation(self) -> int:
        return self.clock.generation + 1 if self.fresh else self.clock.generation


@dataclass(frozen=True, slots=True)
class _Aims:
    """When one promise is due, and its moments by percent."""

    due_at: datetime
    target_due_at: datetime
    promise_due_at: datetime | None
    limit_at: datetime | None
    budget_seconds: int
    moments: Sequence[tuple[int, datetime]]

    def later(self, by: timedelta) -> "_Aims":
        return _Aims(
            self.due_at + by,
            self.target_due_at + by,
            self.promise_due_at + by if self.promise_due_at else None,
            self.limit_at + by if self.limit_at else None,
            self.budget_seconds,
            [(percent, at + by) for percent, at in self.moments],
        )


@dataclass(slots=True)
class Mover:
    """Moves promises of one policy to the version `after`. `before` are its versions by number."""

    after: Policy
    before: Mapping[int, Policy]
    counting: Counting
    now: datetime
    _aims: dict[tuple[int, ClockKind, Tier, str], _Aims] = field(default_factory=dict)
    _leading: dict[tuple[ClockKind, Tier, str], bool] = field(default_factory=dict)
    _alike: dict[int, bool] = field(default_factory=dict)

    def move(self, clock: OpenClock) -> Moved | None:
        """None for a promise only the fold can decide."""
        before = self.before.get(clock.policy_version)
        if before is None or not self._is_plain(clock, before):
            return None
        counted = self._hours(before, clock.calendar_version)
        counts = self._hours(self.after, None)
        if counted is None or counts is None:
            return None
        if clock.kind is ClockKind.REPLY_WINDOW:
            return _stayed(clock) if self.now < clock.due_at else None
        was = self._aim(before, clock, counted[0])
        if (was.target_due_at, was.promise_due_at) != (clock.target_due_at, clock.promise_due_at):
            # Something the row does not tell moved it.
            return None
        return self._moved(clock, before, counts)

    def _moved(self, clock: OpenClock, before: Policy, counts: tuple[Hours, int | None]) -> Moved:
        hours, version = counts
        aims = self._aim(self.after, clock, hours)
        fresh = aims.due_at != clock.due_at or (
            before.steps(clock.kind) != self.after.steps(clock.kind)
        )
        return Moved(
            clock=clock,
            state=ClockState.MISSED if self.now >= aims.due_at else ClockState.RUNNING,
            due_at=aims.due_at,
            target_due_at=aims.target_due_at,
            promise_due_at=aims.promise_due_at,
            limit_at=aims.limit_at,
            budget_seconds=aims.budget_seconds,
            calendar_version=version,
            fresh=fresh,
            timers=rules.time_steps(aims.moments, self.now) if fresh else (),
        )

    def _is_plain(self, clock: OpenClock, before: Policy) -> bool:
        """True when the row says all: one question leads, nothing stood still, no border moves."""
        if clock.state is not ClockState.RUNNING or clock.paused_seconds:
            return False
        if before.version not in self._alike:
            self._alike[before.version] = folds_alike(before, self.after)
        if not self._alike[before.version]:
            return False
        if clock.kind is ClockKind.REPLY_WINDOW or clock.overridden:
            return True
        return clock.asked_tier is clock.tier and self._leads(clock)

    def _leads(self, clock: OpenClock) -> bool:
        """True when no later, less pressing question could be due before the first one."""
        key = (clock.kind, clock.tier, clock.channel)
        if key not in self._leading:
            own = self._seconds(clock, clock.tier)
            self._leading[key] = all(
                own <= self._seconds(clock, tier)
                for tier in Tier
                if rules.pressing(tier) > rules.pressing(clock.tier)
            )
        return self._leading[key]

    def _seconds(self, clock: OpenClock, tier: Tier) -> int:
        target = self.after.target(rules.promised_tier(tier), clock.channel)
        return target.seconds(clock.kind)

    def _hours(self, policy: Policy, version: int | None) -> tuple[Hours, int | None] | None:
        if policy.calendar_id is None:
            return ALWAYS, None
        return self.counting.get((policy.calendar_id, version))

    def _aim(self, policy: Policy, clock: OpenClock, hours: Hours) -> _Aims:
        if hours is not ALWAYS:
            return _aims_at(clock.started_at, policy, clock, hours)
        key = (policy.version, clock.kind, clock.tier, clock.channel)
        if key not in self._aims:
            self._aims[key] = _aims_at(_ANYWHERE, policy, clock, hours)
        return self._aims[key].later(clock.started_at - _ANYWHERE)


def folds_alike(before: Policy, after: Policy) -> bool:
    """True when two versions draw the borders of cases and of reply windows the same way."""
    return (
        before.resolve_on_reply,
        before.reopen_within_seconds,
        before.pause_while_waiting,
        before.advocates_answer,
        before.reply_windows,
        before.window_steps,
    ) == (
        after.resolve_on_reply,
        after.reopen_within_seconds,
        after.pause_while_waiting,
        after.advocates_answer,
        after.reply_windows,
        after.window_steps,
    )


def move_cases(mover: Mover, clocks: Iterable[OpenClock]) -> dict[UUID, list[Moved] | None]:
    """By case, its open promises as they should be; None where one of them is for the fold."""
    found: dict[UUID, list[Moved] | None] = {}
    for clock in clocks:
        moved = mover.move(clock)
        others = found.setdefault(clock.case_id, [])
        if moved is None:
            found[clock.case_id] = None
        elif others is not None:
            others.append(moved)
    return found


def _stayed(clock: OpenClock) -> Moved:
    return Moved(
        clock=clock,
        state=clock.state,
        due_at=clock.due_at,
        target_due_at=clock.target_due_at,
        promise_due_at=clock.promise_due_at,
        limit_at=clock.limit_at,
        budget_seconds=clock.budget_seconds,
        calendar_version=None,
        fresh=False,
    )


def _aims_at(at: datetime, policy: Policy, clock: OpenClock, hours: Hours) -> _Aims:
    asked = EpisodeSpec(clock.kind, 1, at, ((at, clock.tier),))
    shape = rules.shape_clock(asked, policy, at, channel=clock.channel, hours=hours)
    placed = rules.place_steps(shape, (), policy.steps(clock.kind), hours)
    return _Aims(
        shape.due_at,
        shape.target_due_at,
        shape.promise_due_at,
        shape.limit_at,
        shape.budget_seconds,
        sorted(placed.items()),
    )
