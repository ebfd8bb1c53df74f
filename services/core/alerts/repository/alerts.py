"""SQL of alerts: raise once, list by time, acknowledge and resolve in sets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from services.core.alerts.models import AlertRow
from services.core.alerts.types import Alert, AlertFilter, AlertKind, AlertState, Severity
from services.core.kit.uow import UnitOfWork
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier

ACKNOWLEDGE = """
UPDATE alerts a SET state = 'acknowledged', acknowledged_at = :now, acknowledged_by = :by,
  note = coalesce(CAST(:note AS text), a.note), resume_at = rest.until, climb_at = rest.until
FROM alerts chosen,
  unnest(CAST(:tiers AS text[]), CAST(:untils AS timestamptz[])) AS rest (tier, until)
WHERE chosen.workspace_id = :workspace_id AND chosen.id = :alert_id
  AND a.workspace_id = :workspace_id AND a.tier = rest.tier
  AND (a.state = 'firing' OR (a.state = 'acknowledged' AND a.id = chosen.id AND :prolong))
  AND (a.case_id = chosen.case_id OR a.id = chosen.id)
  AND (a.id = chosen.id OR (NOT :only_this AND a.group_key = chosen.group_key))
RETURNING a.*
"""

# In one order everywhere: two people answer for two alerts of one case in the same moment.
LOCK_TOGETHER = """
SELECT a.* FROM alerts chosen JOIN alerts a
  ON a.workspace_id = :workspace_id
  AND (a.id = chosen.id OR a.state IN ('firing', 'acknowledged'))
  AND (a.case_id = chosen.case_id OR a.id = chosen.id)
  AND (a.id = chosen.id OR (NOT :only_this AND a.group_key = chosen.group_key))
WHERE chosen.workspace_id = :workspace_id AND chosen.id = :alert_id
ORDER BY a.id FOR UPDATE OF a
"""

RESOLVE = """
WITH mine AS MATERIALIZED (
  SELECT id FROM alerts
  WHERE workspace_id = :workspace_id AND state NOT IN ('resolved', 'expired')
    AND {column} = ANY(CAST(:ids AS uuid[]))
  ORDER BY id FOR UPDATE
)
UPDATE alerts a SET state = 'resolved', resolved_at = :now, resolved_by = :by,
  resolution = :resolution, note = coalesce(CAST(:note AS text), a.note),
  climb_at = NULL, resume_at = NULL
