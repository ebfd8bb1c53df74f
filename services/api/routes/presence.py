"""Who has a case before them: said every few seconds, seen by the others, over by itself."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from services.api.deps import ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.presence import PresenceBody, PresenceView
from services.core.kit.errors import NotFoundError
from services.core.presence import service as presence

router = APIRouter(prefix="/v1/cases/{case_id}/presence", tags=["cases"])


@router.put("", summary="Say who has a case open", responses=problems(NotFoundError))
async def put_presence(uow: WorkUnit, case_id: UUID, body: PresenceBody) -> Page[PresenceView]:
    """Holds for 30 seconds; say it again while it lasts. Answers with everybody who is there.

    The others hear `presence.changed` on the stream when somebody comes, begins to reply or
    leaves. Who only stops saying so is gone with `until`, without a word.
    """
    found = await presence.appear(uow, case_id, body.member_id, body.doing)
    return Page(items=[PresenceView.model_validate(each) for each in found])


@router.get("", summary="See who has a case open", responses=problems(NotFoundError))
async def list_presence(uow: ReadUnit, case_id: UUID) -> Page[PresenceView]:
    """Those who reply first. The 50 who have been there longest, which is everybody."""
    found = await presence.list_present(uow, case_id)
    return Page(items=[PresenceView.model_validate(each) for each in found])


@router.delete(
    "",
    summary="Leave a case",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def leave(
    uow: WorkUnit, case_id: UUID, member_id: Annotated[UUID, Query(description="Who leaves.")]
) -> None:
    """At once, instead of half a minute later. Leaving twice changes nothing."""
    await presence.leave(uow, case_id, member_id)
