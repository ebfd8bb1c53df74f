"""Move open cases to the current version of their policy: first looked at, then done in batches."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts import service as alerts
from services.core.calendars import service as calendars
from services.core.cases import service as cases
from services.core.conversations import service as conversations
from services.core.conversations.types import Touched
from services.core.desk import service as desk
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla import service as sla
from services.core.sla.errors import LateAtOnceError
from services.core.sla.types import Move, Policy, Replan
from services.core.triage.types import Tier

# So few that intake, which needs the same threads, never waits long for them.
BATCH = 500
LANES = 2
# A preview looks at so many cases; a look at more would last longer than people wait.
MOST_LOOKED_AT = 2_000
EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """What a re-plan would do. `cases` are open, `looked_at` of them were counted.

    `clocks_by_tier` move; `late` of them would be late at once. `earlier` and `later` are the
    largest moves of a due time in either direction.
    """

    cases: int
    looked_at: int
    clocks: int = 0
    clocks_by_tier: dict[Tier, int] = field(default_factory=dict)
    late: int = 0
    earlier: timedelta = timedelta()
    later: timedelta = timedelta()
    examples: tuple[Move, ...] = ()

    @property
    def in_words(self) -> str:
        return (
            f"{self.clocks} promises of {self.looked_at} open cases would move"
            f" ({self.cases} are open); {self.late} would be late at once."
        )


async def preview(uow: UnitOfWork, policy_id: UUID) -> Preview:
    """Look, without changing or locking anything. Raises NotFoundError."""
    policy = await sla.get_policy(uow, policy_id)
    return await _preview(uow, [policy])


async def preview_of_calendar(uow: UnitOfWork, calendar_id: UUID) -> Preview:
    """The same for every live policy that counts in this calendar. Raises NotFoundError."""
    return await _preview(uow, await _counting_in(uow, calendar_id))


async def _preview(uow: UnitOfWork, policies: Sequence[Policy]) -> Preview:
    total = seen = 0
    moves: list[Move] = []
    for policy in policies:
        total += await cases.count_open_of_policy(uow, policy.id)
        seen += await _look(uow, policy, MOST_LOOKED_AT - seen, moves)
    return _summed_up(total, seen, moves)


async def _look(uow: UnitOfWork, policy: Policy, most: int, moves: list[Move]) -> int:
    """Add what would move to `moves`; returns how many cases were looked at."""
    seen = 0
    after: UUID | None = None
    while seen < most:
        found = await cases.list_open_of_policy(uow, policy.id, after=after, limit=BATCH)
        if found:
            swift, decided = await cases.list_swift_moves(uow, policy, [row.id for row in found])
            left = [row for row in found if row.id not in decided]
            plans = await cases.read_plans_anew(uow, _touched(left)) if left else []
            moves += swift
            moves += await sla.list_moves(uow, plans) if plans else []
            seen += len(found)
            after = found[-1].id
        if len(found) < BATCH:
            break
    return seen


async def start(uow: UnitOfWork, policy_id: UUID, *, confirmed_late: int | None) -> Replan:
    """Begin a re-plan; a worker does it.

    Raises NotFoundError, and LateAtOnceError when more clocks would be late at once than were
    confirmed.
    """
    found = await preview(uow, policy_id)
    if found.late > (confirmed_late or 0):
        raise LateAtOnceError(found.late)
    return await sla.start_replan(uow, policy_id, found.cases)


async def start_of_calendar(
    uow: UnitOfWork, calendar_id: UUID, *, confirmed_late: int | None
) -> list[Replan]:
    """Begin a re-plan of each live policy that counts in this calendar; raises as `start`."""
    policies = await _counting_in(uow, calendar_id)
    found = await _preview(uow, policies)
    if found.late > (confirmed_late or 0):
        raise LateAtOnceError(found.late)
    return [
        await sla.start_replan(uow, policy.id, await cases.count_open_of_policy(uow, policy.id))
        for policy in policies
    ]


async def _counting_in(uow: UnitOfWork, calendar_id: UUID) -> list[Policy]:
    """There are as many as people wrote: few enough to be gone through one by one."""
    calendar = await calendars.get_calendar(uow, calendar_id)
    return [each for each in await sla.list_policies(uow) if each.calendar_id == calendar.id]


async def carry_on(database: Database, *, batch: int = BATCH) -> int:
    """A few batches of each re-plan that is not done; returns how many cases were looked at.

    Interrupted at any point, it goes on behind the last batch; planning a case twice changes
    nothing.
    """
    done = 0
    for workspace_id, replan_id in await sla.list_due_replans(database):
        done += await _carry_on(database, workspace_id, replan_id, batch)
    return done


async def _carry_on(database: Database, workspace_id: UUID, replan_id: UUID, batch: int) -> int:
    """Batches beside each other, each in a unit of its own: one is written while one is worked out.

    They are noted once all are written; if one is not, all are done again.
    """
    async with database.unit(workspace_id) as uow:
        replan = await sla.take_replan(uow, replan_id)
        if replan is None:
            return 0
        most = LANES * batch
        found = await cases.list_open_of_policy(
            uow, replan.policy_id, after=replan.last_case_id, limit=most
        )
        came_to = await asyncio.gather(
            *(
                _plan_anew(database, workspace_id, replan.policy_id, found[at : at + batch])
                for at in range(0, len(found), batch)
            ),
            return_exceptions=True,
        )
        moved = sum(_or_raise(each) for each in came_to)
        last = found[-1].id if len(found) == most else None
        await sla.note_replan(uow, replan, last=last, done=len(found), moved=moved)
    # The end of a re-plan is work as well: another look tells whether more follows at once.
    return max(len(found), 1)


def _or_raise(came_to: int | BaseException) -> int:
    if isinstance(came_to, BaseException):
        raise came_to
    return came_to


async def _plan_anew(
    database: Database, workspace_id: UUID, policy_id: UUID, found: Sequence[Row[Any]]
) -> int:
    """Move these cases; returns how many clocks were planned anew."""
    async with database.unit(workspace_id) as uow:
        await conversations.hold_threads(uow, list({case.thread_id for case in found}))
        return await _move(uow, policy_id, found)


async def _move(uow: UnitOfWork, policy_id: UUID, found: Sequence[Row[Any]]) -> int:
    decided: set[UUID] = set()
    swift: Sequence[UUID] = ()
    policies = {policy.id: policy for policy in await sla.list_policies(uow)}
    if policy_id in policies:  # one that was archived since has no version in force
        ids = [case.id for case in found]
        decided, swift = await cases.move_swiftly(uow, policies[policy_id], ids)
        await alerts.settle(uow, swift, resolution="planned anew")
    left = [case for case in found if case.id not in decided]
    refolded = await desk.settle(uow, _touched(left), resolution="planned anew", anew=True)
    return len(swift) + len(refolded.replanned)


def _touched(found: Sequence[Row[Any]]) -> list[Touched]:
    """Each thread once, from its earliest of these cases."""
    since: dict[UUID, Touched] = {}
    for case in found:
        known = since.get(case.thread_id)
        at = min(case.opened_at, known.since) if known else case.opened_at
        since[case.thread_id] = Touched(case.thread_id, at)
    return list(since.values())


def _summed_up(total: int, seen: int, moves: Sequence[Move]) -> Preview:
    shifts = [move.due_after - move.due_before for move in moves]
    return Preview(
        cases=total,
        looked_at=seen,
        clocks=len(moves),
        clocks_by_tier=dict(Counter(move.tier for move in moves)),
        late=sum(move.late_at_once for move in moves),
        earlier=max((-shift for shift in shifts if shift < timedelta()), default=timedelta()),
        later=max((shift for shift in shifts if shift > timedelta()), default=timedelta()),
        examples=tuple(sorted(moves, key=lambda move: not move.late_at_once)[:EXAMPLES]),
    )
