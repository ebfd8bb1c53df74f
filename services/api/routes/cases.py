"""The inbox: cases by what is due next, a case whole, and what people do to it."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from services.api import conditions
from services.api.deps import CurrentCaller, PageQuery, ReadUnit, State, WorkUnit
from services.api.errors import problems
from services.api.paging import case_place_of, page_of
from services.api.schemas.cases import (
    AssignBody,
    CaseDetail,
    CaseIncluded,
    NoteBody,
    ReplyBody,
    ReplyRecorded,
    RetierBody,
    SnoozeBody,
)
from services.api.schemas.common import Moment, Page
from services.api.schemas.included import BesideCase, CaseExtras, ListedCase
from services.api.schemas.sorting import purpose_of
from services.core.board import including
from services.core.board import service as board
from services.core.board.types import CaseFilter, CaseSort, View
from services.core.cases.errors import CaseClosedError, PastMomentError
from services.core.cases.types import CaseState
from services.core.desk import service as desk
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.search.errors import NothingToLookForError
from services.core.sla.errors import ReplyWindowClosedError
from services.core.triage.types import Category, Tier

router = APIRouter(prefix="/v1/cases", tags=["cases"])

NOBODY = "none"


class CaseQuery(BaseModel):
    """Conditions on the list; all given ones hold together, repeated ones are alternatives."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    state: list[CaseState] = Field(
        default_factory=list, max_length=5, description="Left out: all but resolved and void."
    )
    tier: list[Tier] = Field(default_factory=list, max_length=4)
    category: list[Category] = Field(default_factory=list, max_length=12)
    assignee_id: UUID | Literal["none"] | None = Field(
        default=None, description="A member, or `none` for cases nobody has."
    )
    source_id: UUID | None = None
    follower_id: UUID | None = None
    due_before: Moment | None = Field(
        default=None,
        description="Only cases that owe something by then. RFC 3339; write `Z` or `%2B08:00`.",
    )
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="What was said in the case, or its follower's handle or name, as `/v1/search` "
        "finds it.",
    )
    sort: CaseSort = CaseSort.NEXT_DUE
    include: CaseExtras = Field(
        default_factory=list, max_length=3, description="What else comes with each, in `included`."
    )

    def to_filter(self) -> CaseFilter:
        nobody = self.assignee_id == NOBODY
        return CaseFilter(
            states=tuple(self.state),
            tiers=tuple(self.tier),
            categories=tuple(self.category),
            assignee_id=self.assignee_id if isinstance(self.assignee_id, UUID) else None,
            unassigned=nobody,
            source_id=self.source_id,
            follower_id=self.follower_id,
            due_before=self.due_before,
            text=self.text,
        )


@router.get(
    "",
    summary="List cases",
    responses=problems(InvalidInputError, InvalidCursorError, NothingToLookForError),
)
async def list_cases(
    uow: ReadUnit, page: PageQuery, wanted: Annotated[CaseQuery, Query()]
) -> Page[ListedCase]:
    """Unless sorted otherwise by next due, cases that owe nothing last."""
    purpose = purpose_of("cases", wanted.sort)
    after, reached = case_place_of(page, wanted.sort, purpose)
    found = await board.list_cases(
        uow, wanted.to_filter(), sort=wanted.sort, after=after, reached=reached, limit=page.limit
    )
    await including.include_in_cases(uow, found.items, wanted.include)
    return page_of(ListedCase, found, page, purpose)


@router.get("/{case_id}", summary="Read a case", responses=problems(NotFoundError))
async def get_case(
    uow: ReadUnit,
    case_id: UUID,
    response: Response,
    include: BesideCase,
) -> CaseDetail:
    """The thread, the promises, the alerts, what people did, and why it was judged so.

    Its `ETag` is good for `If-Match` with `include` and `fields` too: it speaks of the whole case.
    """
    case = await _show(uow, case_id)
    if include:
        conditions.mark_whole(response, case)
        beside: View = case.model_dump(include={"id", "follower"})
        await including.include_in_cases(uow, [beside], include)
        case = case.model_copy(update={"included": CaseIncluded.model_validate(beside["included"])})
    return case


