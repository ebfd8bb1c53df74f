"""Runs the SQL of sums of days: which are stale, doing one anew, comparing it with the raw rows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork
from services.core.metrics import sums
from services.core.metrics.types import Definition, Head, Mismatch
from services.core.objectives.types import Range


async def list_waiting(uow: UnitOfWork, digest: str) -> list[UUID]:
    """Across workspaces: those with days to do, or never begun with."""
    return list((await uow.execute(sums.WAITING, {"digest": digest})).scalars())


async def list_to_recount(uow: UnitOfWork, before: datetime) -> list[UUID]:
    """Across workspaces: those that were not recounted since."""
    return list((await uow.execute(sums.HEADS, {"before": before})).scalars())


async def lock_head(uow: UnitOfWork, zone: str) -> Head | None:
    """The workspace's head, made if there is none; None while another worker has it."""
    await _run(uow, sums.ADD_HEAD, {"zone": zone})
    found = await _run(uow, sums.LOCK_HEAD, {})
    return _head(found[0]) if found else None


async def hold_head(uow: UnitOfWork, zone: str) -> Head:
    """The same, waiting for whoever has it: for what must not be passed by in silence."""
    await _run(uow, sums.ADD_HEAD, {"zone": zone})
    return _head((await _run(uow, sums.HOLD_HEAD, {}))[0])


async def get_head(uow: UnitOfWork) -> Head | None:
    found = await _run(uow, sums.HEAD, {})
    return _head(found[0]) if found else None


async def save_head(uow: UnitOfWork, zone: str, digest: str) -> None:
    await _run(uow, sums.SAVE_HEAD, {"zone": zone, "digest": digest})


async def rest(uow: UnitOfWork, until: datetime) -> None:
    """Not to be looked at by itself again before then."""
    await _run(uow, sums.REST, {"until": until})


async def note_recount(uow: UnitOfWork, mismatches: int) -> None:
    await _run(uow, sums.NOTE_RECOUNT, {"now": uow.real_now, "mismatches": mismatches})


async def get_bounds(uow: UnitOfWork) -> tuple[datetime, datetime] | None:
    """The first and the last moment anything counts at; None in an empty workspace."""
    (row,) = await _run(uow, sums.BOUNDS, {})
    return None if row.first is None else (row.first, row.last)


async def spoil(uow: UnitOfWork, days: Sequence[tuple[date, datetime]]) -> None:
    """These days are to be done again, each since a moment."""
    if days:
        listed = {"days": [day for day, _ in days], "since": [since for _, since in days]}
        await _run(uow, sums.SPOIL, listed)


async def forget_days(uow: UnitOfWork) -> None:
    """Nothing is summed up any more: the days are to be another zone's."""
    for table in ("metric_rollups", "metric_people", "metric_days"):
        await _run(uow, f"DELETE FROM {table} WHERE workspace_id = :workspace_id", {})


async def list_stale(uow: UnitOfWork, limit: int) -> list[date]:
    return [row.day for row in await _run(uow, sums.STALE, {"limit": limit})]


async def list_days(uow: UnitOfWork, first: date, last: date) -> list[Row[Any]]:
    return await _run(uow, sums.DAYS, {"first": first, "last": last})


async def replace_days(uow: UnitOfWork, spans: Mapping[date, Range]) -> None:
    """Sum up days from the raw rows, in place of what was kept of them."""
    touched: set[date] = set()
    # A day after the other: each is a handful of statements over its own stretch of the indexes.
    for day, span in spans.items():
        bound = _span(span) | {"day": day}
        await _run(uow, sums.CLEAR, {"day": day})
        await _run(uow, sums.PUT_ALL, bound)
        others = await _run(uow, sums.PUT_PEOPLE, bound)
        moved = {"day": day, "followers": sorted(row.follower_id for row in others)}
        touched |= {day, *(row.day for row in await _run(uow, sums.MOVE_SINCE, moved))}
        await _run(uow, sums.FRESHEN, {"day": day, "now": uow.now})
    await _run(uow, sums.PUT_WITHIN, {"days": sorted(touched)})


async def compare_day(
    uow: UnitOfWork, definition: Definition, day: date, span: Range, as_of: datetime
) -> list[Mismatch]:
    """Where the sums of a day are not what its rows say, as of when they were made."""
    bound = _span(span) | {"day": day, "now": as_of}
    return [
        Mismatch(day, definition.name, row.split, row.key, row.kept, row.counted)
        for row in await _run(uow, sums.compare(definition), bound)
    ]


async def compare_people(uow: UnitOfWork, day: date, span: Range) -> list[Mismatch]:
    """The same for who commented on a day and since when, people that differ alone."""
    return _mismatches(await _run(uow, sums.COMPARE_PEOPLE, _span(span) | {"day": day}))


async def compare_within(uow: UnitOfWork, first: date, last: date) -> list[Mismatch]:
    """The same for how many people of each day had commented within how many days before."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return _mismatches(await _run(uow, sums.COMPARE_WITHIN, {"days": days}))


def _mismatches(rows: Sequence[Row[Any]]) -> list[Mismatch]:
    return [
        Mismatch(row.day, sums.PEOPLE, sums.SINCE, row.key, row.kept, row.counted) for row in rows
    ]


async def list_sums(
    uow: UnitOfWork, metrics: Sequence[str], splits: Sequence[str], first: date, last: date
) -> list[Row[Any]]:
    """What is kept of these days."""
    wanted = {"metrics": list(metrics), "splits": list(splits), "first": first, "last": last}
    return await _run(uow, sums.SUMMED, wanted)


async def _run(uow: UnitOfWork, statement: str, bound: dict[str, Any]) -> list[Row[Any]]:
    every = {"workspace_id": uow.workspace_id, "now": uow.now} | bound
    named = {name: value for name, value in every.items() if f":{name}" in statement}
    result = await uow.execute(statement, named)
    return list(result) if result.returns_rows else []


def _span(span: Range) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "zone": span.zone}


def _head(row: Row[Any]) -> Head:
    return Head(row.zone, row.digest, row.recounted_at, row.mismatches, row.rests_until)
