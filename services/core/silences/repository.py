"""SQL of keeping quiet: what may hold an alert now, what alerts are about, who inhibits whom."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, cast
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, Table, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.kit.bulk import insert_rows
from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.silences.models import (
    InhibitionRow,
    InhibitorRow,
    QuietHoursRow,
    SilenceRow,
)
from services.core.silences.types import (
    Conditions,
    Holdable,
    Inhibition,
    Inhibitor,
    QuietHours,
    QuietSpan,
    Sameness,
    Silence,
    SilenceState,
    Source,
    Target,
)

CONDITIONS: Final = TypeAdapter(Conditions)
SOURCE: Final = TypeAdapter(Source)
TARGET: Final = TypeAdapter(Target)
SPANS: Final = TypeAdapter(tuple[QuietSpan, ...])
INHIBITORS: Final = cast("Table", InhibitorRow.__table__)

# What an alert is about: its case, or the message of an alert without one.
TRAITS = """
SELECT w.id, coalesce(c.category, m.category) AS category,
  coalesce(c.source_id, m.source_id) AS source_id, coalesce(c.post_id, m.post_id) AS post_id,
  coalesce(c.thread_id, m.thread_id) AS thread_id,
  coalesce(c.follower_id, m.author_id) AS follower_id, coalesce(c.channel, m.kind) AS channel
FROM unnest(CAST(:ids AS uuid[]), CAST(:case_ids AS uuid[]), CAST(:message_ids AS uuid[]))
  AS w (id, case_id, message_id)
LEFT JOIN cases c ON c.workspace_id = :workspace_id AND c.id = w.case_id
LEFT JOIN messages m ON c.id IS NULL AND m.workspace_id = :workspace_id AND m.id = w.message_id
"""

ALERT = """
  a.id, a.kind, a.tier, a.severity, a.group_key, a.case_id, a.rule_id, a.message_id, a.detail
"""

OPEN_ALERTS = f"""
SELECT {ALERT} FROM alerts a WHERE a.workspace_id = :workspace_id AND a.state = 'firing'
ORDER BY a.fired_at DESC, a.id DESC LIMIT :limit
"""

# A few of each are enough: one that may hold others back is all that is looked for.
INHIBITING = f"""
SELECT w.inhibition_id, w.key, found.*
FROM unnest(CAST(:inhibition_ids AS uuid[]), CAST(:keys AS text[])) AS w (inhibition_id, key)
CROSS JOIN LATERAL (
  SELECT {ALERT} FROM inhibitors i
  JOIN alerts a ON a.workspace_id = :workspace_id AND a.id = i.alert_id
  WHERE i.workspace_id = :workspace_id AND i.inhibition_id = w.inhibition_id AND i.key = w.key
    AND a.state IN ('firing', 'acknowledged')
  LIMIT 10
) AS found
"""

FORGET_INHIBITORS = """
DELETE FROM inhibitors i USING alerts a
WHERE a.workspace_id = i.workspace_id AND a.id = i.alert_id
  AND a.state NOT IN ('firing', 'acknowledged')
