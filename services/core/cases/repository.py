"""SQL of cases: load what a fold needs, write what it says, keep the acts of people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, String, Table, func, insert, select, update
from sqlalchemy import cast as as_type

from services.core.cases.models import CaseActRow, CaseRow
from services.core.kit.bulk import insert_rows, update_rows
from services.core.kit.uow import UnitOfWork

CASES_TABLE: Final = cast("Table", CaseRow.__table__)

# A fold starts at the opening of the case the earliest change falls into: cases before it are
# history that nothing can change any more, except something still earlier.
WINDOWS = """
WITH touched AS (
  SELECT * FROM unnest(CAST(:thread_ids AS uuid[]), CAST(:moments AS timestamptz[]))
    AS t (thread_id, since)
)
SELECT t.thread_id, h.source_id, h.channel, h.follower_id, h.post_id, f.tier AS follower_tier,
  coalesce((
    SELECT max(c.opened_at) FROM cases c
    WHERE c.workspace_id = :workspace_id AND c.thread_id = t.thread_id AND c.opened_at <= t.since
  ), '2000-01-01 00:00:00+00') AS start
FROM touched t
JOIN threads h ON h.workspace_id = :workspace_id AND h.id = t.thread_id
LEFT JOIN followers f ON f.workspace_id = :workspace_id AND f.id = h.follower_id
"""

ITEMS = """
SELECT m.id, m.thread_id, m.direction, m.occurred_at, m.deleted_at, m.tier, m.category,
  m.sentiment, m.case_id, m.resolves, m.needs_reply,
  m.attributes ->> 'reply_window_until' AS window_until,
  CASE WHEN :with_languages AND m.direction = 'in' THEN (
    SELECT j.language FROM judgements j
    WHERE j.workspace_id = m.workspace_id AND j.id = m.judgement_id
  ) END AS language
FROM unnest(CAST(:thread_ids AS uuid[]), CAST(:starts AS timestamptz[])) AS w (thread_id, start)
JOIN messages m ON m.workspace_id = :workspace_id AND m.thread_id = w.thread_id
  AND m.occurred_at >= w.start
WHERE m.content_at IS NOT NULL
  AND (m.direction = 'out' OR (NOT m.historical AND (m.needs_reply OR m.kind = 'dm')))
ORDER BY m.thread_id, m.occurred_at, m.id
"""

# What advocates wrote below the questions of these threads, in threads of their own.
ADVOCATES = """
SELECT q.thread_id, q.id AS question_id, a.id, a.occurred_at
FROM unnest(CAST(:thread_ids AS uuid[]), CAST(:starts AS timestamptz[])) AS w (thread_id, start)
JOIN messages q ON q.workspace_id = :workspace_id AND q.thread_id = w.thread_id
  AND q.occurred_at >= w.start AND q.kind = 'comment'
JOIN messages a ON a.workspace_id = :workspace_id AND a.source_id = q.source_id
  AND a.parent_external_id = q.external_id AND a.by_advocate AND a.thread_id <> q.thread_id
ORDER BY q.thread_id, a.occurred_at, a.id
"""

CASES = """
SELECT c.* FROM unnest(CAST(:thread_ids AS uuid[]), CAST(:starts AS timestamptz[]))
  AS w (thread_id, start)
JOIN cases c ON c.workspace_id = :workspace_id AND c.thread_id = w.thread_id
  AND c.opened_at >= w.start
ORDER BY c.id
"""
LOCKED_CASES = f"{CASES} FOR UPDATE OF c"

ACTS = """
SELECT a.id, a.thread_id, a.case_id, a.kind, a.at, a.until, a.tier
FROM unnest(CAST(:thread_ids AS uuid[]), CAST(:starts AS timestamptz[])) AS w (thread_id, start)
JOIN case_acts a ON a.workspace_id = :workspace_id AND a.thread_id = w.thread_id
  AND a.at >= w.start
