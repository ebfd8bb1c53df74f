"""Move open clocks to the version in force of their policy, without folding their cases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.calendars import service as calendars
from services.core.calendars.types import Standstill
from services.core.changes import service as changes
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.sla import moving, repository
from services.core.sla.facts import missed_fact
from services.core.sla.moving import Counting, Moved, Mover, OpenClock
from services.core.sla.service.policies import list_versions
from services.core.sla.types import ClockKind, ClockState, Move, OpenCase, Policy
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.triage.types import Tier


@dataclass(frozen=True, slots=True)
class SwiftlyMoved:
    """What a swift move came to.

    `next_due_at` has every case that was decided; the others are for the fold. `replanned` are
    clocks whose moments are others now.
    """

    next_due_at: Mapping[UUID, datetime | None]
    replanned: Sequence[UUID] = ()


async def move_swiftly(
    uow: UnitOfWork, policy: Policy, open_cases: Sequence[OpenCase]
) -> SwiftlyMoved:
    """Write what a fold with `anew` would write of the clocks of these cases, where rows say it.

    The caller holds the threads and the cases, and no person's act paused them. The number of
    statements does not grow with the number of cases.
    """
    by_case, rows = await _decide(uow, policy, open_cases, lock=True)
    decided = {case_id: moved for case_id, moved in by_case.items() if moved is not None}
    every = [each for moved in decided.values() for each in moved]
    changed = [each for each in every if _is_changed(each, rows[each.clock.id], policy)]
    fresh = [each for each in changed if each.fresh]
    await repository.change_clocks(uow, [_clock_row(uow, policy, each) for each in changed])
    missing = await repository.move_timers(uow, list(_timer_rows(fresh)))
    later = {each.clock.id: each.generation for each in fresh}
    await repository.cancel_earlier_timers(uow, later, "planned anew")
    await repository.add_timers(uow, [row | {"id": ids.new_id()} for row in missing])
    await changes.note(uow, _moments(changed))
    late = [each for each in changed if each.state is ClockState.MISSED]
    await stream.announce(uow, [_missed(each) for each in late])
    return SwiftlyMoved(
        {
            case_id: min((each.due_at for each in moved), default=None)
            for case_id, moved in decided.items()
        },
        [each.clock.id for each in fresh],
    )


async def list_swift_moves(
    uow: UnitOfWork, policy: Policy, open_cases: Sequence[OpenCase]
) -> tuple[list[Move], set[UUID]]:
    """What `move_swiftly` would do, and the cases it would decide; nothing is locked or written."""
    by_case, rows = await _decide(uow, policy, open_cases, lock=False)
    moves = [
        Move(
            clock_id=each.clock.id,
            case_id=case_id,
            kind=each.clock.kind,
            tier=each.clock.tier,
            due_before=each.clock.due_at,
            due_after=each.due_at,
            late_at_once=each.state is ClockState.MISSED,
        )
        for case_id, moved in by_case.items()
        for each in moved or ()
        if _is_changed(each, rows[each.clock.id], policy)
    ]
    return moves, {case_id for case_id, moved in by_case.items() if moved is not None}


async def _decide(
    uow: UnitOfWork, policy: Policy, open_cases: Sequence[OpenCase], *, lock: bool
) -> tuple[dict[UUID, list[Moved] | None], dict[UUID, Row[Any]]]:
    plain = await _unpaused(uow, open_cases)
    found = await repository.list_open_clocks(uow, list(plain), lock=lock)
    foreign = {row.case_id for row in found if row.policy_id != policy.id}
    clocks = [_read(row, plain[row.case_id]) for row in found if row.case_id not in foreign]
    before = {each.version: each for each in await list_versions(uow, policy.id)}
    mover = Mover(policy, before, await _counting(uow, policy, before, clocks), uow.now)
    by_case: dict[UUID, list[Moved] | None] = {
        case_id: [] for case_id in plain if case_id not in foreign
    }
    by_case |= moving.move_cases(mover, clocks)
    return by_case, {row.id: row for row in found}


async def _unpaused(uow: UnitOfWork, open_cases: Sequence[OpenCase]) -> dict[UUID, OpenCase]:
    """Those of the cases in whose time the workspace and their source never stood still."""
    since = min((case.opened_at for case in open_cases), default=None)
    stood = await calendars.list_pausing(uow, since) if since is not None else []
    return {
        case.id: case
        for case in open_cases
        if not any(_stops(standstill, case) for standstill in stood)
    }


def _stops(standstill: Standstill, case: OpenCase) -> bool:
    if standstill.source_id not in {None, case.source_id}:
        return False
    return standstill.ends_at is None or standstill.ends_at > case.opened_at


async def _counting(
    uow: UnitOfWork, after: Policy, before: Mapping[int, Policy], clocks: Sequence[OpenClock]
) -> Counting:
    """The hours old and new promises count in; no statement where no version has a calendar."""
    started = {(each.policy_version, each.calendar_version) for each in clocks}
    wanted = {(before[of].calendar_id, version) for of, version in started}
    wanted.add((after.calendar_id, None))
    asked = {(calendar_id, version) for calendar_id, version in wanted if calendar_id is not None}
    return await calendars.open_hours(uow, asked) if asked else {}


def _read(row: Row[Any], case: OpenCase) -> OpenClock:
    return OpenClock(
        id=row.id,
        case_id=row.case_id,
        kind=ClockKind(row.kind),
        tier=Tier(row.tier),
        channel=case.channel,
        state=ClockState(row.state),
        started_at=row.started_at,
        due_at=row.due_at,
        target_due_at=row.target_due_at or row.due_at,
        promise_due_at=row.promise_due_at,
        limit_at=row.limit_at,
        budget_seconds=row.budget_seconds,
        paused_seconds=row.paused_seconds,
        generation=row.generation,
        policy_version=row.policy_version,
        calendar_version=row.calendar_version,
        asked_tier=Tier(row.asked_tier) if row.asked_tier else None,
        overridden=case.overridden,
    )


def _is_changed(moved: Moved, row: Row[Any], policy: Policy) -> bool:
    return moved.fresh or (
        moved.state,
        moved.target_due_at,
        moved.promise_due_at,
        moved.limit_at,
        policy.version,
        moved.calendar_version,
    ) != (
        row.state,
        row.target_due_at or row.due_at,
        row.promise_due_at,
        row.limit_at,
        row.policy_version,
        row.calendar_version,
    )


def _clock_row(uow: UnitOfWork, policy: Policy, moved: Moved) -> dict[str, Any]:
    return {
        "id": moved.clock.id,
        "state": moved.state.value,
        "due_at": moved.due_at,
        "target_due_at": moved.target_due_at,
        "promise_due_at": moved.promise_due_at,
        "limit_at": moved.limit_at,
        "budget_seconds": moved.budget_seconds,
        "missed_at": moved.due_at if moved.state is ClockState.MISSED else None,
        "policy_version": policy.version,
        "calendar_version": moved.calendar_version,
        "generation": moved.generation,
        "updated_at": uow.now,
    }


def _missed(moved: Moved) -> Fact:
    clock = moved.clock
    return missed_fact(clock.id, clock.case_id, clock.kind, clock.tier, moved.due_at)


def _timer_rows(fresh: Sequence[Moved]) -> Iterator[dict[str, Any]]:
    for moved in fresh:
        for timer in moved.timers:
            yield {
                "clock_id": moved.clock.id,
                "case_id": moved.clock.case_id,
                "percent": timer.percent,
                "generation": moved.generation,
                "fire_at": timer.fire_at,
                "state": timer.state.value,
                "fired_at": None,
                "note": timer.note,
                "tier": moved.clock.tier.value,
            }


def _moments(changed: Sequence[Moved]) -> Iterator[datetime]:
    """When each promise began, was due and is due: sums of those days are to be made again."""
    for moved in changed:
        if moved.clock.kind is not ClockKind.REPLY_WINDOW:
            yield from (moved.clock.started_at, moved.clock.due_at, moved.due_at)