@router.post(
    "/{case_id}/replies",
    summary="Record a reply",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError, ReplyWindowClosedError),
)
async def record_reply(
    uow: WorkUnit, caller: CurrentCaller, case_id: UUID, body: ReplyBody
) -> ReplyRecorded:
    """Keeps a reply the brand gave and settles the promises it answers, by when it was given.

    Without `member_id` it is of whoever signed in.

    Nothing is sent to the platform. With the platform's `external_id` the same reply may be
    recorded twice, and be told by a webhook too, and counts once. Without it, a reply later than
    the platform takes any is refused.
    """
    message_id = await desk.reply(
        uow,
        case_id,
        text=body.text,
        occurred_at=body.occurred_at,
        external_id=body.external_id,
        member_id=body.member_id or caller.person,
        resolves=body.resolves,
    )
    return ReplyRecorded(message_id=message_id, case=await _show(uow, case_id))


@router.post("/{case_id}/resolve", summary="Resolve a case", responses=problems(NotFoundError))
async def resolve(uow: WorkUnit, case_id: UUID, body: NoteBody | None = None) -> CaseDetail:
    """Ends what is owed. Resolving a resolved case changes nothing."""
    await desk.resolve(uow, case_id, note=body.note if body else None)
    return await _show(uow, case_id)


@router.post(
    "/{case_id}/reopen",
    summary="Reopen a case",
    responses=problems(NotFoundError, CaseClosedError),
)
async def reopen(uow: WorkUnit, case_id: UUID, body: NoteBody | None = None) -> CaseDetail:
    """Takes a resolved case up again. A void one, whose questions were taken back, stays so."""
    await desk.reopen(uow, case_id, note=body.note if body else None)
    return await _show(uow, case_id)


@router.post(
    "/{case_id}/snooze",
    summary="Snooze a case",
    responses=problems(NotFoundError, CaseClosedError, PastMomentError),
)
async def snooze(uow: WorkUnit, case_id: UUID, body: SnoozeBody) -> CaseDetail:
    """Pauses its promises until then, or until the follower writes again."""
    await desk.snooze(uow, case_id, until=body.until, note=body.note)
    return await _show(uow, case_id)


@router.post(
    "/{case_id}/wait",
    summary="Wait for the follower",
    responses=problems(NotFoundError, CaseClosedError),
)
async def wait(uow: WorkUnit, case_id: UUID, body: NoteBody | None = None) -> CaseDetail:
    """The follower was asked something: the promises stand still until they, or we, speak.

    A policy may say `pause_while_waiting: false`; then they go on.
    """
    await desk.wait(uow, case_id, note=body.note if body else None)
    return await _show(uow, case_id)


@router.post("/{case_id}/wake", summary="Wake a case", responses=problems(NotFoundError))
async def wake(uow: WorkUnit, case_id: UUID) -> CaseDetail:
    """Ends a snooze or a waiting now. Waking a case that is awake changes nothing."""
    await desk.wake(uow, case_id)
    return await _show(uow, case_id)


@router.post("/{case_id}/assign", summary="Assign a case", responses=problems(NotFoundError))
async def assign(uow: WorkUnit, case_id: UUID, body: AssignBody) -> CaseDetail:
    """Gives the case to a member, or with null to nobody."""
    await desk.assign(uow, case_id, member_id=body.member_id)
    return await _show(uow, case_id)


@router.post("/{case_id}/retier", summary="Correct the tier", responses=problems(NotFoundError))
async def retier(uow: WorkUnit, state: State, case_id: UUID, body: RetierBody) -> CaseDetail:
    """Another promise from the same start: time that has gone stays gone."""
    grace = timedelta(seconds=state.settings.triage.grace_seconds)
    await desk.retier(uow, case_id, tier=body.tier, note=body.note, grace=grace)
    return await _show(uow, case_id)


async def _show(uow: UnitOfWork, case_id: UUID) -> CaseDetail:
    found = await board.get_case(uow, case_id)
    parts = {
        "judgement": found.judgement,
        "messages": found.messages,
        "more_messages": found.more_messages,
        "clocks": found.clocks,
        "alerts": found.alerts,
        "acts": found.acts,
    }
    return CaseDetail.model_validate(found.case | parts)
