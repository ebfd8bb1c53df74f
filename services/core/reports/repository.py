"""SQL of reports: what is due is claimed by an index of times, and each issue is one row."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.kit.stretches import Stretch
from services.core.kit.uow import UnitOfWork
from services.core.reports.models import ReportIssueRow, ReportRow
from services.core.reports.types import Issue, IssueState, Language, Period, Report

# Of all workspaces together, in one look.
MOST: Final = 200

DUE: Final = """
SELECT workspace_id, id FROM reports WHERE enabled AND next_at <= :now ORDER BY next_at LIMIT :most
"""
WAITING: Final = """
SELECT workspace_id, report_id FROM report_issues
WHERE state = 'waiting' AND next_at <= :now ORDER BY next_at LIMIT :most
"""
LOCK_DUE: Final = """
SELECT * FROM reports
WHERE workspace_id = :workspace_id AND id = :id AND enabled AND next_at <= :now
FOR UPDATE SKIP LOCKED
"""
MOVE: Final = """
UPDATE reports SET next_at = :next_at WHERE workspace_id = :workspace_id AND id = :id
"""
# The oldest first; whoever takes it has it until the lease ends.
CLAIM: Final = """
UPDATE report_issues SET attempts = attempts + 1, next_at = :leased_until
WHERE workspace_id = :workspace_id AND report_id = :report_id AND first_day = (
  SELECT first_day FROM report_issues
  WHERE workspace_id = :workspace_id AND report_id = :report_id
    AND state = 'waiting' AND next_at <= :now
  ORDER BY first_day LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *
"""
# Only by whoever has it still.
END: Final = """
UPDATE report_issues SET state = :state, attempts = :attempts, next_at = :next_at,
  ended_at = :ended_at, detail = :detail
WHERE workspace_id = :workspace_id AND report_id = :report_id AND first_day = :first_day
  AND state = 'waiting' AND attempts = :claimed
"""
ISSUES: Final = """
SELECT * FROM report_issues WHERE workspace_id = :workspace_id AND report_id = :report_id
  {stretch}
"""
# Held to the end of the transaction: reports of a workspace are counted and added one by one.
TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended('reports/' || :workspace_id, 0))"
# What is over is begun anew, as another parcel; what is under way stays as it is.
REOPEN: Final = """
INSERT INTO report_issues AS issue (workspace_id, report_id, first_day, until_day, parcel_id, state,
  attempts, opened_at, next_at, detail)
VALUES (:workspace_id, :report_id, :first_day, :until_day, :parcel_id, 'waiting', 0, :opened_at,
  :next_at, '')
ON CONFLICT (workspace_id, report_id, first_day) DO UPDATE SET
  parcel_id = excluded.parcel_id, state = 'waiting', attempts = 0, opened_at = excluded.opened_at,
  next_at = excluded.next_at, ended_at = NULL, detail = ''
WHERE issue.state <> 'waiting'
RETURNING *
"""
REMOVE: Final = "DELETE FROM {table} WHERE workspace_id = :workspace_id AND {column} = :id"


async def list_due(uow: UnitOfWork) -> list[tuple[UUID, UUID]]:
    """Across workspaces: (workspace, report) whose time has come."""
    found = await uow.execute(DUE, {"now": uow.now, "most": MOST})
    return [(row.workspace_id, row.id) for row in found]


async def list_waiting(uow: UnitOfWork) -> list[tuple[UUID, UUID]]:
    """Across workspaces: (workspace, report) with an issue to be sent."""
    found = await uow.execute(WAITING, {"now": uow.now, "most": MOST})
    return [(row.workspace_id, row.report_id) for row in found]


async def lock_due(uow: UnitOfWork, report_id: UUID) -> Report | None:
    """None when it is not due any more, or somebody has it."""
    bound = {"workspace_id": uow.workspace_id, "id": report_id, "now": uow.real_now}
    row = (await uow.execute(LOCK_DUE, bound)).one_or_none()
    return None if row is None else _report(row)


async def move(uow: UnitOfWork, report_id: UUID, next_at: datetime) -> None:
    bound = {"workspace_id": uow.workspace_id, "id": report_id, "next_at": next_at}
    await uow.execute(MOVE, bound)


async def add_issue(uow: UnitOfWork, issue: Issue) -> None:
    """Nothing when there is one of this period."""
    values = {
        "workspace_id": uow.workspace_id,
        "report_id": issue.report_id,
        "first_day": issue.first_day,
        "until_day": issue.until_day,
        "parcel_id": issue.parcel_id,
        "state": issue.state.value,
        "attempts": 0,
        "opened_at": issue.opened_at,
        "next_at": issue.next_at,
        "detail": "",
    }
    await uow.execute(upsert(ReportIssueRow).values(values).on_conflict_do_nothing())


async def claim(uow: UnitOfWork, report_id: UUID, leased_until: datetime) -> Issue | None:
    bound = {
        "workspace_id": uow.workspace_id,
        "report_id": report_id,
        "now": uow.real_now,
        "leased_until": leased_until,
    }
    row = (await uow.execute(CLAIM, bound)).one_or_none()
    return None if row is None else _issue(row)


async def end(uow: UnitOfWork, claimed: Issue, after: Issue) -> None:
    """What became of an attempt, unless somebody else has taken it over."""
    bound = {
        "workspace_id": uow.workspace_id,
        "report_id": claimed.report_id,
        "first_day": claimed.first_day,
        "claimed": claimed.attempts,
        "state": after.state.value,
        "attempts": after.attempts,
        "next_at": after.next_at,
        "ended_at": after.ended_at,
        "detail": after.detail,
    }
    await uow.execute(END, bound)


async def reopen(uow: UnitOfWork, issue: Issue) -> Issue | None:
    """The issue as it waits now; None where it was waiting already."""
    bound = {
        "workspace_id": uow.workspace_id,
        "report_id": issue.report_id,
        "first_day": issue.first_day,
        "until_day": issue.until_day,
        "parcel_id": issue.parcel_id,
        "opened_at": issue.opened_at,
        "next_at": issue.next_at,
    }
    row = (await uow.execute(REOPEN, bound)).one_or_none()
    return None if row is None else _issue(row)


async def take_turn(uow: UnitOfWork) -> None:
    await uow.execute(TURN, {"workspace_id": str(uow.workspace_id)})


async def count_reports(uow: UnitOfWork) -> int:
    counted = select(func.count()).where(ReportRow.workspace_id == uow.workspace_id)
    found: int = (await uow.execute(counted)).scalar_one()
    return found


async def add_report(uow: UnitOfWork, report: Report) -> None:
    """Raises IntegrityError where one has the name."""
    values = {
        "workspace_id": uow.workspace_id,
        "id": report.id,
        "name": report.name,
        "kind": report.kind.value,
        "language": report.language.value,
        "channel_id": report.channel_id,
        "on_day": report.on_day,
        "at_hour": report.at_hour,
        "enabled": report.enabled,
        "next_at": report.next_at,
        "created_at": report.created_at,
        "updated_at": report.updated_at,
    }
    await uow.execute(insert(ReportRow), values)


async def change_report(uow: UnitOfWork, report: Report) -> None:
    """Raises IntegrityError where another one has the name."""
    changed = {
        "name": report.name,
        "kind": report.kind.value,
        "language": report.language.value,
        "channel_id": report.channel_id,
        "on_day": report.on_day,
        "at_hour": report.at_hour,
        "enabled": report.enabled,
        "next_at": report.next_at,
        "updated_at": report.updated_at,
    }
    of_it = (ReportRow.workspace_id == uow.workspace_id, ReportRow.id == report.id)
    await uow.execute(update(ReportRow).where(*of_it).values(changed))


async def remove_report(uow: UnitOfWork, report_id: UUID) -> None:
    for table, column in (("report_issues", "report_id"), ("reports", "id")):
        bound = {"workspace_id": uow.workspace_id, "id": report_id}
        await uow.execute(REMOVE.format(table=table, column=column), bound)


async def list_reports(uow: UnitOfWork) -> list[Report]:
    """By name."""
    query = (
        select(ReportRow.__table__)
        .where(ReportRow.workspace_id == uow.workspace_id)
        .order_by(ReportRow.name)
    )
    return [_report(row) for row in await uow.execute(query)]


async def get_report(uow: UnitOfWork, report_id: UUID, *, locked: bool = False) -> Report | None:
    query = select(ReportRow.__table__).where(
        ReportRow.workspace_id == uow.workspace_id, ReportRow.id == report_id
    )
    row = (await uow.execute(query.with_for_update() if locked else query)).one_or_none()
    return None if row is None else _report(row)


async def list_issues(uow: UnitOfWork, report_id: UUID, wanted: Stretch) -> list[Issue]:
    """By their first days."""
    bound = {"workspace_id": uow.workspace_id, "report_id": report_id} | wanted.bound
    statement = ISSUES.format(stretch=wanted.sql("first_day"))
    return [_issue(row) for row in await uow.execute(statement, bound)]


def _report(row: Row[Any]) -> Report:
    return Report(
        name=row.name,
        kind=Period(row.kind),
        channel_id=row.channel_id,
        language=Language(row.language),
        on_day=row.on_day,
        at_hour=row.at_hour,
        enabled=row.enabled,
        id=row.id,
        next_at=row.next_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _issue(row: Row[Any]) -> Issue:
    first: date = row.first_day
    return Issue(
        report_id=row.report_id,
        first_day=first,
        until_day=row.until_day,
        parcel_id=row.parcel_id,
        state=IssueState(row.state),
        attempts=row.attempts,
        opened_at=row.opened_at,
        next_at=row.next_at,
        ended_at=row.ended_at,
        detail=row.detail,
    )
