"""SQL of calendars and standstills: versions, feeds that are due, stretches that stop clocks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, update

from services.core.calendars.models import CalendarRow, CalendarVersionRow, StandstillRow
from services.core.calendars.types import (
    Calendar,
    CalendarDraft,
    Closing,
    FeedState,
    Holidays,
    Standstill,
    StandstillReason,
)
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork

DRAFT = TypeAdapter(CalendarDraft)
CLOSINGS = TypeAdapter(tuple[Closing, ...])
HOLIDAYS: TypeAdapter[Holidays | None] = TypeAdapter(Holidays | None)

COLUMNS = """
  c.id, c.feed_url, c.feed_due_at, c.last_refreshed_at, c.last_error, c.created_at,
  v.version, v.definition, v.closings, v.holidays, v.created_at AS updated_at
"""

LIVE = f"""
SELECT {COLUMNS} FROM calendars c
JOIN calendar_versions v ON v.workspace_id = c.workspace_id AND v.calendar_id = c.id
  AND v.version = c.current_version
WHERE c.workspace_id = :workspace_id AND c.archived_at IS NULL
ORDER BY c.name, c.id
"""

VERSIONS = f"""
SELECT {COLUMNS} FROM calendar_versions v
JOIN calendars c ON c.workspace_id = v.workspace_id AND c.id = v.calendar_id
WHERE v.workspace_id = :workspace_id AND v.calendar_id = :calendar_id {{stretch}}
"""

CHOSEN = f"""
SELECT {COLUMNS}
FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[])) AS w (id, version)
JOIN calendar_versions v ON v.workspace_id = :workspace_id AND v.calendar_id = w.id
  AND v.version = w.version
JOIN calendars c ON c.workspace_id = v.workspace_id AND c.id = v.calendar_id
"""

IN_FORCE = """
SELECT id, current_version FROM calendars
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

# One at a time writes a workspace's calendars or standstills: counts, circles and overlaps are
# looked at before a row is added, and another must not add its own meanwhile.
TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"

# Versions whose clocks may count in a year that began since. Read once an hour, in whole: there
# are a few for each calendar.
WITHOUT_YEAR = """
SELECT workspace_id, calendar_id, version, definition ->> 'country' AS country, holidays, created_at
FROM calendar_versions
WHERE definition ->> 'country' IS NOT NULL AND coalesce(CAST(holidays ->> 'last' AS int), 0) < :year
ORDER BY workspace_id, calendar_id, version LIMIT :limit
"""

KEEP_HOLIDAYS = """
UPDATE calendar_versions v SET holidays = CAST(w.holidays AS jsonb)
FROM unnest(CAST(:workspace_ids AS uuid[]), CAST(:calendar_ids AS uuid[]),
  CAST(:versions AS int[]), CAST(:holidays AS text[])) AS w (workspace_id, id, version, holidays)
WHERE v.workspace_id = w.workspace_id AND v.calendar_id = w.id AND v.version = w.version
"""

# Taken before it is read: who dies over a feed leaves it to the others in a while.
CLAIM_FEEDS = """
UPDATE calendars c SET feed_due_at = :leased
FROM (
  SELECT workspace_id, id FROM calendars
  WHERE feed_due_at <= :now AND feed_url IS NOT NULL AND archived_at IS NULL
  ORDER BY feed_due_at LIMIT :limit FOR UPDATE SKIP LOCKED
) AS due
WHERE c.workspace_id = due.workspace_id AND c.id = due.id
RETURNING c.workspace_id, c.id, c.feed_url
"""

# Small: a workspace stands still a few times a year.
PAUSING = """
SELECT * FROM standstills
WHERE workspace_id = :workspace_id AND pauses AND withdrawn_at IS NULL
  AND (ends_at IS NULL OR ends_at > :since)
ORDER BY starts_at, id
"""

STANDSTILLS = """
SELECT * FROM standstills
WHERE workspace_id = :workspace_id AND withdrawn_at IS NULL {stretch}
"""

ABSENT = """
SELECT * FROM standstills
WHERE workspace_id = :workspace_id AND withdrawn_at IS NULL AND reason = 'out_of_office'
  AND member_id IS NOT NULL AND starts_at < :until AND ends_at > :since
"""

