"""Reports on schedule: set up, and sent once for each period however many workers there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from services.core.alerts import answers
from services.core.alerts import service as alerts
from services.core.alerts.types import ChannelKind, Outcome, SendResult
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.changes import service as changes
from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.wiring import Gateways
from services.core.kit import ids
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import Database, UnitOfWork
from services.core.metrics import service as metrics
from services.core.metrics.pages import Dashboard
from services.core.metrics.rules import local_day, local_days
from services.core.reports import repository, rules, wording
from services.core.reports.errors import (
    IssueUnderWayError,
    ReportNameTakenError,
    TooManyReportsError,
)
from services.core.reports.types import Issue, IssueState, Report, ReportDraft

log = structlog.get_logger(__name__)

QUEUE: Final = "reports"
MOST_DETAIL: Final = 300
NEWEST = newest(20)


async def create_report(uow: UnitOfWork, draft: ReportDraft, *, zone: str) -> Report:
    """To be sent from now on, in days of the workspace's zone, or of `zone` where it chose none.

    Raises NotFoundError for a channel there is not, InvalidInputError, ReportNameTakenError,
    TooManyReportsError.
    """
    await _check(uow, draft)
    await repository.take_turn(uow)
    if await repository.count_reports(uow) >= rules.MOST_REPORTS:
        raise TooManyReportsError(rules.MOST_REPORTS)
    zone = await metrics.get_zone(uow, zone)
    report = Report(
        **asdict(draft),
        id=ids.new_id(),
        next_at=rules.next_after(draft, uow.real_now, zone),
        created_at=uow.real_now,
        updated_at=uow.real_now,
    )
    with _names_are_unique():
        await repository.add_report(uow, report)
    await audit.record(uow, [AuditEntry("report.created", "report", report.id)])
    return report


async def get_report(uow: UnitOfWork, report_id: UUID) -> Report:
    """Raises NotFoundError."""
    return _known(await repository.get_report(uow, report_id))


async def change_report(
    uow: UnitOfWork, report_id: UUID, draft: ReportDraft, *, zone: str
) -> Report:
    """All of it at once; an issue that is under way is sent as the report is then.

    Raises NotFoundError, InvalidInputError, ReportNameTakenError.
    """
    before = _known(await repository.get_report(uow, report_id, locked=True))
    await _check(uow, draft)
    zone = await metrics.get_zone(uow, zone)
    now = uow.real_now
    next_at = rules.next_of(before, draft, now, zone)
    report = replace(before, **asdict(draft), next_at=next_at, updated_at=now)
    with _names_are_unique():
        await repository.change_report(uow, report)
    await audit.record(uow, [AuditEntry("report.changed", "report", report_id)])
    return report


async def send_now(uow: UnitOfWork, report_id: UUID, *, zone: str) -> Issue:
    """Send the last full week or month at once, once more where it was sent before.

    The schedule goes on as it was. Raises NotFoundError, IssueUnderWayError.
    """
    report = _known(await repository.get_report(uow, report_id, locked=True))
    zone = await metrics.get_zone(uow, zone)
    issue = _issue_of(report, uow, zone, at=uow.real_now)
    opened = await repository.reopen(uow, issue)
    if opened is None:
        raise IssueUnderWayError(issue.first_day)
    detail = {"first_day": issue.first_day.isoformat()}
    await audit.record(uow, [AuditEntry("report.sent_now", "report", report_id, detail)])
    uow.wake(QUEUE)
    return opened


async def remove_report(uow: UnitOfWork, report_id: UUID) -> None:
    """Take it away with its issues. Raises NotFoundError."""
    _known(await repository.get_report(uow, report_id, locked=True))
    await repository.remove_report(uow, report_id)
    await audit.record(uow, [AuditEntry("report.removed", "report", report_id)])


async def list_reports(uow: UnitOfWork) -> list[Report]:
    """By name."""
    return await repository.list_reports(uow)


async def list_issues(uow: UnitOfWork, report_id: UUID, wanted: Stretch = NEWEST) -> list[Issue]:
    """By their first days. Raises NotFoundError."""
    await get_report(uow, report_id)
    return await repository.list_issues(uow, report_id, wanted)


async def send_due(database: Database, gateways: Gateways, *, zone: str) -> int:
    """Send what is due in any workspace; returns how many attempts were made.

    Late when no worker was there: then about the last full period alone. Safe to run anywhere at
    any time: an issue is a row of its own, and whoever sends it holds it meanwhile.
    """
    async with database.system() as uow:
        due = await repository.list_due(uow)
    for workspace_id, report_id in due:
        async with database.unit(workspace_id) as uow:
            await _open_issue(uow, report_id, zone)
    async with database.system() as uow:
        waiting = await repository.list_waiting(uow)
    return sum([await _send(database, gateways, place, zone) for place in waiting])


async def _open_issue(uow: UnitOfWork, report_id: UUID, zone: str) -> None:
    report = await repository.lock_due(uow, report_id)
    if report is None:
        return
    zone = await metrics.get_zone(uow, zone)
    issue = _issue_of(report, uow, zone, at=rules.first_try(report.next_at, uow.real_now))
    await repository.add_issue(uow, issue)
    await repository.move(uow, report.id, rules.next_after(report, uow.real_now, zone))


def _issue_of(report: Report, uow: UnitOfWork, zone: str, *, at: datetime) -> Issue:
    """Of the last full week or month, not sent yet."""
    first, until = rules.period_before(report.kind, local_day(uow.real_now, zone))
    return Issue(
        report_id=report.id,
        first_day=first,
        until_day=until,
        parcel_id=ids.new_id(),
        state=IssueState.WAITING,
        attempts=0,
        opened_at=uow.real_now,
        next_at=at,
        ended_at=None,
        detail="",
    )


async def _send(
    database: Database, gateways: Gateways, place: tuple[UUID, UUID], zone: str
) -> bool:
    workspace_id, report_id = place
    async with database.unit(workspace_id) as uow:
        issue = await repository.claim(uow, report_id, uow.real_now + rules.LEASE)
    if issue is None:
        return False
    try:
        result = await _attempt(database, gateways, workspace_id, issue, zone)
    except NotFoundError as error:
        result = SendResult(Outcome.PERMANENT, detail=str(error))
    except Exception as error:
        # Whatever is wrong with this one, the others are sent, and it is not tried for ever.
        log.exception("reports.broke", report_id=str(report_id))
        result = SendResult(Outcome.RETRYABLE, detail=type(error).__name__)
    async with database.unit(workspace_id) as uow:
        await repository.end(uow, issue, _after(issue, result, uow))
    log.info("reports.attempted", report_id=str(report_id), outcome=result and result.outcome.value)
    return True


async def _attempt(
    database: Database, gateways: Gateways, workspace_id: UUID, issue: Issue, zone: str
) -> SendResult | None:
    """What came of it; None when the numbers are still being made. Raises NotFoundError."""
    async with database.read(workspace_id) as uow:
        report = await get_report(uow, issue.report_id)
        channel = await alerts.get_channel(uow, report.channel_id)
        page = await metrics.read_dashboard(uow, issue.first_day, issue.until_day, zone=zone)
        patient = uow.real_now < issue.opened_at + rules.PATIENCE
        if patient and (page.stale_days or await _is_behind(uow, page)):
            return None
        now = uow.real_now
    whole = channel.kind is ChannelKind.EMAIL
    message = wording.message_of(report, page, now=now, attached=whole)
    if issue.attempts > 1:
        message["repeat"] = True
    parcel = Parcel(issue.parcel_id, message, channel.config, channel.secrets)
    return answers.judge(await gateways[channel.kind].send(parcel))


def _after(issue: Issue, result: SendResult | None, uow: UnitOfWork) -> Issue:
    now = uow.real_now
    if result is None:
        # Waiting for numbers is no attempt.
        return replace(issue, attempts=issue.attempts - 1, next_at=now + rules.LOOK_AGAIN)
    detail = result.detail[:MOST_DETAIL]
    if result.outcome is Outcome.SENT:
        return replace(issue, state=IssueState.SENT, next_at=None, ended_at=now, detail=detail)
    again = None if result.outcome is Outcome.PERMANENT else rules.retry_at(issue.attempts, now)
    if again is None:
        return replace(issue, state=IssueState.GIVEN_UP, next_at=None, ended_at=now, detail=detail)
    asked = now + timedelta(seconds=result.retry_after or 0)
    return replace(issue, next_at=max(again, asked), detail=detail)


async def _is_behind(uow: UnitOfWork, page: Dashboard) -> bool:
    """Whether sums of these days do not know of something that was noted a while ago."""
    before = uow.real_now - rules.NOTED_LATELY
    old = [each.hour for each in await changes.look(uow) if each.noted_at < before]
    days = {day for hour in old for day in local_days(hour, page.zone)}
    return page.as_of is None or any(page.first <= day <= page.last for day in days)


async def _check(uow: UnitOfWork, draft: ReportDraft) -> None:
    problem = rules.problem_of(draft)
    if problem is not None:
        pointer, detail = problem
        raise InvalidInputError(detail, errors=[FieldProblem(pointer, "invalid", detail)])
    await alerts.get_channel(uow, draft.channel_id)


def _known(report: Report | None) -> Report:
    if report is None:
        raise NotFoundError("report")
    return report


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise ReportNameTakenError from error
