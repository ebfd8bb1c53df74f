"""Say how promises were kept, what will be missed next, and when misses come too fast."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.types import BurnNotice
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.uow import Database, UnitOfWork
from services.core.objectives import repository, rules
from services.core.objectives.errors import KeyOfSplitError
from services.core.objectives.types import (
    Attainment,
    Band,
    Burn,
    Burning,
    By,
    Cell,
    Counts,
    Objective,
    Pace,
    Range,
    RiskPlace,
    RowPlace,
    Selection,
    Share,
    Standing,
    Times,
    View,
)

BURN_OVER: Final = "the burn has ended"
BANDS: Final = ("under_4h", "between", "over_12h")
_NO_TIMES: Final = Times(0, None, None, None)
_NO_SHARE: Final = Share(0, 0, 0, None)
_NOTHING: Final = Cell(_NO_SHARE, _NO_SHARE, _NO_SHARE, _NO_TIMES, _NO_TIMES, (0, 0, 0, 0, 0))


def read_range(
    uow: UnitOfWork, start: datetime | date | None, end: datetime | date | None, zone: str
) -> Range:
    """The range somebody asks for. Raises UnknownTimeZoneError, RangeError."""
    return rules.read_range(start, end, zone, uow.now)


async def measure(uow: UnitOfWork, wanted: Range, by: By) -> Attainment:
    """Attainment of the promises due in a range, split, in two statements.

    A split by member, source or channel has its first 1,000 keys.
    """
    totals = await repository.get_totals(uow, wanted)
    return Attainment(
        range=wanted,
        by=by,
        as_of=uow.now,
        items=await repository.list_cells(uow, wanted, by),
        total=totals.get("response", _NOTHING),
        resolution=totals.get("resolution", _NOTHING),
    )


async def list_rows(
    uow: UnitOfWork,
    wanted: Range,
    chosen: Selection,
    *,
    after: RowPlace | None = None,
    limit: int = 50,
) -> list[View]:
    """The promises behind a cell, the first due first. Raises KeyOfSplitError."""
    if (chosen.by is None) != (chosen.key is None):
        raise KeyOfSplitError("Give `by` and `key` together, or neither.")
    found = await repository.list_rows(uow, wanted, chosen, after, limit)
    return [_view(row) | {"took_seconds": _seconds(row.wall)} for row in found]


async def compare_bands(uow: UnitOfWork, wanted: Range) -> list[Band]:
    """What followers did next after an answer within 4 h, after more than 12 h, and between."""
    found = {band.name: band for band in await repository.list_bands(uow, wanted)}
    nobody = {"positive": 0, "neutral": 0, "negative": 0}
    return [found.get(name) or Band(name, 0, 0, 0, nobody) for name in BANDS]


async def list_at_risk(
    uow: UnitOfWork, within: timedelta, *, after: RiskPlace | None = None, limit: int = 50
) -> list[View]:
    """Promises that will be missed within this time if nobody acts, the first due first.

    Direct messages come before comments that are due at the same moment.
    """
    found = await repository.list_at_risk(uow, uow.now + within, after, limit)
    return [
        _view(row) | {"seconds_left": int((row.due_at - uow.now).total_seconds())} for row in found
    ]


async def get_standing(uow: UnitOfWork) -> Standing:
    """The objective, what is left of its budget, and whether it burns, in three statements.

    Until one is saved the default objective is shown; nobody is alarmed for it.
    """
    saved = await repository.get_objective(uow)
    objective = saved or Objective()
    since = [uow.now - timedelta(days=objective.window_days), uow.now - rules.PACE_WINDOW]
    whole, recent, *windows = await repository.count_windows(
        uow, objective.scope, [*since, *_beginnings(uow)]
    )
    return Standing(
        objective=objective,
        saved=saved is not None,
        as_of=uow.now,
        budget=rules.budget(objective, whole, recent, uow.now),
        burning=_burning(objective, windows),
        burns=await repository.list_burns(uow),
    )


async def save_objective(uow: UnitOfWork, objective: Objective) -> Standing:
    """The workspace's one objective, from now on. Repeating it changes nothing."""
    await repository.save_objective(uow, objective)
    scope = {name: [str(each) for each in of] for name, of in asdict(objective.scope).items()}
    detail = {"percent": str(objective.percent), "window_days": objective.window_days, **scope}
    await audit.record(uow, [AuditEntry("objective.saved", "objective", uow.workspace_id, detail)])
    return await get_standing(uow)


async def watch(database: Database) -> int:
    """Look at every workspace that keeps an objective; returns how many burns began or ended.

    A burn alarms once, and again only when it ended and a cool-down went by. Its alert is resolved
    when it ends. Safe to run anywhere at any time: a workspace is looked at by one worker at once.
    """
    async with database.system() as uow:
        workspaces = await repository.list_workspaces_with_objectives(uow)
    changed = 0
    for workspace_id in workspaces:
        async with database.unit(workspace_id) as uow:
            changed += await _look(uow)
    return changed


async def _look(uow: UnitOfWork) -> int:
    objective = await repository.lock_objective(uow)
    if objective is None:
        return 0
    counts = await repository.count_windows(uow, objective.scope, _beginnings(uow))
    last = await repository.get_last_burns(uow)
    changed = 0
    for now_burning in _burning(objective, counts):
        changed += await _compare(uow, now_burning, last.get(now_burning.pace))
    return changed


async def _compare(uow: UnitOfWork, found: Burning, last: Burn | None) -> int:
    going_on = last is not None and last.ended_at is None
    if found.burns and not going_on:
        ended_at = last.ended_at if last else None
        if not rules.may_begin(found.pace, ended_at, uow.now):
            return 0
        await _begin(uow, found)
        return 1
    if last is not None and going_on and not found.burns:
        await repository.end_burn(uow, last.id)
        await alerts.settle_burns(uow, [last.id], resolution=BURN_OVER)
        return 1
    return 0


async def _begin(uow: UnitOfWork, found: Burning) -> UUID:
    burn_id = ids.new_id()
    await repository.begin_burn(uow, burn_id, found.pace)
    detail = {
        "pace": found.pace.value,
        "hours": int(rules.WINDOWS[found.pace].long / rules.HOUR),
        "missed": found.long.missed,
        "decided": found.long.decided,
        "times": found.long_rate,
    }
    is_fast = found.pace is Pace.FAST
    await alerts.raise_for_burn(uow, BurnNotice(burn_id, is_fast, detail))
    return burn_id


def _beginnings(uow: UnitOfWork) -> list[Any]:
    """Where the long and the short window of each pace begin, in the order of the paces."""
    windows = rules.WINDOWS.values()
    return [uow.now - length for each in windows for length in (each.long, each.short)]


def _burning(objective: Objective, counts: list[Counts]) -> tuple[Burning, ...]:
    pairs = zip(counts[::2], counts[1::2], strict=True)
    return tuple(
        rules.burning(objective, pace, long, short)
        for pace, (long, short) in zip(rules.WINDOWS, pairs, strict=True)
    )


def _view(row: Any) -> View:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def _seconds(wall: Any) -> float | None:
    return None if wall is None else round(float(wall), 3)
