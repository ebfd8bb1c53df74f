"""Alerts: what is firing, who has it, and what was told to whom."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.api.deps import LongPageQuery, PageQuery, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.schemas.alerts import (
    AcknowledgeBody,
    AlertNoteBody,
    AlertView,
    DeliveryView,
    UnacknowledgeBody,
)
from services.api.schemas.common import Page
from services.api.schemas.ladders import ClimbView
from services.api.schemas.sorting import AlertSort, MadeSort, is_oldest_first, purpose_of
from services.core.alerts import service as alerts
from services.core.alerts.errors import AlertResolvedError
from services.core.alerts.types import AlertFilter, AlertState, Severity
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import NotFoundError
from services.core.triage.types import Tier

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])


class AlertQuery(BaseModel):
    """Conditions on the list; all given ones hold together."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    state: AlertState | None = None
    case_id: UUID | None = None
    tier: Tier | None = None
    severity: Severity | None = None
    sort: AlertSort = AlertSort.NEWEST

    def to_filter(self) -> AlertFilter:
        return AlertFilter(
            state=self.state, case_id=self.case_id, tier=self.tier, severity=self.severity
        )


@router.get("", summary="List alerts", responses=problems(InvalidCursorError))
async def list_alerts(
    uow: ReadUnit, page: PageQuery, wanted: Annotated[AlertQuery, Query()]
) -> Page[AlertView]:
    """The newest first."""
    purpose = purpose_of("alerts", wanted.sort)
    start = page.start(datetime, UUID, purpose=purpose)
    found = await alerts.list_alerts(
        uow,
        wanted.to_filter(),
        after=(start[0], start[1]) if start else None,
        limit=page.limit + 1,
        oldest_first=is_oldest_first(wanted.sort),
    )
    items, end = page.cut(found, lambda alert: [alert.fired_at, alert.id], purpose=purpose)
    return Page(items=[AlertView.of(alert) for alert in items], next_cursor=end)


@router.get("/{alert_id}", summary="Read an alert", responses=problems(NotFoundError))
async def get_alert(uow: ReadUnit, alert_id: UUID) -> AlertView:
    """What it is about, when it fired, who has it and how it ended."""
    return AlertView.of(await alerts.get_alert(uow, alert_id))


@router.post(
    "/{alert_id}/acknowledge", summary="Say that you have it", responses=problems(NotFoundError)
)
async def acknowledge(
    uow: WorkUnit, alert_id: UUID, body: AcknowledgeBody | None = None
) -> AlertView:
    """Acknowledges every firing alert of the case, so that nobody else is called for it.

    What was not sent yet stays unsent; a later step of the same promise fires anew. After the
    agreed time the ladder goes on where it stood. Repeating it changes nothing, but for the time.
    """
    said = body or AcknowledgeBody()
    alert = await alerts.acknowledge(
        uow,
        alert_id,
        note=said.note,
        only_this=said.only_this,
        minutes=said.minutes,
        until_resolved="minutes" in said.model_fields_set and said.minutes is None,
    )
    return AlertView.of(alert)


@router.post(
    "/{alert_id}/unacknowledge",
    summary="Say that you do not have it after all",
    responses=problems(NotFoundError),
)
async def unacknowledge(
    uow: WorkUnit, alert_id: UUID, body: UnacknowledgeBody | None = None
) -> AlertView:
    """The ladder goes on at once, where it stood. An alert that nobody has stays as it is."""
    said = body or UnacknowledgeBody()
    return AlertView.of(
        await alerts.unacknowledge(uow, alert_id, note=said.note, only_this=said.only_this)
    )


@router.get(
    "/{alert_id}/steps",
    summary="Read how far an alert climbed, and what comes next",
    responses=problems(NotFoundError),
)
async def list_steps(uow: ReadUnit, alert_id: UUID) -> ClimbView:
    """Who was told at each step or why nobody was, how late, and which steps are still ahead."""
    return ClimbView.of(await alerts.list_climb(uow, alert_id))


@router.post(
    "/{alert_id}/resolve", summary="Close an alert by hand", responses=problems(NotFoundError)
)
async def resolve(uow: WorkUnit, alert_id: UUID, body: AlertNoteBody | None = None) -> AlertView:
    """Closes this alert; the promise goes on. Whoever was told is told that it is over."""
    note = body.note if body else None
    return AlertView.of(await alerts.resolve(uow, alert_id, note=note))


@router.post(
    "/{alert_id}/renotify",
    summary="Tell everybody once more",
    responses=problems(NotFoundError, AlertResolvedError),
)
async def renotify(uow: WorkUnit, alert_id: UUID, body: AlertNoteBody | None = None) -> AlertView:
    """Each call is a new round to the alert's channels. A resolved alert is not sent again."""
    note = body.note if body else None
    return AlertView.of(await alerts.renotify(uow, alert_id, note=note))


@router.get(
    "/{alert_id}/deliveries",
    summary="Read what was sent, where and with what result",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_deliveries(
    uow: ReadUnit, alert_id: UUID, page: LongPageQuery, sort: MadeSort = MadeSort.NEWEST
) -> Page[DeliveryView]:
    """Whatever was queued for it, with the attempts at each."""
    purpose = purpose_of(f"alerts/{alert_id}/deliveries", sort)
    found = await alerts.list_deliveries(uow, alert_id, page.stretch(sort, UUID, purpose=purpose))
    items, cursor = page.cut(found, lambda one: [one.id], purpose=purpose)
    return Page(items=[DeliveryView.of(delivery) for delivery in items], next_cursor=cursor)
