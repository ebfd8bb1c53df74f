"""Keep sums of days true: do again what changed, rebuild on demand, recount and compare."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.changes import service as changes
from services.core.kit.clock import monotonic
from services.core.kit.uow import Database, UnitOfWork
from services.core.metrics import rules
from services.core.metrics.definitions import DIGEST, ROLLED
from services.core.metrics.repository import summing
from services.core.metrics.types import Head, Mismatch, Recount
from services.core.objectives.types import Range

log = structlog.get_logger(__name__)

# Days of one unit: seconds at most, so that what is noted meanwhile is not left waiting.
DAYS_A_UNIT: Final = 5
# What the nightly recount goes back: a late arrival is rarely later.
RECOUNT_DAYS: Final = 35
RECOUNT_EVERY: Final = timedelta(hours=24)
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


async def refresh(database: Database, *, zone: str) -> tuple[int, bool]:
    """Do the days again in which something changed, the newest of each workspace first.

    Returns how many days were done, and whether any workspace may have older ones left. One nobody
    has summed up yet begins with its whole past, in days of `zone`. One that takes long rests, so
    that a day in which something is said every second takes a tenth of the time at most; one that
    cannot be summed up rests too, and keeps no other from it. Safe to run anywhere at any time: a
    workspace is held by one worker.
    """
    async with database.system() as uow:
        waiting = await summing.list_waiting(uow, DIGEST)
    waiting = list(dict.fromkeys([*await changes.list_workspaces(database), *waiting]))
    done, more = 0, False
    for workspace_id in waiting:
        days, left = await _refresh_apart(database, workspace_id, zone)
        done, more = done + days, more or left
    return done, more


async def _refresh_apart(database: Database, workspace_id: UUID, zone: str) -> tuple[int, bool]:
    """Some days at once, a single one where that cannot be, and a long rest where not even that."""
    for most in (DAYS_A_UNIT, 1):
        async with _apart(database, workspace_id), database.unit(workspace_id) as uow:
            await uow.plan_alike()
            head = await summing.lock_head(uow, zone)
            if head is None or rules.is_resting(head, uow.real_now):
                return 0, False
            began = monotonic()
            days = await _refresh(uow, head, most)
            if 0 < days < most:
                await summing.rest(uow, rules.rest_after(monotonic() - began, uow.real_now))
            return days, days == most
    async with _apart(database, workspace_id), database.unit(workspace_id) as uow:
        await summing.rest(uow, uow.real_now + rules.LONGEST_REST)
    return 0, False


async def catch_up(database: Database, workspace_id: UUID, *, zone: str) -> int:
    """The same for one workspace, until no day is left that had changed before."""
    done, days = 0, DAYS_A_UNIT
    while days == DAYS_A_UNIT:
        async with database.unit(workspace_id) as uow:
            await uow.plan_alike()
            days = await _refresh(uow, await summing.hold_head(uow, zone), DAYS_A_UNIT)
        done += days
    return done


async def rebuild(
    database: Database, workspace_id: UUID, first: date | None, last: date | None, *, zone: str
) -> int:
    """Do the days from one to another again, or all there are; returns how many were done."""
    async with database.unit(workspace_id) as uow:
        head = await summing.hold_head(uow, zone)
        bounds = await _bounds(uow, head.zone)
        first, last = max(first or bounds[0], bounds[0]), min(last or bounds[1], bounds[1])
        await _spoil_all(uow, first, last)
    return await catch_up(database, workspace_id, zone=zone)


async def set_zone(uow: UnitOfWork, zone: str) -> None:
    """Whose days are summed up from now on; another zone's begin anew, with the whole past.

    Raises UnknownTimeZoneError.
    """
    rules.require_zone(zone, pointer="/tz")
    head = await summing.hold_head(uow, zone)
    if head.zone == zone:
        return
    await summing.forget_days(uow)
    await summing.save_head(uow, zone, "")
    detail = {"before": head.zone, "after": zone}
    await audit.record(
        uow, [AuditEntry("metrics.zone_chosen", "workspace", uow.workspace_id, detail)]
    )


async def get_zone(uow: UnitOfWork, default: str) -> str:
    head = await summing.get_head(uow)
    return head.zone if head else default


async def recount(
    database: Database, workspace_id: UUID, first: date | None = None, last: date | None = None
) -> Recount:
    """Compare the sums of days with the rows they stand for, to the last digit.

    Without days, the last `RECOUNT_DAYS`. Days something changed in meanwhile are told apart.
    """
    async with database.unit(workspace_id) as uow:
        head = await summing.get_head(uow)
        if head is None:
            return Recount(0, 0, [])
        bounds = await _bounds(uow, head.zone)
    last = min(last or bounds[1], bounds[1])
    first = max(first or last - timedelta(days=RECOUNT_DAYS), bounds[0])
    found: list[Mismatch] = []
    days = max((last - first).days + 1, 0)
    # Who is new on a day hangs on all days before it, so people are compared from the beginning.
    day = bounds[0]
    while day <= last:
        async with database.unit(workspace_id) as uow:
            await uow.plan_alike()
            found += await _recount_day(uow, day, head.zone, people_only=day < first)
        day += timedelta(days=1)
    async with database.unit(workspace_id) as uow:
        await summing.hold_head(uow, head.zone)
        stale = await _stale_days(uow, bounds[0], last, head.zone)
        within = await summing.compare_within(uow, first, last)
        found += [each for each in within if not any(day <= each.day for day in stale)]
        kept = [day for day in stale if day >= first]
        await summing.note_recount(uow, len(found))
    return Recount(days - len(kept), len(kept), found)


async def recount_due(database: Database) -> int:
    """Recount the workspaces whose last recount is a day old; returns how many."""
    async with database.system() as uow:
        due = await summing.list_to_recount(uow, uow.now - RECOUNT_EVERY)
    for workspace_id in due:
        async with _apart(database, workspace_id):
            await recount(database, workspace_id)
    return len(due)


@asynccontextmanager
async def _apart(database: Database, workspace_id: UUID) -> AsyncIterator[None]:
    """Whatever goes wrong inside is this workspace's: the others have their turns.

    Raises UnavailableError when it is the database that is away.
    """
    try:
        yield
    except Exception:
        log.exception("metrics.workspace_broke", workspace_id=str(workspace_id))
        # Opened for its clock: a database that does not answer is no workspace's fault.
        async with database.system():
            pass


async def _refresh(uow: UnitOfWork, head: Head, most: int) -> int:
    if head.digest != DIGEST:
        await _spoil_all(uow, *await _bounds(uow, head.zone))
        await summing.save_head(uow, head.zone, DIGEST)
    await _take_notes(uow, head)
    days = await summing.list_stale(uow, most)
    if days:
        await summing.replace_days(uow, {day: rules.day_range(day, day, head.zone) for day in days})
    return len(days)


async def _take_notes(uow: UnitOfWork, head: Head) -> None:
    noted = await changes.take(uow)
    days = [
        (day, each.noted_at) for each in noted for day in rules.local_days(each.hour, head.zone)
    ]
    await summing.spoil(uow, days)


async def _spoil_all(uow: UnitOfWork, first: date, last: date) -> None:
    days: Sequence[date] = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    await summing.spoil(uow, [(day, uow.real_now) for day in days])


async def _bounds(uow: UnitOfWork, zone: str) -> tuple[date, date]:
    """The first and the last day anything counts on; today in an empty workspace."""
    first, last = await summing.get_bounds(uow) or (uow.now, uow.now)
    wanted = Range(first, max(last, uow.now) + timedelta(microseconds=1), zone)
    days = rules.days_of(wanted)
    return days[0], days[-1]


async def _recount_day(
    uow: UnitOfWork, day: date, zone: str, *, people_only: bool
) -> list[Mismatch]:
    """What does not agree, unless the day is to be done again anyway.

    The head is held meanwhile, so that no other worker takes the notes of what is counted here.
    """
    await summing.hold_head(uow, zone)
    days = await summing.list_days(uow, day, day)
    as_of = days[0].as_of if days and days[0].as_of else uow.now
    span = rules.day_range(day, day, zone)
    found = await summing.compare_people(uow, day, span)
    if not people_only:
        for definition in ROLLED:
            found += await summing.compare_day(uow, definition, day, span, as_of)
    return [] if day in await _stale_days(uow, day, day, zone) else found


async def _stale_days(uow: UnitOfWork, first: date, last: date, zone: str) -> list[date]:
    """Days to be done again: those known to be, and those a note was left about."""
    known = {row.day for row in await summing.list_days(uow, first, last) if row.stale_since}
    for each in await changes.look(uow):
        known |= rules.local_days(each.hour, zone)
    return sorted(day for day in known if first <= day <= last)