ORDER BY a.thread_id, a.at, a.id
"""

# Everything said between the opening of a case and the next one belongs to it.
ATTACH = """
UPDATE messages m SET case_id = s.case_id
FROM unnest(CAST(:thread_ids AS uuid[]), CAST(:case_ids AS uuid[]),
  CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
  AS s (thread_id, case_id, start, stop)
WHERE m.workspace_id = :workspace_id AND m.thread_id = s.thread_id
  AND m.occurred_at >= s.start AND m.occurred_at < s.stop
  AND m.content_at IS NOT NULL AND m.case_id IS DISTINCT FROM s.case_id
"""

# No message has a case's id: it stands for "none", and is as unique.
FREE_OPENINGS = """
UPDATE cases SET opening_message_id = id
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:case_ids AS uuid[]))
"""

DUE_SNOOZES = """
SELECT workspace_id, thread_id, opened_at FROM cases
WHERE state = 'snoozed' AND snoozed_until <= :now ORDER BY snoozed_until LIMIT :limit
"""

SANDBOX_SNOOZES = """
SELECT c.workspace_id, c.thread_id, c.opened_at FROM sandbox_clocks s
JOIN cases c ON c.workspace_id = s.workspace_id AND c.state = 'snoozed'
  AND c.snoozed_until <= CAST(:now AS timestamptz) + s.ahead
LIMIT :limit
"""


# Along the primary key: whoever goes on, goes on behind the last case.
OPEN = """
SELECT id, thread_id, opened_at FROM cases
WHERE workspace_id = :workspace_id AND state IN ('open', 'answered', 'snoozed')
  AND (CAST(:source_id AS uuid) IS NULL OR source_id = :source_id)
  AND (CAST(:after AS uuid) IS NULL OR id > :after)
  AND (CAST(:since AS timestamptz) IS NULL OR updated_at >= :since)
ORDER BY id LIMIT :limit
"""


OPEN_OF_POLICY = """
SELECT id, thread_id, opened_at FROM cases
WHERE workspace_id = :workspace_id AND state IN ('open', 'answered', 'snoozed')
  AND policy_id = :policy_id AND (CAST(:after AS uuid) IS NULL OR id > :after)
ORDER BY id LIMIT :limit
"""

# Open cases as their clocks are moved: `paused` when a person's act may have stopped those.
SWIFT = """
SELECT c.id, c.thread_id, c.channel, c.source_id, c.state, c.tier, c.tier_override, c.category,
  c.opened_at, c.next_due_at, c.policy_version, c.version,
  c.state = 'snoozed' OR EXISTS (
    SELECT FROM case_acts a WHERE a.workspace_id = :workspace_id AND a.thread_id = c.thread_id
      AND a.at >= c.opened_at AND a.kind IN ('snooze', 'wait')
  ) AS paused
FROM cases c
WHERE c.workspace_id = :workspace_id AND c.id = ANY(CAST(:case_ids AS uuid[]))
  AND c.state IN ('open', 'answered', 'snoozed')
ORDER BY c.id
"""
LOCKED_SWIFT = f"{SWIFT} FOR UPDATE OF c"

COUNT_OF_POLICY = """
SELECT count(*) FROM cases
WHERE workspace_id = :workspace_id AND state IN ('open', 'answered', 'snoozed')
  AND policy_id = :policy_id
"""


async def list_open_of_policy(
    uow: UnitOfWork, policy_id: UUID, *, after: UUID | None, limit: int
) -> list[Row[Any]]:
    """Open cases under any version of a policy, by id."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "policy_id": policy_id,
        "after": after,
        "limit": limit,
    }
    return list(await uow.execute(OPEN_OF_POLICY, parameters))


async def list_swift(uow: UnitOfWork, case_ids: Sequence[UUID], *, lock: bool) -> list[Row[Any]]:
    """Those of these cases that are open, with whether a person's act paused them."""
    query = LOCKED_SWIFT if lock else SWIFT
    bound = {"workspace_id": uow.workspace_id, "case_ids": list(case_ids)}
    return list(await uow.execute(query, bound))


async def count_open_of_policy(uow: UnitOfWork, policy_id: UUID) -> int:
    parameters = {"workspace_id": uow.workspace_id, "policy_id": policy_id}
    count: int = (await uow.execute(COUNT_OF_POLICY, parameters)).scalar_one()
    return count


async def list_open(
    uow: UnitOfWork,
    *,
    source_id: UUID | None,
    after: UUID | None,
    since: datetime | None,
    limit: int,
) -> list[Row[Any]]:
    """Cases somebody may still wait in, by id; of a source, after a case, changed since, or all."""
    parameters = {
        "workspace_id": uow.workspace_id,
        "source_id": source_id,
        "after": after,
        "since": since,
        "limit": limit,
    }
    return list(await uow.execute(OPEN, parameters))


async def list_windows(
    uow: UnitOfWork, thread_ids: Sequence[UUID], moments: Sequence[datetime]
) -> list[Row[Any]]:
    parameters = {
        "workspace_id": uow.workspace_id,
        "thread_ids": list(thread_ids),
        "moments": list(moments),
    }
    return list(await uow.execute(WINDOWS, parameters))


