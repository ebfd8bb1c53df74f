"""Keep what people promise whole: a policy names only what is there, a calendar in use stays."""

from collections.abc import Sequence
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.calendars import service as calendars
from services.core.calendars.errors import CalendarInUseError
from services.core.conversations import service as conversations
from services.core.intake import service as intake
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.sla import checking
from services.core.sla import service as sla
from services.core.sla.types import PolicyDraft

_REFUSED = "The request is not valid."


async def check_policy(uow: UnitOfWork, draft: PolicyDraft) -> None:
    """Everything it names is there and nothing in it contradicts itself.

    Raises InvalidInputError, with the field and the reason.
    """
    await _require_ladder(uow, draft)
    await _require_calendar(uow, draft)
    await check_sources(uow, draft.match.source_ids, "/match/source_ids")
    posts = await conversations.list_post_sources(uow, draft.match.post_ids)
    faults = checking.find_faults(draft, posts)
    if faults:
        raise InvalidInputError(_REFUSED, errors=faults)


async def check_sources(uow: UnitOfWork, source_ids: Sequence[UUID], pointer: str) -> None:
    """A mistyped source would make a promise to nobody; closed ones are known.

    Raises InvalidInputError; `pointer` is where the list stands in what was sent.
    """
    known = await intake.list_own_accounts(uow) if source_ids else {}
    missing = [
        FieldProblem(f"{pointer}/{place}", "not_found", "There is no such source.")
        for place, source_id in enumerate(source_ids)
        if source_id not in known
    ]
    if missing:
        raise InvalidInputError(_REFUSED, errors=missing)


async def check_source(uow: UnitOfWork, source_id: UUID | None) -> None:
    """The one a standstill is of, if it names one. Raises InvalidInputError."""
    if source_id is not None and source_id not in await intake.list_own_accounts(uow):
        problem = FieldProblem("/source_id", "not_found", "There is no such source.")
        raise InvalidInputError(_REFUSED, errors=[problem])


async def archive_calendar(uow: UnitOfWork, calendar_id: UUID) -> None:
    """Clocks that count in it go on. Raises CalendarInUseError, NotFoundError."""
    for policy in await sla.list_policies(uow):
        if policy.calendar_id == calendar_id:
            raise CalendarInUseError(policy.name)
    await calendars.archive_calendar(uow, calendar_id)


async def _require_ladder(uow: UnitOfWork, draft: PolicyDraft) -> None:
    """A mistyped ladder would be found out by nobody being woken."""
    if draft.ladder_id is None:
        return
    try:
        await alerts.get_ladder(uow, draft.ladder_id)
    except NotFoundError as error:
        problem = FieldProblem("/ladder_id", "not_found", "There is no such ladder.")
        raise InvalidInputError(_REFUSED, errors=[problem]) from error


async def _require_calendar(uow: UnitOfWork, draft: PolicyDraft) -> None:
    if draft.calendar_id is None:
        return
    try:
        await calendars.get_calendar(uow, draft.calendar_id)
    except NotFoundError as error:
        problem = FieldProblem("/calendar_id", "not_found", "There is no such calendar.")
        raise InvalidInputError(_REFUSED, errors=[problem]) from error
