"""A workspace detectors watch: messages written by the minute, and what was told of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.types import Alert, AlertFilter, Severity
from services.core.detectors import service as detectors
from services.core.detectors.types import Detector, DetectorDraft, DetectorKind, Firing
from services.core.triage.types import Tier
from tests.support.alerts import NOON, Desk

MINUTE = timedelta(minutes=1)
WEEK = timedelta(weeks=1)
Kind = DetectorKind

# So many messages, one every so often from a moment on, each second one like this.
MESSAGES = """
INSERT INTO messages (workspace_id, id, source_id, kind, direction, external_id, text,
  occurred_at, created_known, content_at, content_rank, received_at, tier, sentiment)
SELECT :workspace_id, gen_random_uuid(), :source_id, 'comment', 'in', gen_random_uuid()::text,
  :text, at, true, at, '0', at, 'routine', :sentiment
FROM generate_series(CAST(:start AS timestamptz), CAST(:until AS timestamptz),
  CAST(:every AS interval)) AS at
WHERE at < :until
"""


async def hear(
    desk: Desk,
    source: UUID,
    start: datetime,
    until: datetime,
    *,
    every: timedelta = MINUTE,
    sentiment: str = "neutral",
    text: str = "多少钱",
) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        await uow.execute(
            MESSAGES,
            {
                "workspace_id": desk.workspace_id,
                "source_id": source,
                "start": start,
                "until": until,
                "every": every,
                "sentiment": sentiment,
                "text": text,
            },
        )


async def live_weeks(desk: Desk, source: UUID) -> None:
    """A neutral message a minute from 10:00 to 14:00 on this day of the five weeks before."""
    for week in range(1, 6):
        start = NOON - week * WEEK - timedelta(hours=2)
        await hear(desk, source, start, start + timedelta(hours=4))


def draft(kind: DetectorKind, **changes: Any) -> DetectorDraft:
    values: dict[str, Any] = {
        "name": kind.value,
        "kind": kind,
        "threshold": 20,
        "window_minutes": 60,
        "minimum": 10,
        "cool_down_minutes": 60,
        "severity": Severity.WARNING,
        "tier": Tier.URGENT,
        "enabled": True,
    }
    return DetectorDraft(**(values | changes))


async def create(desk: Desk, one: DetectorDraft) -> Detector:
    async with desk.database.unit(desk.workspace_id) as uow:
        return await detectors.create_detector(uow, one)


async def raised(desk: Desk) -> list[Alert]:
    async with desk.database.read(desk.workspace_id) as uow:
        return await alerts.list_alerts(uow, AlertFilter())


async def firings(desk: Desk) -> list[Firing]:
    async with desk.database.read(desk.workspace_id) as uow:
        return await detectors.list_firings(uow)
