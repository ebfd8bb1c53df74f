"""Reports on schedule: the community-health page, sent to a channel every week or month."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import LongPageQuery, ManageUnit, PageQuery, ReadUnit, State
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.reports import IssueView, ReportBody, ReportView
from services.api.schemas.sorting import IssueSort, NamedSort, purpose_of
from services.api.whole import part_of
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.reports import service as reports
from services.core.reports.errors import (
    IssueUnderWayError,
    ReportNameTakenError,
    TooManyReportsError,
)

router = APIRouter(prefix="/v1/reports", tags=["metrics"])


@router.get("", summary="List reports", responses=problems(InvalidCursorError))
async def list_reports(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> Page[ReportView]:
    """There are 50 at most."""
    found = [ReportView.of(each) for each in await reports.list_reports(uow)]
    return part_of(found, page, sort, noun="reports")


@router.post(
    "",
    summary="Create a report",
    status_code=status.HTTP_201_CREATED,
    responses=problems(InvalidInputError, NotFoundError, ReportNameTakenError, TooManyReportsError),
)
async def create_report(
    uow: ManageUnit, state: State, body: ReportBody, response: Response
) -> ReportView:
    """Sent from now on: e-mail has the page attached, chats get its main numbers."""
    zone = state.settings.metrics.zone
    made = await reports.create_report(uow, body.to_draft(), zone=zone)
    response.headers["location"] = f"/v1/reports/{made.id}"
    return ReportView.of(made)


@router.get("/{report_id}", summary="Read a report", responses=problems(NotFoundError))
async def get_report(uow: ReadUnit, report_id: UUID) -> ReportView:
    """When it goes where, and whether it is switched on."""
    return ReportView.of(await reports.get_report(uow, report_id))


@router.put(
    "/{report_id}",
    summary="Change a report",
    responses=problems(InvalidInputError, NotFoundError, ReportNameTakenError),
)
async def change_report(
    uow: ManageUnit, state: State, report_id: UUID, body: ReportBody
) -> ReportView:
    """All of it at once. An issue that is under way goes out as the report is then."""
    zone = state.settings.metrics.zone
    return ReportView.of(await reports.change_report(uow, report_id, body.to_draft(), zone=zone))


@router.delete(
    "/{report_id}",
    summary="Delete a report",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def remove_report(uow: ManageUnit, report_id: UUID) -> None:
    """It is sent no more, and its issues are forgotten."""
    await reports.remove_report(uow, report_id)


@router.post(
    "/{report_id}/send",
    summary="Send a report now",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(NotFoundError, IssueUnderWayError),
)
async def send_report(uow: ManageUnit, state: State, report_id: UUID) -> IssueView:
    """The last full week or month, once more where it was sent before; the schedule stays.

    The worker sends it, also of a report that is switched off. `GET …/issues` says what became of
    it.
    """
    issue = await reports.send_now(uow, report_id, zone=state.settings.metrics.zone)
    return IssueView.of(issue)


@router.get(
    "/{report_id}/issues",
    summary="List the issues of a report",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_issues(
    uow: ReadUnit, report_id: UUID, page: PageQuery, sort: IssueSort = IssueSort.NEWEST
) -> Page[IssueView]:
    """What became of each; unasked those of the last days first."""
    purpose = purpose_of(f"reports/{report_id}", sort)
    stretch = page.stretch(sort, str, purpose=purpose)
    if stretch.seen is not None:
        stretch = replace(stretch, seen=(date.fromisoformat(stretch.seen[0]),))
    found = await reports.list_issues(uow, report_id, stretch)
    items, cursor = page.cut(found, lambda one: [one.first_day.isoformat()], purpose=purpose)
    return Page(items=[IssueView.of(one) for one in items], next_cursor=cursor)