TO_REPLAN = """
SELECT workspace_id, id FROM standstills WHERE replan_at <= :now
ORDER BY replan_at LIMIT :limit
"""


async def take_turns(uow: UnitOfWork, what: str) -> None:
    """Until the transaction ends, nobody else in this workspace passes here."""
    await uow.execute(TAKE_TURNS, {"turn": f"{what}/{uow.workspace_id}"})


async def list_calendars(uow: UnitOfWork) -> list[Calendar]:
    """Live ones at the versions in force, by name."""
    rows = await uow.execute(LIVE, {"workspace_id": uow.workspace_id})
    return [read_calendar(row) for row in rows]


async def list_versions(uow: UnitOfWork, calendar_id: UUID, wanted: Stretch) -> list[Calendar]:
    """By their numbers, those of archived calendars too."""
    parameters = {"workspace_id": uow.workspace_id, "calendar_id": calendar_id} | wanted.bound
    statement = VERSIONS.format(stretch=wanted.sql("v.version"))
    return [read_calendar(row) for row in await uow.execute(statement, parameters)]


async def list_chosen(uow: UnitOfWork, wanted: Sequence[tuple[UUID, int]]) -> list[Calendar]:
    parameters = {
        "workspace_id": uow.workspace_id,
        "ids": [calendar_id for calendar_id, _ in wanted],
        "versions": [version for _, version in wanted],
    }
    return [read_calendar(row) for row in await uow.execute(CHOSEN, parameters)]


