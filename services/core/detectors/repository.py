"""SQL of detectors: their definitions, their figures, and the firings that follow."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.alerts.types import Severity
from services.core.detectors import statements
from services.core.detectors.models import DetectorFiringRow, DetectorRow
from services.core.detectors.types import (
    Detector,
    DetectorDraft,
    DetectorKind,
    Due,
    Figure,
    Firing,
)
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.triage.types import Tier

# (workspace, detector) of the last one seen.
Place = tuple[UUID, UUID]
# (detector, subject, weeks ago) to what was counted.
Counted = dict[tuple[UUID, str, int], Figure]
FIRST_PLACE: Place = (UUID(int=0), UUID(int=0))
KNOWN = """
SELECT EXISTS (SELECT 1 FROM {table} WHERE workspace_id = :workspace_id AND id = :id)
"""
HAS_ANY = "SELECT EXISTS (SELECT 1 FROM detectors WHERE workspace_id = :workspace_id)"
WITH_ROTAS = """
SELECT DISTINCT workspace_id FROM rotas
WHERE workspace_id = ANY(CAST(:workspace_ids AS uuid[])) AND archived_at IS NULL
"""
SOURCES = "SELECT id, name FROM sources WHERE workspace_id = :workspace_id AND deleted_at IS NULL"


async def list_detectors(uow: UnitOfWork, *, lock: bool = False) -> list[Detector]:
    """Live ones by name."""
    query = (
        select(DetectorRow.__table__)
        .where(DetectorRow.workspace_id == uow.workspace_id, DetectorRow.archived_at.is_(None))
        .order_by(DetectorRow.name, DetectorRow.id)
    )
    found = await uow.execute(query.with_for_update() if lock else query)
    return [_read(row) for row in found]


async def lock_enabled(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Detector]:
    """Those of them that are still switched on, held until this unit ends."""
    query = (
        select(DetectorRow.__table__)
        .where(
            DetectorRow.workspace_id == uow.workspace_id,
            DetectorRow.id.in_(sorted(ids)),
            DetectorRow.enabled,
            DetectorRow.archived_at.is_(None),
        )
        .order_by(DetectorRow.id)
        .with_for_update()
    )
    return {row.id: _read(row) for row in await uow.execute(query)}


async def list_due(
    uow: UnitOfWork, after: Place, limit: int, *, drifts: bool
) -> tuple[list[Due], Place | None]:
    """Switched-on detectors of all workspaces with the minute they are judged at, in pages."""
    parameters = {
        "now": uow.now,
        "drifts": drifts,
        "after_workspace": after[0],
        "after": after[1],
        "limit": limit,
    }
    rows = list(await uow.execute(statements.DUE, parameters))
    end = (rows[-1].workspace_id, rows[-1].id) if len(rows) == limit else None
    return [Due(row.workspace_id, _read(row), row.tick, row.looked_at) for row in rows], end


async def list_waits(
    uow: UnitOfWork, workspace_ids: Iterable[UUID]
) -> dict[UUID, timedelta | None]:
    """How long the oldest message of each workspace waits to be taken in."""
    bound = {"now": uow.now, "workspace_ids": sorted(set(workspace_ids))}
    return {row.workspace_id: row.waits for row in await uow.execute(statements.WAITS, bound)}


async def note_looked(uow: UnitOfWork, due: Sequence[Due]) -> None:
    """These were judged at their minutes; a later one that another worker noted stays."""
    parameters = {
        "workspace_ids": [one.workspace_id for one in due],
        "ids": [one.detector.id for one in due],
        "ticks": [one.tick for one in due],
    }
    await uow.execute(statements.LOOKED, parameters)


async def list_minutes(
    uow: UnitOfWork, kind: DetectorKind, due: Sequence[tuple[Due, int]], *, by_source: bool
) -> dict[tuple[UUID, str], dict[datetime, Figure]]:
    """The minutes of all windows these detectors missed, each with the weeks it is compared with.

    By detector and subject; those with nothing in them are left out.
    """
    windows = [one.detector.draft.window_minutes for one, _ in due]
    parameters = {
        "workspace_ids": [one.workspace_id for one, _ in due],
        "ids": [one.detector.id for one, _ in due],
        "starts": [
            one.missed[0] - timedelta(minutes=window)
            for (one, _), window in zip(due, windows, strict=True)
        ],
        "ends": [one.missed[-1] for one, _ in due],
        "weeks": [weeks for _, weeks in due],
    }
    found: dict[tuple[UUID, str], dict[datetime, Figure]] = {}
    # Windows longer than a week meet those of the week before: each minute is kept once.
    for row in await uow.execute(statements.minutes_of_many(kind, by_source=by_source), parameters):
        figure = Figure(int(row.total), int(row.hits))
        found.setdefault((row.id, _subject(row)), {})[row.minute] = figure
    return found


async def count_figures(
    uow: UnitOfWork, kind: DetectorKind, due: Sequence[tuple[Due, int]], *, by_source: bool
) -> Counted:
    """The windows of detectors of one kind, each with how many weeks it is compared with."""
    parameters = {
        "workspace_ids": [one.workspace_id for one, _ in due],
        "ids": [one.detector.id for one, _ in due],
        "ticks": [one.tick for one, _ in due],
        "weeks": [weeks for _, weeks in due],
    }
    found = await uow.execute(statements.figures(kind, by_source=by_source), parameters)
    return {
        (row.id, _subject(row), row.week): Figure(int(row.total), int(row.hits)) for row in found
    }


async def list_since(uow: UnitOfWork, workspace_ids: Iterable[UUID]) -> dict[UUID, datetime | None]:
    """When the first message of each workspace was written."""
    found = await uow.execute(statements.SINCE, {"workspace_ids": sorted(set(workspace_ids))})
    return {row.workspace_id: row.since for row in found}


async def list_series(
    uow: UnitOfWork, draft: DetectorDraft, start: datetime, end: datetime, *, by_source: bool
) -> dict[str, list[tuple[datetime, Figure]]]:
    """Minutes with anything in them, by subject."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "source_id": draft.source_id,
        "post_id": draft.post_id,
        "rule_id": draft.rule_id,
        "words": list(draft.words),
        "start": start,
        "end": end,
    }
    found: dict[str, list[tuple[datetime, Figure]]] = {}
    statement = statements.series(draft.kind, by_source=by_source)
    for row in await uow.execute(statement, parameters):
        figure = Figure(int(row.total), int(row.hits))
        found.setdefault(_subject(row), []).append((row.minute, figure))
    return found


