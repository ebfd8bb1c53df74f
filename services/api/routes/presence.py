"""Who has a case before them: said every few seconds, seen by the others, over by itself."""

from uuid import UUID

from fastapi import APIRouter, status

from services.api.deps import CurrentCaller, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.presence import PresenceBody, PresenceView
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.presence import service as presence
from services.core.workspaces.types import Caller

router = APIRouter(prefix="/v1/cases/{case_id}/presence", tags=["cases"])


@router.put(
    "",
    summary="Say who has a case open",
    responses=problems(NotFoundError, InvalidInputError),
)
async def put_presence(
    uow: WorkUnit, caller: CurrentCaller, case_id: UUID, body: PresenceBody
) -> Page[PresenceView]:
    """Holds for 30 seconds; say it again while it lasts. Answers with everybody who is there.

    The others hear `presence.changed` on the stream when somebody comes, begins to reply or
    leaves. Who only stops saying so is gone with `until`, without a word. Whoever signed in speaks
    for themself; a key says for whom.
    """
    member_id = _speaking(caller, body.member_id)
    found = await presence.appear(uow, case_id, member_id, body.doing)
    return Page(items=[PresenceView.model_validate(each) for each in found])


@router.get("", summary="See who has a case open", responses=problems(NotFoundError))
async def list_presence(uow: ReadUnit, case_id: UUID) -> Page[PresenceView]:
    """Those who reply first. The 50 who have been there longest, which is everybody."""
    found = await presence.list_present(uow, case_id)
    return Page(items=[PresenceView.model_validate(each) for each in found])


@router.delete(
    "/{member_id}",
    summary="Leave a case",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, InvalidInputError),
)
async def leave(uow: WorkUnit, caller: CurrentCaller, case_id: UUID, member_id: UUID) -> None:
    """At once, instead of half a minute later. Leaving twice changes nothing."""
    await presence.leave(uow, case_id, _speaking(caller, member_id))


def _speaking(caller: Caller, member_id: UUID | None) -> UUID:
    """Who is meant. Raises InvalidInputError: a person is nobody else, and a key is nobody."""
    own = caller.member_id if caller.session_id else None
    meant = member_id or own
    if meant is not None and own in {None, meant}:
        return meant
    told = "A key says which member is there." if meant is None else "You speak for yourself."
    problem = FieldProblem("/member_id", "who", told)
    raise InvalidInputError("The request is not valid.", errors=[problem])
