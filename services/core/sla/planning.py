"""The difference between the clocks a case should have and those it has, as rows to write."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.sla import rules
from services.core.sla.facts import clock_changed
from services.core.sla.types import (
    ClockKind,
    ClockOutcome,
    ClockPlan,
    ClockShape,
    ClockState,
    EpisodeSpec,
    ExistingClock,
    PauseReason,
    PlannedTimer,
    Policy,
    TimerState,
)
from services.core.stream.types import Fact
from services.core.triage.types import Tier

SHAPE_COLUMNS = (
    "state",
    "tier",
    "started_at",
    "due_at",
    "target_due_at",
    "promise_due_at",
    "limit_at",
    "budget_seconds",
    "paused_seconds",
    "paused_until",
    "pause_reason",
    "settled_at",
    "met_at",
    "missed_at",
    "void_reason",
    "counted_seconds",
)
WITHDRAWN = "withdrawn"
_READ_APART = {"state", "tier", "pause_reason", "target_due_at"}

# The hours of a calendar's version; without a version, of the one in force, which it returns.
Calendars = Callable[[UUID | None, int | None], tuple[Hours, int | None]]

# Versions of policies that clocks keep while their cases have gone on to another.
Versions = Mapping[tuple[UUID, int], Policy]


@dataclass(slots=True)
class ClockChange:
    """One clock to write, with the timers its new shape asks for."""

    clock_id: UUID
    plan: ClockPlan
    kind: ClockKind
    episode: int
    shape: ClockShape
    generation: int
    calendar_version: int | None
    trigger_message_id: UUID | None
    settling_message_id: UUID | None
    corrections: list[dict[str, Any]]
    timers: list[PlannedTimer] = field(default_factory=list)


@dataclass(slots=True)
class Work:
    """Everything one planning writes."""

    added: list[ClockChange] = field(default_factory=list)
    changed: list[ClockChange] = field(default_factory=list)
    stopped: list[UUID] = field(default_factory=list)
    replanned: list[UUID] = field(default_factory=list)
    # Clocks whose moments stay, under another tier: they are worked off in its order from now on.
    retiered: dict[UUID, Tier] = field(default_factory=dict)
    corrected: list[tuple[UUID, ClockState]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    outcomes: dict[UUID, ClockOutcome] = field(default_factory=dict)


def read_clocks(rows: Iterable[Row[Any]]) -> dict[UUID, list[ExistingClock]]:
    """Clock rows by case."""
    clocks: dict[UUID, list[ExistingClock]] = {}
    for row in rows:
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
        shape = ClockShape(
            **{name: values[name] for name in SHAPE_COLUMNS if name not in _READ_APART},
            state=ClockState(row.state),
            tier=Tier(row.tier),
            pause_reason=PauseReason(row.pause_reason) if row.pause_reason else None,
            target_due_at=row.target_due_at or row.due_at,
        )
        clock = ExistingClock(
            id=row.id,
            kind=ClockKind(row.kind),
            episode=row.episode,
            generation=row.generation,
            shape=shape,
            policy_id=row.policy_id,
            policy_version=row.policy_version,
            corrections=row.corrections,
            calendar_version=row.calendar_version,
        )
        clocks.setdefault(row.case_id, []).append(clock)
    return clocks


def compare(
    plans: Sequence[ClockPlan],
    existing: dict[UUID, list[ExistingClock]],
    calendars: Calendars,
    now: datetime,
    earlier: Versions | None = None,
) -> Work:
    """What to write so that every case has the clocks its episodes say.

    `earlier` are versions of policies that clocks keep while their case has another.
    """
    work = Work()
    planner = _Planner(work, calendars, now, earlier or {})
    for plan in plans:
        planner.compare_case(plan, existing.get(plan.case_id, []))
    return work


def new_row(uow: UnitOfWork, change: ClockChange) -> dict[str, Any]:
    return {
        "workspace_id": uow.workspace_id,
        "id": change.clock_id,
        "case_id": change.plan.case_id,
        "thread_id": change.plan.thread_id,
        "kind": change.kind.value,
        "episode": change.episode,
        "created_at": uow.now,
        **_written(uow, change),
    }


def changed_row(uow: UnitOfWork, change: ClockChange) -> dict[str, Any]:
    return {
        "id": change.clock_id,
        **_written(uow, change),
    }


def timer_rows(uow: UnitOfWork, work: Work) -> list[dict[str, Any]]:
    return [
        {
            "workspace_id": uow.workspace_id,
            "id": ids.new_id(),
            "clock_id": change.clock_id,
            "case_id": change.plan.case_id,
            "percent": timer.percent,
            "generation": change.generation,
            "fire_at": timer.fire_at,
            "state": timer.state.value,
            "fired_at": None,
            "note": timer.note,
            "tier": change.shape.tier.value,
        }
        for change in (*work.added, *work.changed)
        for timer in change.timers
    ]


def moments_counted(
    work: Work, existing: Mapping[UUID, Sequence[ExistingClock]]
) -> Iterator[datetime | None]:
    """Of every promise that is another now: when it is and was due, and what it answers was said.

    Sums of the days these moments fall on are to be made again.
    """
    due = {clock.id: clock.shape.due_at for clocks in existing.values() for clock in clocks}
    for change in (*work.added, *work.changed):
        if change.kind is ClockKind.REPLY_WINDOW:
            continue
        yield from (change.shape.started_at, change.shape.due_at, due.get(change.clock_id))
        for episode in change.plan.episodes:
            if (episode.kind, episode.number) == (change.kind, change.episode):
                yield from (at for at, _ in episode.asks)


def _columns(shape: ClockShape) -> dict[str, Any]:
    # dataclasses.asdict copies deeply, which costs more than the rest of the planning.
    return {name: getattr(shape, name) for name in SHAPE_COLUMNS}


def _written(uow: UnitOfWork, change: ClockChange) -> dict[str, Any]:
    return {
        **_columns(change.shape),
        "policy_id": change.plan.policy.id,
        "policy_version": change.plan.policy.version,
        "calendar_version": change.calendar_version,
        "generation": change.generation,
        "trigger_message_id": change.trigger_message_id,
        "settling_message_id": change.settling_message_id,
        "corrections": change.corrections,
        "updated_at": uow.now,
    }


@dataclass(slots=True)
class _Planner:
    """Compares clocks one by one, and collects what to write."""

    work: Work
    calendars: Calendars
    now: datetime
    earlier: Versions

    def compare_case(self, plan: ClockPlan, clocks: Sequence[ExistingClock]) -> None:
        work = self.work
        known = {(clock.kind, clock.episode): clock for clock in clocks}
        stopped, replanned = len(work.stopped), len(work.replanned)
        corrected = len(work.corrected)
        changes = [
            self._compare_clock(plan, episode, known.pop((episode.kind, episode.number), None))
            for episode in plan.episodes
        ]
        if plan.grace:
            _say_it_once(changes)
        # A late message can merge two episodes into one: the clock left over is withdrawn.
        for clock in known.values():
            _withdraw(work, plan, clock, self.now)
        work.outcomes[plan.case_id] = ClockOutcome(
            case_id=plan.case_id,
            next_due_at=min(
                (
                    change.shape.due_at
                    for change in changes
                    if not rules.is_over(change.shape) and not rules.is_held(change.shape)
                ),
                default=None,
            ),
            settled=tuple(work.stopped[stopped:]),
            replanned=tuple(work.replanned[replanned:]),
            corrected=tuple(work.corrected[corrected:]),
        )

    def _compare_clock(
        self, plan: ClockPlan, episode: EpisodeSpec, before: ExistingClock | None
    ) -> ClockChange:
        moment = self._moment(before)
        moved = before is None or (plan.anew and not rules.is_over(before.shape))
        own = self._own_policy(plan, before)
        other_steps = moved and own.steps(episode.kind) != plan.policy.steps(episode.kind)
        if not moved:
            plan = replace(plan, policy=own)
        kept = before.calendar_version if before and not moved else None
        hours, version = self.calendars(plan.policy.calendar_id, kept)
        if episode.until is not None:
            # A platform knows neither our hours nor our pauses.
            episode, hours, version = replace(episode, pauses=()), ALWAYS, None
        shape = rules.shape_clock(episode, plan.policy, moment, channel=plan.channel, hours=hours)
        fresh = rules.needs_new_timers(before.shape if before else None, shape) or other_steps
        change = ClockChange(
            clock_id=before.id if before else ids.new_id(),
            plan=plan,
            kind=episode.kind,
            episode=episode.number,
            shape=shape,
            generation=_generation(before, replanned=fresh),
            calendar_version=version,
            trigger_message_id=episode.trigger_message_id,
            settling_message_id=episode.settling_message_id,
            corrections=_corrections(before, shape, self.now),
        )
        if rules.is_over(shape):
            if before is not None and not rules.is_over(before.shape):
                self.work.stopped.append(change.clock_id)
        elif fresh:
            if before is not None:
                self.work.replanned.append(change.clock_id)
            steps = plan.policy.steps(episode.kind)
            change.timers = rules.plan_timers(
                shape, episode.pauses, steps, moment, grace=plan.grace, hours=hours
            )
        elif before is not None and before.shape.tier is not shape.tier:
            self.work.retiered[change.clock_id] = shape.tier
        _place(self.work, change, before)
        return change

    def _moment(self, before: ExistingClock | None) -> datetime:
        """A timer may have fired after this transaction's time was taken: do not unsay it."""
        missed_at = before.shape.missed_at if before is not None else None
        return self.now if missed_at is None else max(self.now, missed_at)

    def _own_policy(self, plan: ClockPlan, before: ExistingClock | None) -> Policy:
        """The version a clock started under, or was moved to while it was open."""
        if before is None:
            return plan.policy
        return self.earlier.get((before.policy_id, before.policy_version), plan.policy)