async def list_sources(uow: UnitOfWork) -> dict[str, str]:
    """Names of the sources that are not deleted, by subject."""
    found = await uow.execute(SOURCES, {"workspace_id": uow.workspace_id})
    return {str(row.id): row.name for row in found}


async def list_with_rotas(uow: UnitOfWork, workspace_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the workspaces that have a rota at all."""
    found = await uow.execute(WITH_ROTAS, {"workspace_ids": sorted(set(workspace_ids))})
    return set(found.scalars())


async def has_any(uow: UnitOfWork) -> bool:
    """Whether the workspace has, or ever had, a detector."""
    found = await uow.execute(HAS_ANY, {"workspace_id": uow.workspace_id})
    return bool(found.scalar_one())


async def knows(uow: UnitOfWork, table: str, id_: UUID) -> bool:
    """Whether the workspace has such a row; `table` is one of this feature's own words."""
    parameters = {"workspace_id": uow.workspace_id, "id": id_}
    return bool((await uow.execute(KNOWN.format(table=table), parameters)).scalar_one())


async def list_going_on(uow: UnitOfWork, due: Sequence[Due]) -> dict[UUID, list[Firing]]:
    """Firings that have not ended, of many workspaces, by detector."""
    parameters = {
        "workspace_ids": [one.workspace_id for one in due],
        "ids": [one.detector.id for one in due],
    }
    found: dict[UUID, list[Firing]] = {}
    for row in await uow.execute(statements.GOING_ON, parameters):
        found.setdefault(row.detector_id, []).append(_read_firing(row))
    return found


async def list_latest(
    uow: UnitOfWork, pairs: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], Firing]:
    """The last firing of each detector and subject."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "ids": [detector_id for detector_id, _ in pairs],
        "subjects": [subject for _, subject in pairs],
    }
    found = [_read_firing(row) for row in await uow.execute(statements.LATEST, parameters)]
    return {(firing.detector_id, firing.subject): firing for firing in found}


async def begin_firings(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[Firing]:
    """Those that are new: one that goes on, or began at the same look, is left alone."""
    if not rows:
        return []
    statement = (
        upsert(DetectorFiringRow).on_conflict_do_nothing().returning(*DetectorFiringRow.__table__.c)
    )
    added = await uow.execute(
        statement, [{"workspace_id": uow.workspace_id, **row} for row in rows]
    )
    return [_read_firing(row) for row in added]


async def end_firings(uow: UnitOfWork, over: Sequence[tuple[UUID, datetime]]) -> list[Firing]:
    """Each at its own moment."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "ids": [firing_id for firing_id, _ in over],
        "moments": [at for _, at in over],
    }
    return [_read_firing(row) for row in await uow.execute(statements.END, parameters)]


