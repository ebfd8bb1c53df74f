"""SQL of the reading side: conditions are put together here, the statements stand beside it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.board import rules, statements
from services.core.board.types import CaseFilter, CaseSort, MessageFilter, Place, Run
from services.core.kit.uow import UnitOfWork
from services.core.triage.types import Tier

Rows = list[Row[Any]]

BY_ID = " AND id = ANY(CAST(:ids AS uuid[]))"


async def list_cases(
    uow: UnitOfWork,
    wanted: CaseFilter,
    sort: CaseSort,
    *,
    after: Place | None,
    reached: Tier | None,
    limit: int,
) -> Rows:
    """Behind `after`, and when sorted by tier, within the one that was `reached`."""
    conditions, bound = _case_conditions(wanted)
    if not sort.by_due:
        runs = rules.runs_of(wanted, sort, after, reached)
        return await _cases_by_runs(uow, conditions, bound | {"limit": limit}, sort, runs)
    way, beyond = _way(backwards=sort.backwards)
    if after is not None:
        conditions += f" AND (sort_due_at, id) {beyond} (:after_at, :after_id)"
        bound |= {"after_at": after[0], "after_id": after[1]}
    page = statements.CASES_BY_DUE.format(conditions=conditions, way=way)
    order = f"page.sort_due_at {way}, page.id {way}"
    return await _cases(uow, page, order, bound | {"limit": limit})


async def list_cases_by_id(uow: UnitOfWork, case_ids: Sequence[UUID]) -> Rows:
    """In whatever state they are."""
    page = statements.CASES_BY_DUE.format(conditions=BY_ID, way="ASC")
    bound = {"ids": list(case_ids), "limit": len(case_ids)}
    return await _cases(uow, page, "page.sort_due_at, page.id", bound)


async def get_case(uow: UnitOfWork, case_id: UUID) -> Row[Any] | None:
    statement = statements.CASE.format(columns=statements.CASE_COLUMNS, joins=statements.CASE_JOINS)
    return next(iter(await _rows(uow, statement, {"case_id": case_id})), None)


async def list_clocks(uow: UnitOfWork, case_id: UUID, limit: int) -> Rows:
    """The newest ones first."""
    return await _rows(uow, statements.CLOCKS, {"case_id": case_id, "limit": limit})


async def list_alerts(uow: UnitOfWork, case_id: UUID, limit: int) -> Rows:
    """The newest ones first."""
    return await _rows(uow, statements.ALERTS, {"case_id": case_id, "limit": limit})


async def list_acts(uow: UnitOfWork, thread_id: UUID, case_id: UUID, limit: int) -> Rows:
    """The newest ones first."""
    bound = {"thread_id": thread_id, "case_id": case_id, "limit": limit}
    return await _rows(uow, statements.ACTS, bound)


async def list_messages(
    uow: UnitOfWork,
    wanted: MessageFilter,
    after: Place | None,
    limit: int,
    *,
    oldest_first: bool = False,
) -> Rows:
    """Each with its author and the judgement in force."""
    fields = ("source_id", "external_id", "case_id", "kind", "tier", "needs_reply")
    bound = {name: getattr(wanted, name) for name in fields}
    return await _messages(uow, *_equal(bound), after, limit, oldest_first=oldest_first)


async def list_messages_by_id(uow: UnitOfWork, message_ids: Sequence[UUID]) -> Rows:
    """The newest ones first."""
    return await _messages(uow, BY_ID, {"ids": list(message_ids)}, None, len(message_ids))


async def list_clocks_of(uow: UnitOfWork, case_ids: Sequence[UUID], most: int) -> Rows:
    """The newest ones of each case first, at most so many of it."""
    return await _rows(uow, statements.CLOCKS_OF, {"ids": list(case_ids), "most": most})


async def list_last_messages_of(uow: UnitOfWork, case_ids: Sequence[UUID]) -> Rows:
    """The newest message of each case."""
    statement = statements.LAST_MESSAGES.format(
        author=statements.AUTHOR_COLUMNS, judgement=statements.JUDGEMENT_COLUMNS
    )
    return await _rows(uow, statement, {"ids": list(case_ids)})


async def get_message(uow: UnitOfWork, message_id: UUID) -> Row[Any] | None:
    rows = await _messages(uow, " AND id = :id", {"id": message_id}, None, 1)
    return next(iter(rows), None)


async def list_judgements(uow: UnitOfWork, message_id: UUID, limit: int) -> Rows:
    """The newest ones first."""
    return await _rows(uow, statements.JUDGEMENTS, {"message_id": message_id, "limit": limit})


async def list_followers(
    uow: UnitOfWork,
    equal_to: dict[str, Any],
    after: Place | None,
    limit: int,
    *,
    oldest_first: bool = False,
) -> Rows:
    """By when they were seen last."""
    conditions, bound = _equal(equal_to)
    way, beyond = _way(backwards=not oldest_first)
    if after is not None:
        conditions += f" AND (last_seen_at, id) {beyond} (:after_at, :after_id)"
        bound |= {"after_at": after[0], "after_id": after[1]}
    statement = statements.FOLLOWERS.format(conditions=conditions, way=way)
    return await _rows(uow, statement, bound | {"limit": limit})


async def list_followers_by_id(uow: UnitOfWork, follower_ids: Sequence[UUID]) -> Rows:
    """The last seen first."""
    statement = statements.FOLLOWERS.format(conditions=BY_ID, way="DESC")
    return await _rows(uow, statement, {"ids": list(follower_ids), "limit": len(follower_ids)})


async def list_posts(
    uow: UnitOfWork,
    equal_to: dict[str, Any],
    after: Place | None,
    limit: int,
    *,
    oldest_first: bool = False,
) -> Rows:
    """By when they were published; those without a time are older than all others."""
    conditions, bound = _equal(equal_to)
    way, beyond = _way(backwards=not oldest_first)
    if after is not None:
        conditions += statements.POSTED_BEYOND.format(beyond=beyond)
        bound |= {"after_at": after[0], "after_id": after[1]}
    statement = statements.POSTS.format(conditions=conditions, way=way)
    return await _rows(uow, statement, bound | {"limit": limit})


async def get_day(uow: UnitOfWork, zone: str) -> Row[Any]:
    """Start and end of the zone's day that holds the unit's now; Postgres knows the zones."""
    return (await uow.execute(statements.DAY, {"now": uow.now, "zone": zone})).one()


async def count_open_cases(uow: UnitOfWork) -> Rows:
    return await _rows(uow, statements.OPEN_CASES, {})


async def count_pressing_promises(uow: UnitOfWork, until: datetime) -> Rows:
    return await _rows(uow, statements.PRESSING, {"now": uow.now, "until": until})


async def count_promises_due(uow: UnitOfWork, starts: datetime, ends: datetime) -> Rows:
    return await _rows(uow, statements.TODAY, {"starts": starts, "ends": ends, "now": uow.now})


async def get_figures(uow: UnitOfWork, starts: datetime, ends: datetime) -> Row[Any]:
    """Answered cases of the day, firing alerts, and what the journal still holds."""
    bound = {"workspace_id": uow.workspace_id, "starts": starts, "ends": ends}
    return (await uow.execute(statements.FIGURES, bound)).one()


async def _cases_by_runs(
    uow: UnitOfWork,
    conditions: str,
    bound: dict[str, Any],
    sort: CaseSort,
    runs: Sequence[Run],
) -> Rows:
    way, beyond = _way(backwards=sort.backwards)
    page = statements.CASES_BY_RUNS.format(
        conditions=conditions,
        column=sort.column,
        led_by="tier" if sort.by_tier else "state",
        first="run.place, " if sort.by_tier else "",
        beyond=beyond,
        way=way,
    )
    first = "page.run_place, " if sort.by_tier else ""
    bound |= {
        "runs": [run.of for run in runs],
        "ats": [run.at for run in runs],
        "ids": [run.id for run in runs],
    }
    return await _cases(uow, page, f"{first}page.{sort.column} {way}, page.id {way}", bound)


async def _cases(uow: UnitOfWork, page: str, order: str, bound: dict[str, Any]) -> Rows:
    statement = statements.CASES.format(
        page=page, order=order, columns=statements.CASE_COLUMNS, joins=statements.CASE_JOINS
    )
    return await _rows(uow, statement, bound)


async def _messages(
    uow: UnitOfWork,
    conditions: str,
    bound: dict[str, Any],
    after: Place | None,
    limit: int,
    *,
    oldest_first: bool = False,
) -> Rows:
    way, beyond = _way(backwards=not oldest_first)
    if after is not None:
        conditions += f" AND (occurred_at, id) {beyond} (:after_at, :after_id)"
        bound |= {"after_at": after[0], "after_id": after[1]}
    statement = statements.MESSAGES.format(
        conditions=conditions,
        author=statements.AUTHOR_COLUMNS,
        judgement=statements.JUDGEMENT_COLUMNS,
        way=way,
    )
    return await _rows(uow, statement, bound | {"limit": limit})


def _way(*, backwards: bool) -> tuple[str, str]:
    """How rows are ordered, and how those behind a place compare with it."""
    return ("DESC", "<") if backwards else ("ASC", ">")


async def _rows(uow: UnitOfWork, statement: str, bound: dict[str, Any]) -> Rows:
    return list(await uow.execute(statement, {"workspace_id": uow.workspace_id} | bound))


def _case_conditions(wanted: CaseFilter) -> tuple[str, dict[str, Any]]:
    conditions, bound = _equal(
        {
            "assignee_id": wanted.assignee_id,
            "source_id": wanted.source_id,
            "follower_id": wanted.follower_id,
        }
    )
    conditions += f" AND {_one_of('state', wanted.states)}" if wanted.states else ""
    conditions += f" AND {statements.LIVE}" if not wanted.states else ""
    conditions += f" AND {_one_of('tier', wanted.tiers)}" if wanted.tiers else ""
    conditions += f" AND {_one_of('category', wanted.categories)}" if wanted.categories else ""
    conditions += " AND assignee_id IS NULL" if wanted.unassigned else ""
    if wanted.due_before is not None:
        conditions += " AND sort_due_at < :due_before AND next_due_at IS NOT NULL"
        bound["due_before"] = wanted.due_before
    if wanted.patterns:
        conditions += statements.CASE_TEXT
        bound["patterns"] = list(wanted.patterns)
    if wanted.told is not None:
        conditions += statements.CASE_TOLD
        bound["told_ids"] = list(wanted.told.case_ids)
        bound["told_followers"] = list(wanted.told.follower_ids)
    return conditions, bound


def _equal(values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    bound = {name: value for name, value in values.items() if value is not None}
    return "".join(f" AND {name} = :{name}" for name in bound), bound


def _one_of(column: str, values: Iterable[StrEnum]) -> str:
    """Members of our own enums as literals: only a literal is matched with a partial index."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return f"{column} IN ({listed})"