FROM mine WHERE a.workspace_id = :workspace_id AND a.id = mine.id
RETURNING a.*
"""


def read_alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        case_id=row.case_id,
        kind=AlertKind(row.kind),
        clock_id=row.clock_id,
        clock_kind=ClockKind(row.clock_kind) if row.clock_kind else None,
        rule_id=row.rule_id,
        message_id=row.message_id,
        burn_id=row.burn_id,
        detector_firing_id=row.detector_firing_id,
        detail=row.detail,
        step=row.step,
        generation=row.generation,
        severity=Severity(row.severity),
        tier=Tier(row.tier),
        state=AlertState(row.state),
        group_key=row.group_key,
        fire_at=row.fire_at,
        fired_at=row.fired_at,
        due_at=row.due_at,
        ladder=row.ladder,
        climb_at=row.climb_at,
        climb_from=row.climb_from,
        climb_position=row.climb_position,
        climb_round=row.climb_round,
        resume_at=row.resume_at,
        told_group=row.told_group,
        told_at=row.told_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        note=row.note,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        resolution=row.resolution,
        request_id=row.request_id,
    )


async def add_alerts(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[Alert]:
    """The alerts that are new; those whose identity is already there are left alone."""
    statement = insert(AlertRow).on_conflict_do_nothing().returning(*AlertRow.__table__.c)
    added = await uow.execute(
        statement, [{"workspace_id": uow.workspace_id, **row} for row in rows]
    )
    return [read_alert(row) for row in added]


async def get_alert(uow: UnitOfWork, alert_id: UUID, *, lock: bool = False) -> Alert | None:
    query = select(AlertRow.__table__).where(
        AlertRow.workspace_id == uow.workspace_id, AlertRow.id == alert_id
    )
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    return read_alert(row) if row else None


async def list_alerts(
    uow: UnitOfWork,
    wanted: AlertFilter,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
    oldest_first: bool,
) -> list[Alert]:
    """`after` is the time and id of the last one already seen."""
    query = select(AlertRow.__table__).where(AlertRow.workspace_id == uow.workspace_id)
    conditions = {
        AlertRow.state: wanted.state,
        AlertRow.case_id: wanted.case_id,
        AlertRow.tier: wanted.tier,
        AlertRow.severity: wanted.severity,
    }
    for column, value in conditions.items():
        if value is not None:
            query = query.where(column == value)
    place = tuple_(AlertRow.fired_at, AlertRow.id)
    if after is not None:
        query = query.where(place > after if oldest_first else place < after)
    order = [AlertRow.fired_at, AlertRow.id]
    if not oldest_first:
        query = query.order_by(*(column.desc() for column in order))
    else:
        query = query.order_by(*order)
    return [read_alert(row) for row in await uow.execute(query.limit(limit))]


async def acknowledge(
    uow: UnitOfWork,
    alert_id: UUID,
    *,
    by: str,
    note: str | None,
    only_this: bool,
    rests: Mapping[Tier, datetime | None],
    prolong: bool,
) -> list[Alert]:
    """The firing alerts this answers for: the whole group of a case, or one.

    Each rests until what `rests` says of its tier; with `prolong` the one is taken once more.
    """
    parameters = {
        "tiers": [tier.value for tier in rests],
        "untils": list(rests.values()),
        "prolong": prolong,
        "workspace_id": uow.workspace_id,
        "alert_id": alert_id,
        "now": uow.now,
        "by": by,
        "note": note,
        "only_this": only_this,
    }
    return [read_alert(row) for row in await uow.execute(ACKNOWLEDGE, parameters)]


async def lock_together(uow: UnitOfWork, alert_id: UUID, *, only_this: bool) -> list[Alert]:
    """This alert and the open ones that stand together with it, or it alone; held.

    Nothing when there is no such alert.
    """
    parameters = {
        "workspace_id": uow.workspace_id,
        "alert_id": alert_id,
        "only_this": only_this,
    }
    return [read_alert(row) for row in await uow.execute(LOCK_TOGETHER, parameters)]


async def resolve_of_clocks(
    uow: UnitOfWork, clock_ids: Sequence[UUID], *, by: str, resolution: str
) -> list[Alert]:
    return await _resolve(uow, "clock_id", clock_ids, by=by, resolution=resolution, note=None)


async def resolve_of_burns(
    uow: UnitOfWork, burn_ids: Sequence[UUID], *, by: str, resolution: str
) -> list[Alert]:
    return await _resolve(uow, "burn_id", burn_ids, by=by, resolution=resolution, note=None)


async def resolve_of_detectors(
    uow: UnitOfWork, firing_ids: Sequence[UUID], *, by: str, resolution: str
) -> list[Alert]:
    return await _resolve(
        uow, "detector_firing_id", firing_ids, by=by, resolution=resolution, note=None
    )


async def resolve_alerts(
    uow: UnitOfWork, alert_ids: Sequence[UUID], *, by: str, resolution: str, note: str | None
) -> list[Alert]:
    return await _resolve(uow, "id", alert_ids, by=by, resolution=resolution, note=note)


async def _resolve(
    uow: UnitOfWork,
    column: str,
    ids: Sequence[UUID],
    *,
    by: str,
    resolution: str,
    note: str | None,
) -> list[Alert]:
    parameters = {
        "workspace_id": uow.workspace_id,
        "ids": list(ids),
        "now": uow.now,
        "by": by,
        "resolution": resolution,
        "note": note,
    }
    return [read_alert(row) for row in await uow.execute(RESOLVE.format(column=column), parameters)]