async def end_of_detector(uow: UnitOfWork, detector_id: UUID, at: datetime) -> list[Firing]:
    """What goes on of a detector that is changed or switched off."""
    parameters = {"workspace_id": uow.workspace_id, "detector_id": detector_id, "at": at}
    return [_read_firing(row) for row in await uow.execute(statements.END_OF_DETECTOR, parameters)]


async def list_firings(
    uow: UnitOfWork, wanted: Stretch, *, detector_id: UUID | None
) -> list[Firing]:
    """By when they began."""
    query = select(DetectorFiringRow.__table__).where(
        DetectorFiringRow.workspace_id == uow.workspace_id
    )
    if detector_id is not None:
        query = query.where(DetectorFiringRow.detector_id == detector_id)
    query = wanted.of(query, DetectorFiringRow.started_at, DetectorFiringRow.id)
    return [_read_firing(row) for row in await uow.execute(query)]


async def add_detectors(uow: UnitOfWork, detectors: Sequence[Detector]) -> None:
    """Raises IntegrityError where a live one has the name."""
    rows = [
        {"workspace_id": uow.workspace_id, "id": each.id, "created_at": each.created_at}
        | _values(each)
        for each in detectors
    ]
    await uow.execute(insert(DetectorRow), rows)


async def change_detector(uow: UnitOfWork, detector: Detector) -> None:
    await _update(uow, detector.id, _values(detector))


async def archive_detector(uow: UnitOfWork, detector_id: UUID) -> None:
    await _update(uow, detector_id, {"archived_at": uow.now})


async def _update(uow: UnitOfWork, detector_id: UUID, values: dict[str, Any]) -> None:
    await uow.execute(
        update(DetectorRow)
        .where(DetectorRow.workspace_id == uow.workspace_id, DetectorRow.id == detector_id)
        .values(values)
    )


def _values(detector: Detector) -> dict[str, Any]:
    draft = detector.draft
    return {
        "name": draft.name,
        "kind": draft.kind.value,
        "threshold": draft.threshold,
        "window_minutes": draft.window_minutes,
        "minimum": draft.minimum,
        "cool_down_minutes": draft.cool_down_minutes,
        "weeks": draft.weeks,
        "source_id": draft.source_id,
        "post_id": draft.post_id,
        "rule_id": draft.rule_id,
        "words": list(draft.words),
        "severity": draft.severity.value,
        "tier": draft.tier.value,
        "ladder_id": draft.ladder_id,
        "enabled": draft.enabled,
        "version": detector.version,
        "updated_at": detector.updated_at,
    }


def _read(row: Row[Any]) -> Detector:
    draft = DetectorDraft(
        name=row.name,
        kind=DetectorKind(row.kind),
        threshold=row.threshold,
        window_minutes=row.window_minutes,
        minimum=row.minimum,
        cool_down_minutes=row.cool_down_minutes,
        severity=Severity(row.severity),
        tier=Tier(row.tier),
        weeks=row.weeks,
        source_id=row.source_id,
        post_id=row.post_id,
        rule_id=row.rule_id,
        words=tuple(row.words),
        ladder_id=row.ladder_id,
        enabled=row.enabled,
    )
    return Detector(row.id, row.version, draft, row.created_at, row.updated_at)


def _read_firing(row: Row[Any]) -> Firing:
    return Firing(
        row.id,
        row.detector_id,
        row.subject,
        row.version,
        row.started_at,
        row.ended_at,
        row.figures,
    )


def _subject(row: Row[Any]) -> str:
    return "" if row.subject is None else str(row.subject)
