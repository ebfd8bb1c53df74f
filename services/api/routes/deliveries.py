"""Webhooks in, and what became of them."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response, status

from services.api.deps import ManageUnit, PageQuery, ReadUnit, State
from services.api.errors import DeadlineError, problems, request_id_of
from services.api.meters import Meters
from services.api.schemas.common import Page
from services.api.schemas.deliveries import (
    BackfillView,
    DeliveryDetailView,
    DeliverySummaryView,
    ReceiptView,
    ReplayView,
)
from services.api.schemas.sorting import ReceivedSort, purpose_of
from services.api.webhooks import receive_backfill, receive_delivery
from services.core.intake import service as intake
from services.core.intake.errors import (
    BodyTooLargeError,
    InvalidEnvelopeError,
    InvalidEventsError,
    InvalidJsonError,
    OverQuotaError,
    UnsupportedMediaError,
)
from services.core.intake.states import DeliveryState
from services.core.kit.clock import host_now
from services.core.kit.errors import NotFoundError, UnavailableError
from services.core.kit.signatures import SignatureRefusedError

router = APIRouter(prefix="/v1", tags=["deliveries"])
_PURPOSE = "deliveries"

_EVENT: Final = {
    "id": "xhs-evt-81723",
    "type": "comment.created",
    "timestamp": "2026-11-21T08:15:04.120Z",
    "data": {
        "id": "c-1",
        "post_id": "p-1",
        "author": {"id": "u-1", "name": "小鹿"},
        "text": "请问敏感肌可以用吗？",
    },
}
_SIGNED: Final = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "description": description,
    }
    for name, description in (
        ("webhook-id", "Unique per delivery; `[A-Za-z0-9_:-]{1,128}`."),
        ("webhook-timestamp", "Unix seconds, at most 300 away from now."),
        ("webhook-signature", "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."),
    )
]
SourceId = Annotated[str, Path(description="The source's id.")]


def _raw_body(content: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": _SIGNED, "requestBody": {"required": True, "content": content}}


@router.post(
    "/sources/{source_id}/deliveries",
    summary="Send a signed webhook",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=ReceiptView,
    responses=problems(
        InvalidJsonError,
        InvalidEnvelopeError,
        SignatureRefusedError,
        DeadlineError,
        BodyTooLargeError,
        UnsupportedMediaError,
        InvalidEventsError,
        OverQuotaError,
        UnavailableError,
    ),
    openapi_extra=_raw_body(
        {
            "application/json": {"schema": {"type": "object"}, "example": _EVENT},
            "application/cloudevents+json": {"schema": {"type": "object"}},
        }
    ),
)
async def send_delivery(request: Request, state: State, source_id: SourceId) -> Response:
    """One event, or a batch of up to 500. 202 means durable: the sender may forget it."""
    door, incoming = await receive_delivery(request, state, source_id)
    state.quotas.admit(
        door.workspace_id, len(incoming.events), override=door.ingest_per_minute, now=host_now()
    )
    receipt = await state.deliveries.accept(door, incoming)
    meters: Meters = request.app.state.meters
    meters.count_receipt(accepted=receipt.accepted, duplicates=receipt.duplicates)
    content = ReceiptView.model_validate(receipt).model_dump_json().encode()
    return Response(content, status.HTTP_202_ACCEPTED, media_type="application/json")


@router.post(
    "/sources/{source_id}/backfill",
    summary="Send a signed history",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(
        InvalidJsonError,
        InvalidEnvelopeError,
        SignatureRefusedError,
        DeadlineError,
        BodyTooLargeError,
        UnsupportedMediaError,
        OverQuotaError,
        UnavailableError,
    ),
    openapi_extra=_raw_body({"application/x-ndjson": {"schema": {"type": "string"}}}),
)
async def send_backfill(request: Request, state: State, source_id: SourceId) -> BackfillView:
    """One event a line, up to 64 MiB. Good lines are stored, bad ones are told.

    The same call again stores nothing twice. One at a time for each workspace.
    """
    async with receive_backfill(request, state, source_id) as (door, webhook_id, file):
        with state.quotas.backfill(door.workspace_id):
            report = await intake.accept_backfill(
                state.database, door, webhook_id, file, request_id=request_id_of(request)
            )
    if report.accepted:
        await state.wakeups.wake([intake.QUEUE])
    return BackfillView.of(report)


@router.get("/deliveries", summary="List deliveries")
async def list_deliveries(
    uow: ReadUnit,
    page: PageQuery,
    source_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[DeliveryState | None, Query()] = None,
    sort: ReceivedSort = ReceivedSort.NEWEST,
) -> Page[DeliverySummaryView]:
    """Unasked the newest first."""
    purpose = purpose_of(_PURPOSE, sort)
    stretch = page.stretch(sort, UUID, purpose=purpose)
    found = await intake.list_deliveries(uow, stretch, source_id=source_id, state=state)
    items, end = page.cut(found, lambda delivery: [delivery.id], purpose=purpose)
    return Page(items=[DeliverySummaryView.of(delivery) for delivery in items], next_cursor=end)


@router.get(
    "/deliveries/{delivery_id}",
    summary="See what became of a delivery",
    responses=problems(NotFoundError),
)
async def get_delivery(uow: ReadUnit, delivery_id: UUID) -> DeliveryDetailView:
    """`pending` while anything waits, `quarantined` when an event was given up on."""
    return DeliveryDetailView.of_view(await intake.get_delivery(uow, delivery_id))


@router.post(
    "/deliveries/{delivery_id}/replay",
    summary="Process a delivery once more",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(NotFoundError),
)
async def replay_delivery(uow: ManageUnit, delivery_id: UUID) -> ReplayView:
    """What took effect before takes none twice; quarantined events get another chance."""
    return ReplayView(replayed=await intake.replay(uow, delivery_id))