"""

FORGET_NOTES = "DELETE FROM inhibitors WHERE workspace_id = :workspace_id AND inhibition_id = :id"
REMOVE_INHIBITION = "DELETE FROM inhibitions WHERE workspace_id = :workspace_id AND id = :id"

# One at a time writes a workspace's silences or inhibitions: they are counted before one is added.
TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"


async def take_turns(uow: UnitOfWork) -> None:
    """Until the transaction ends, nobody else in this workspace passes here."""
    await uow.execute(TAKE_TURNS, {"turn": f"silences/{uow.workspace_id}"})


async def add_silence(uow: UnitOfWork, silence: Silence) -> bool:
    """False when one of this id is there."""
    values = asdict(silence) | {
        "workspace_id": uow.workspace_id,
        "conditions": CONDITIONS.dump_python(silence.conditions, mode="json", exclude_none=True),
    }
    statement = upsert(SilenceRow).values(values).on_conflict_do_nothing()
    return (await uow.execute(statement)).rowcount == 1


async def get_silence(uow: UnitOfWork, silence_id: UUID, *, lock: bool = False) -> Silence | None:
    query = select(SilenceRow.__table__).where(
        SilenceRow.workspace_id == uow.workspace_id, SilenceRow.id == silence_id
    )
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    return _silence(row) if row else None


async def list_silences(
    uow: UnitOfWork,
    state: SilenceState | None,
    wanted: Stretch,
) -> list[Silence]:
    """By when they end."""
    query = select(SilenceRow.__table__).where(SilenceRow.workspace_id == uow.workspace_id)
    if state is SilenceState.EXPIRED:
        query = query.where(SilenceRow.ends_at <= uow.now)
    elif state is not None:
        begun = SilenceRow.starts_at <= uow.now
        is_active = state is SilenceState.ACTIVE
        query = query.where(SilenceRow.ends_at > uow.now, begun if is_active else ~begun)
    query = wanted.of(query, SilenceRow.ends_at, SilenceRow.id)
    return [_silence(row) for row in await uow.execute(query)]


async def count_live(uow: UnitOfWork) -> int:
    query = select(func.count()).where(
        SilenceRow.workspace_id == uow.workspace_id, SilenceRow.ends_at > uow.now
    )
    return int((await uow.execute(query)).scalar_one())


async def list_active(uow: UnitOfWork, limit: int) -> list[Silence]:
    query = select(SilenceRow.__table__).where(
        SilenceRow.workspace_id == uow.workspace_id,
        SilenceRow.ends_at > uow.now,
        SilenceRow.starts_at <= uow.now,
    )
    return [_silence(row) for row in await uow.execute(query.limit(limit))]


async def end_silence(uow: UnitOfWork, silence_id: UUID, by: str) -> None:
    statement = (
        update(SilenceRow)
        .where(SilenceRow.workspace_id == uow.workspace_id, SilenceRow.id == silence_id)
        .values(
            starts_at=func.least(SilenceRow.starts_at, uow.now),
            ends_at=uow.now,
            ended_at=uow.now,
            ended_by=by,
        )
    )
    await uow.execute(statement)


async def list_inhibitions(uow: UnitOfWork) -> list[Inhibition]:
    query = select(InhibitionRow.__table__).where(InhibitionRow.workspace_id == uow.workspace_id)
    return [_inhibition(row) for row in await uow.execute(query.order_by(InhibitionRow.id))]


async def save_inhibition(uow: UnitOfWork, inhibition: Inhibition) -> None:
    """Add it, or write it over the one of its id."""
    values = {
        "workspace_id": uow.workspace_id,
        "id": inhibition.id,
        "name": inhibition.name,
        "source": SOURCE.dump_python(inhibition.source, mode="json", exclude_none=True),
        "target": TARGET.dump_python(inhibition.target, mode="json", exclude_none=True),
        "same": inhibition.same.value,
        "enabled": inhibition.enabled,
        "updated_at": uow.now,
    }
    statement = upsert(InhibitionRow).values(values)
    await uow.execute(
        statement.on_conflict_do_update(index_elements=["workspace_id", "id"], set_=values)
    )


async def remove_inhibition(uow: UnitOfWork, inhibition_id: UUID) -> bool:
    parameters = {"workspace_id": uow.workspace_id, "id": inhibition_id}
    await uow.execute(FORGET_NOTES, parameters)
    removed = await uow.execute(REMOVE_INHIBITION, parameters)
    return removed.rowcount == 1


async def get_quiet_hours(uow: UnitOfWork) -> QuietHours | None:
    query = select(QuietHoursRow.__table__).where(QuietHoursRow.workspace_id == uow.workspace_id)
    row = (await uow.execute(query)).one_or_none()
    if row is None:
        return None
    return QuietHours(row.zone, SPANS.validate_python(row.spans), row.updated_at)


async def save_quiet_hours(uow: UnitOfWork, hours: QuietHours) -> None:
    values = {
        "workspace_id": uow.workspace_id,
        "zone": hours.zone,
        "spans": SPANS.dump_python(hours.spans, mode="json"),
        "updated_at": uow.now,
    }
    statement = upsert(QuietHoursRow).values(values)
    await uow.execute(statement.on_conflict_do_update(index_elements=["workspace_id"], set_=values))


async def list_traits(uow: UnitOfWork, alerts: Sequence[Holdable]) -> Mapping[UUID, dict[str, Any]]:
    """What each alert is about, by its id."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "ids": [alert.id for alert in alerts],
        "case_ids": [alert.case_id for alert in alerts],
        "message_ids": [alert.message_id for alert in alerts],
    }
    found = (await uow.execute(TRAITS, parameters)).mappings()
    return {row["id"]: dict(row) for row in found}


async def list_open_alerts(uow: UnitOfWork, limit: int) -> list[Row[Any]]:
    """Firing alerts, the newest first."""
    parameters = {"workspace_id": uow.workspace_id, "limit": limit}
    return list(await uow.execute(OPEN_ALERTS, parameters))


async def add_inhibitors(uow: UnitOfWork, inhibitors: Sequence[Inhibitor]) -> None:
    # In one order everywhere, so that two raisers never wait for each other crosswise.
    rows = sorted((asdict(one) for one in inhibitors), key=lambda row: str(row["alert_id"]))
    stamped = [row | {"created_at": uow.now} for row in rows]
    await insert_rows(uow, INHIBITORS, stamped, conflict="ON CONFLICT DO NOTHING")


async def list_inhibiting(uow: UnitOfWork, keys: Sequence[tuple[UUID, str]]) -> list[Row[Any]]:
    """Open alerts that hold back others at these places, a few of each."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "inhibition_ids": [inhibition_id for inhibition_id, _ in keys],
        "keys": [key for _, key in keys],
    }
    return list(await uow.execute(INHIBITING, parameters))


async def forget_inhibitors(uow: UnitOfWork) -> int:
    """In every workspace: those whose alerts are over."""
    return int((await uow.execute(FORGET_INHIBITORS)).rowcount)


def _silence(row: Row[Any]) -> Silence:
    return Silence(
        id=row.id,
        conditions=CONDITIONS.validate_python(row.conditions),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        everything=row.everything,
        also_urgent=row.also_urgent,
        created_at=row.created_at,
        created_by=row.created_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def _inhibition(row: Row[Any]) -> Inhibition:
    return Inhibition(
        id=row.id,
        name=row.name,
        source=SOURCE.validate_python(row.source),
        target=TARGET.validate_python(row.target),
        same=Sameness(row.same),
        enabled=row.enabled,
        is_built_in=False,
        updated_at=row.updated_at,
    )
