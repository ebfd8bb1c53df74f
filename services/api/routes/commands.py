"""Lines from a chat: for connectors that forward what people answer there."""

from fastapi import APIRouter

from services.api.deps import CurrentCaller, WorkUnit
from services.api.errors import problems
from services.api.schemas.commands import CommandBody, ReplyView
from services.core.commands.service import answering
from services.core.kit.errors import NotFoundError

router = APIRouter(prefix="/v1/commands", tags=["alerts"])


@router.post("", summary="Do what a line from a chat says", responses=problems(NotFoundError))
async def send_command(uow: WorkUnit, caller: CurrentCaller, body: CommandBody) -> ReplyView:
    """`ack`, `resolve`, `assign @member`, `silence`, `who`, `help`, or their Chinese words.

    What was not understood or cannot be done is answered too, with a sentence and a code; nothing
    is changed then. Whoever signed in speaks for themself, whatever `member_id` says.
    """
    member_id = caller.person or body.member_id
    return ReplyView.of(await answering.answer(uow, body.text, member_id=member_id))