def _say_it_once(changes: Sequence[ClockChange]) -> None:
    """Of misses only now found out in one case, one alarms: that somebody waits for an answer."""
    found = [
        (change, place)
        for change in sorted(changes, key=lambda change: change.kind is ClockKind.RESOLUTION)
        for place, timer in enumerate(change.timers)
        if timer.state is TimerState.PENDING and timer.note is not None
    ]
    for change, place in found[1:]:
        change.timers[place] = replace(change.timers[place], state=TimerState.SKIPPED)


def _place(work: Work, change: ClockChange, before: ExistingClock | None) -> None:
    if before is None:
        work.added.append(change)
    elif before.shape != change.shape or _is_of_another_version(before, change):
        work.changed.append(change)
        if rules.is_verdict_turned(before.shape, change.shape):
            work.corrected.append((change.clock_id, change.shape.state))
    else:
        return
    started_quietly = before is None and change.shape.state is ClockState.RUNNING
    same_state = before is not None and before.shape.state is change.shape.state
    if not started_quietly and not same_state:
        work.facts.append(
            clock_changed(change.clock_id, change.plan.case_id, change.kind.value, change.shape)
        )


def _is_of_another_version(before: ExistingClock, change: ClockChange) -> bool:
    policy = change.plan.policy
    return (before.policy_id, before.policy_version, before.calendar_version) != (
        policy.id,
        policy.version,
        change.calendar_version,
    )


