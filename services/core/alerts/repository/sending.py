"""SQL of results: what came of messages, for every row they carried, believed by token."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from services.core.alerts.types import Ending, OutboxState
from services.core.kit.uow import UnitOfWork

# In one order everywhere, so that two never wait for each other crosswise. A firing cancelled while
# it was on its way is still a sent one when the answer says so. An attempt ends with its row: one
# that had ended before it would take the doubt from whoever claims the row next.
COMPLETE: Final = """
WITH came AS (
  SELECT * FROM unnest(
    CAST(:ids AS uuid[]), CAST(:tokens AS bigint[]), CAST(:states AS text[]),
    CAST(:next_ats AS timestamptz[]), CAST(:last_errors AS text[]), CAST(:digest_ids AS uuid[]),
    CAST(:outcomes AS text[]), CAST(:status_codes AS int[]), CAST(:details AS text[])
  ) AS came (id, token, state, next_at, last_error, digest_id, outcome, status_code, detail)
), mine AS MATERIALIZED (
  SELECT came.* FROM came JOIN outbox o
    ON o.workspace_id = :workspace_id AND o.id = came.id AND o.token = came.token
  WHERE o.state = 'pending' OR (o.state = 'cancelled' AND came.state = 'sent')
  ORDER BY o.id FOR UPDATE OF o {wait}
), ended AS (
  UPDATE send_attempts a SET outcome = {over}.outcome, status_code = {over}.status_code,
    detail = {over}.detail, finished_at = :now
  FROM {over}
  WHERE a.workspace_id = :workspace_id AND a.outbox_id = {over}.id AND a.attempt = {over}.token
    AND a.outcome = 'started'
)
UPDATE outbox o SET state = mine.state, next_at = mine.next_at, last_error = mine.last_error,
  sent_at = CASE WHEN mine.state = 'sent' THEN CAST(:now AS timestamptz) END,
  digest_id = mine.digest_id
FROM mine WHERE o.workspace_id = :workspace_id AND o.id = mine.id
RETURNING o.id
"""

ALONE: Final = COMPLETE.format(wait="", over="came")
# A row that somebody holds is nobody's neighbours' concern: it is left out, with its attempt.
TOGETHER: Final = COMPLETE.format(wait="SKIP LOCKED", over="mine")


async def complete(uow: UnitOfWork, endings: Sequence[Ending]) -> set[UUID]:
    """The rows written; those whose claim was taken over or that were cancelled are left alone.

    Waits for rows that others hold, and ends every attempt.
    """
    return await _complete(uow, ALONE, endings)


async def complete_free(uow: UnitOfWork, endings: Sequence[Ending]) -> set[UUID]:
    """As `complete`, without what others hold just now: of what was not written, nothing was."""
    return await _complete(uow, TOGETHER, endings)


async def _complete(uow: UnitOfWork, statement: str, endings: Sequence[Ending]) -> set[UUID]:
    parameters: dict[str, Any] = {
        "workspace_id": uow.workspace_id,
        "now": uow.real_now,
        "ids": [one.dispatch.outbox_id for one in endings],
        "tokens": [one.dispatch.token for one in endings],
        "states": [one.state.value for one in endings],
        "next_ats": [uow.real_now + one.delay for one in endings],
        "last_errors": [_error_of(one) for one in endings],
        "digest_ids": [
            one.dispatch.digest_id if one.state is OutboxState.SENT else None for one in endings
        ],
        "outcomes": [one.result.outcome.value for one in endings],
        "status_codes": [one.result.status_code for one in endings],
        "details": [one.result.detail for one in endings],
    }
    return set((await uow.execute(statement, parameters)).scalars())


def _error_of(ending: Ending) -> str | None:
    if ending.state is OutboxState.SENT:
        return None
    return f"{ending.result.status_code or ''} {ending.result.detail}".strip()