async def list_items(
    uow: UnitOfWork, windows: Sequence[Row[Any]], *, with_languages: bool
) -> list[Row[Any]]:
    """Questions and answers since each window's start, in order; languages only if wanted."""
    parameters = _windows(uow, windows) | {"with_languages": with_languages}
    return list(await uow.execute(ITEMS, parameters))


async def list_advocates(uow: UnitOfWork, windows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Answers of advocates since each window's start: id, occurred_at, thread_id, question_id."""
    return list(await uow.execute(ADVOCATES, _windows(uow, windows)))


async def lock_cases(uow: UnitOfWork, windows: Sequence[Row[Any]]) -> list[Row[Any]]:
    return list(await uow.execute(LOCKED_CASES, _windows(uow, windows)))


async def list_window_cases(uow: UnitOfWork, windows: Sequence[Row[Any]]) -> list[Row[Any]]:
    return list(await uow.execute(CASES, _windows(uow, windows)))


async def list_acts(uow: UnitOfWork, windows: Sequence[Row[Any]]) -> list[Row[Any]]:
    return list(await uow.execute(ACTS, _windows(uow, windows)))


async def get_case(uow: UnitOfWork, case_id: UUID) -> Row[Any] | None:
    query = select(CaseRow.__table__).where(
        CaseRow.workspace_id == uow.workspace_id, CaseRow.id == case_id
    )
    return (await uow.execute(query)).one_or_none()


async def list_ids_ending(uow: UnitOfWork, ending: str, limit: int) -> list[UUID]:
    query = (
        select(CaseRow.id)
        .where(
            CaseRow.workspace_id == uow.workspace_id,
            func.right(as_type(CaseRow.id, String), len(ending)) == ending,
        )
        .limit(limit)
    )
    return list((await uow.execute(query)).scalars())


async def list_cases(uow: UnitOfWork, case_ids: Sequence[UUID]) -> list[Row[Any]]:
    query = select(CaseRow.__table__).where(
        CaseRow.workspace_id == uow.workspace_id, CaseRow.id.in_(case_ids)
    )
    return list(await uow.execute(query))


async def add_cases(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await insert_rows(uow, CASES_TABLE, rows)


async def change_cases(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Write cases whole, by id; every row names the same columns."""
    await update_rows(uow, CASES_TABLE, rows)


async def free_openings(uow: UnitOfWork, case_ids: Sequence[UUID]) -> None:
    """Let these cases have no opening question until they are written again, in this unit."""
    if case_ids:
        await uow.execute(
            FREE_OPENINGS, {"workspace_id": uow.workspace_id, "case_ids": list(case_ids)}
        )


async def attach_messages(uow: UnitOfWork, spans: Sequence[dict[str, Any]]) -> None:
    """Give messages to cases; each span has thread_id, case_id, start and end (end excluded)."""
    if not spans:
        return
    parameters = {
        "workspace_id": uow.workspace_id,
        "thread_ids": [span["thread_id"] for span in spans],
        "case_ids": [span["case_id"] for span in spans],
        "starts": [span["start"] for span in spans],
        "ends": [span["end"] for span in spans],
    }
    await uow.execute(ATTACH, parameters)


async def add_acts(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    stamped = [row | {"workspace_id": uow.workspace_id} for row in rows]
    await uow.execute(insert(CaseActRow), stamped)


async def assign_cases(uow: UnitOfWork, case_ids: Sequence[UUID], member_id: UUID | None) -> None:
    await uow.execute(
        update(CaseRow)
        .where(CaseRow.workspace_id == uow.workspace_id, CaseRow.id.in_(case_ids))
        .values(assignee_id=member_id, version=CaseRow.version + 1, updated_at=uow.now)
    )


async def list_due_snoozes(uow: UnitOfWork, limit: int) -> list[Row[Any]]:
    return list(await uow.execute(DUE_SNOOZES, {"now": uow.now, "limit": limit}))


async def list_due_sandbox_snoozes(uow: UnitOfWork, limit: int) -> list[Row[Any]]:
    """By the time of each sandbox, which is never behind everybody's."""
    return list(await uow.execute(SANDBOX_SNOOZES, {"now": uow.now, "limit": limit}))


def _windows(uow: UnitOfWork, windows: Sequence[Row[Any]]) -> dict[str, Any]:
    return {
        "workspace_id": uow.workspace_id,
        "thread_ids": [window.thread_id for window in windows],
        "starts": [window.start for window in windows],
    }