def _withdraw(work: Work, plan: ClockPlan, clock: ExistingClock, now: datetime) -> None:
    if clock.shape.state is ClockState.VOID and clock.shape.void_reason == WITHDRAWN:
        return
    values = _columns(clock.shape) | {
        "state": ClockState.VOID,
        "settled_at": clock.shape.settled_at or now,
        "met_at": None,
        "missed_at": None,
        "paused_until": None,
        "pause_reason": None,
        "void_reason": WITHDRAWN,
        "counted_seconds": None,
    }
    shape = ClockShape(**values)
    work.stopped.append(clock.id)
    change = ClockChange(
        clock_id=clock.id,
        plan=plan,
        kind=clock.kind,
        episode=clock.episode,
        shape=shape,
        generation=clock.generation,
        calendar_version=clock.calendar_version,
        trigger_message_id=None,
        settling_message_id=None,
        corrections=_corrections(clock, shape, now),
    )
    _place(work, change, clock)


def _generation(before: ExistingClock | None, *, replanned: bool) -> int:
    if before is None:
        return 1
    return before.generation + 1 if replanned else before.generation


def _corrections(
    before: ExistingClock | None, shape: ClockShape, now: datetime
) -> list[dict[str, Any]]:
    if before is None:
        return []
    if not rules.is_correction(before.shape, shape):
        return before.corrections
    was = before.shape
    note = {
        "corrected_at": now.isoformat(),
        "from": was.state.value,
        "to": shape.state.value,
        "met_at": was.met_at.isoformat() if was.met_at else None,
        "missed_at": was.missed_at.isoformat() if was.missed_at else None,
    }
    return [*before.corrections, note]