async def list_in_force(uow: UnitOfWork, calendar_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Archived calendars have a version in force as well: a clock may start in one."""
    rows = await uow.execute(
        IN_FORCE, {"workspace_id": uow.workspace_id, "ids": list(calendar_ids)}
    )
    return {row.id: row.current_version for row in rows}


async def add_calendar(uow: UnitOfWork, calendar: Calendar) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "id": calendar.id,
        "created_at": calendar.created_at,
        **_columns(calendar),
    }
    await uow.execute(insert(CalendarRow).values(row))
    await _add_version(uow, calendar)


async def change_calendar(uow: UnitOfWork, calendar: Calendar) -> None:
    """Write the next version and put it in force."""
    await _update(uow, calendar.id, _columns(calendar))
    await _add_version(uow, calendar)


async def note_feed(uow: UnitOfWork, calendar_id: UUID, feed: FeedState) -> None:
    values = {
        "feed_due_at": feed.due_at,
        "last_refreshed_at": feed.last_refreshed_at,
        "last_error": feed.last_error,
    }
    await _update(uow, calendar_id, values)


async def archive_calendar(uow: UnitOfWork, calendar_id: UUID) -> None:
    await _update(uow, calendar_id, {"archived_at": uow.now, "feed_due_at": None})


async def claim_feeds(uow: UnitOfWork, lease: timedelta, limit: int) -> list[Row[Any]]:
    parameters = {"now": uow.now, "leased": uow.now + lease, "limit": limit}
    return list(await uow.execute(CLAIM_FEEDS, parameters))


async def list_without_year(uow: UnitOfWork, year: int, limit: int) -> list[Row[Any]]:
    """Of every workspace, versions that keep no holidays of this year; `holidays` are read."""
    return list(await uow.execute(WITHOUT_YEAR, {"year": year, "limit": limit}))


async def keep_holidays(uow: UnitOfWork, kept: Sequence[tuple[Row[Any], Holidays]]) -> None:
    parameters = {
        "workspace_ids": [row.workspace_id for row, _ in kept],
        "calendar_ids": [row.calendar_id for row, _ in kept],
        "versions": [row.version for row, _ in kept],
        "holidays": [HOLIDAYS.dump_json(holidays).decode() for _, holidays in kept],
    }
    await uow.execute(KEEP_HOLIDAYS, parameters)


async def list_pausing(uow: UnitOfWork, since: datetime) -> list[Standstill]:
    """Those that stop clocks and had not ended by then, in order."""
    parameters = {"workspace_id": uow.workspace_id, "since": since}
    return [read_standstill(row) for row in await uow.execute(PAUSING, parameters)]


async def list_standstills(uow: UnitOfWork, wanted: Stretch) -> list[Standstill]:
    """By when they begin."""
    bound = {"workspace_id": uow.workspace_id} | wanted.bound
    statement = STANDSTILLS.format(stretch=wanted.sql("starts_at", "id"))
    return [read_standstill(row) for row in await uow.execute(statement, bound)]


async def list_absent(uow: UnitOfWork, since: datetime, until: datetime) -> list[Standstill]:
    """Absences of members that touch a stretch of time."""
    parameters = {"workspace_id": uow.workspace_id, "since": since, "until": until}
    return [read_standstill(row) for row in await uow.execute(ABSENT, parameters)]


async def lock_standstill(
    uow: UnitOfWork, standstill_id: UUID, *, patient: bool = True
) -> Row[Any] | None:
    """The row, until the transaction ends; None when there is none, or (impatient) it is taken."""
    query = select(StandstillRow.__table__).where(
        StandstillRow.workspace_id == uow.workspace_id, StandstillRow.id == standstill_id
    )
    return (await uow.execute(query.with_for_update(skip_locked=not patient))).one_or_none()


async def get_standstill(uow: UnitOfWork, standstill_id: UUID) -> Row[Any] | None:
    query = select(StandstillRow.__table__).where(
        StandstillRow.workspace_id == uow.workspace_id,
        StandstillRow.id == standstill_id,
        StandstillRow.withdrawn_at.is_(None),
    )
    return (await uow.execute(query)).one_or_none()


async def add_standstill(uow: UnitOfWork, row: dict[str, Any]) -> None:
    await uow.execute(insert(StandstillRow).values(workspace_id=uow.workspace_id, **row))


async def change_standstill(uow: UnitOfWork, standstill_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(StandstillRow)
        .where(StandstillRow.workspace_id == uow.workspace_id, StandstillRow.id == standstill_id)
        .values(values)
    )


async def list_to_replan(uow: UnitOfWork, limit: int) -> list[Row[Any]]:
    return list(await uow.execute(TO_REPLAN, {"now": uow.now, "limit": limit}))


def read_standstill(row: Row[Any]) -> Standstill:
    return Standstill(
        id=row.id,
        reason=StandstillReason(row.reason),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        source_id=row.source_id,
        member_id=row.member_id,
        stand_in_id=row.stand_in_id,
        notice_zh=row.notice_zh,
        notice_en=row.notice_en,
        note=row.note,
        pauses=row.pauses,
        created_at=row.created_at,
        ended_at=row.ended_at,
        replan_at=row.replan_at,
        replanned=row.replanned,
    )


def read_calendar(row: Row[Any]) -> Calendar:
    return Calendar(
        id=row.id,
        version=row.version,
        draft=DRAFT.validate_python(row.definition),
        closings=CLOSINGS.validate_python(row.closings),
        holidays=HOLIDAYS.validate_python(row.holidays),
        feed=FeedState(row.feed_url, row.feed_due_at, row.last_refreshed_at, row.last_error),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _columns(calendar: Calendar) -> dict[str, Any]:
    return {
        "name": calendar.draft.name,
        "current_version": calendar.version,
        "feed_url": calendar.draft.feed_url,
        "feed_due_at": calendar.feed.due_at,
        "last_refreshed_at": calendar.feed.last_refreshed_at,
        "last_error": calendar.feed.last_error,
        "updated_at": calendar.updated_at,
    }


async def _add_version(uow: UnitOfWork, calendar: Calendar) -> None:
    row = {
        "workspace_id": uow.workspace_id,
        "calendar_id": calendar.id,
        "version": calendar.version,
        "definition": DRAFT.dump_python(calendar.draft, mode="json"),
        "closings": CLOSINGS.dump_python(calendar.closings, mode="json"),
        "holidays": HOLIDAYS.dump_python(calendar.holidays, mode="json"),
        "created_at": calendar.updated_at,
        "created_by": uow.actor.id,
    }
    await uow.execute(insert(CalendarVersionRow).values(row))


async def _update(uow: UnitOfWork, calendar_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(CalendarRow)
        .where(CalendarRow.workspace_id == uow.workspace_id, CalendarRow.id == calendar_id)
        .values(values)
    )
