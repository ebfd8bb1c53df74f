"""Dead letters: what no channel would take, and its second chance."""

from uuid import UUID

from fastapi import APIRouter

from services.api.deps import PageQuery, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.schemas.alerts import DeliveryView, RedrivenView, RedriveRequest
from services.api.schemas.common import Page
from services.api.schemas.sorting import MadeSort, purpose_of
from services.core.alerts import service as alerts
from services.core.alerts.errors import AlertResolvedError
from services.core.alerts.types import LetterRange
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError

router = APIRouter(prefix="/v1/dead-letters", tags=["alerts"])


@router.get("", summary="List dead letters", responses=problems(InvalidCursorError))
async def list_dead_letters(
    uow: ReadUnit,
    page: PageQuery,
    channel_id: UUID | None = None,
    sort: MadeSort = MadeSort.NEWEST,
) -> Page[DeliveryView]:
    """By when they were queued, the newest first unasked."""
    purpose = purpose_of("dead-letters", sort)
    stretch = page.stretch(sort, UUID, purpose=purpose)
    found = await alerts.list_dead_letters(uow, stretch, channel_id=channel_id)
    items, cursor = page.cut(found, lambda letter: [letter.id], purpose=purpose)
    return Page(items=[DeliveryView.of(letter) for letter in items], next_cursor=cursor)


@router.post(
    "/redrive",
    summary="Send all dead letters again, or those of a channel or a time",
    responses=problems(NotFoundError, InvalidInputError),
)
async def redrive_all(uow: WorkUnit, wanted: RedriveRequest | None = None) -> RedrivenView:
    """At most 10,000 a call, oldest first. Those about alerts that are over are cancelled."""
    wanted = wanted or RedriveRequest()
    within = LetterRange(wanted.channel_id, wanted.since, wanted.until)
    return RedrivenView.model_validate(await alerts.redrive(uow, within=within))


@router.post(
    "/{letter_id}/redrive",
    summary="Send a dead letter again",
    responses=problems(NotFoundError, AlertResolvedError),
)
async def redrive(uow: WorkUnit, letter_id: UUID) -> RedrivenView:
    """It goes out under the same `webhook-id`, with all its attempts before it."""
    return RedrivenView.model_validate(await alerts.redrive(uow, letter_id))
