"""SQL of results: what came of a message, for every row it carried, believed by token."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.alerts.types import Dispatch, OutboxState, SendResult
from services.core.kit.uow import UnitOfWork

# In one order everywhere, so that two never wait for each other crosswise. A firing
# cancelled while it was on its way is still a sent one when the answer says so.
COMPLETE: Final = """
WITH mine AS MATERIALIZED (
  SELECT o.id, came.state, came.next_at
  FROM outbox o JOIN unnest(
    CAST(:ids AS uuid[]), CAST(:tokens AS bigint[]), CAST(:states AS text[]),
    CAST(:next_ats AS timestamptz[])
  ) AS came (id, token, state, next_at) ON o.id = came.id AND o.token = came.token
  WHERE o.workspace_id = :workspace_id
    AND (o.state = 'pending' OR (o.state = 'cancelled' AND came.state = 'sent'))
  ORDER BY o.id FOR UPDATE OF o
)
UPDATE outbox o SET state = mine.state, next_at = mine.next_at, last_error = :last_error,
  sent_at = CASE WHEN mine.state = 'sent' THEN CAST(:now AS timestamptz) END,
  digest_id = CASE WHEN mine.state = 'sent' THEN CAST(:digest_id AS uuid) END
FROM mine WHERE o.workspace_id = :workspace_id AND o.id = mine.id
RETURNING o.id
"""

END_ATTEMPTS: Final = """
UPDATE send_attempts a SET outcome = :outcome, status_code = :status_code, detail = :detail,
  finished_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS bigint[])) AS came (id, token)
WHERE a.workspace_id = :workspace_id AND a.outbox_id = came.id AND a.attempt = came.token
  AND a.outcome = 'started'
"""


async def complete(
    uow: UnitOfWork,
    dispatches: Sequence[Dispatch],
    *,
    become: Mapping[UUID, tuple[OutboxState, datetime]],
    result: SendResult,
) -> set[UUID]:
    """The rows written; those whose claim was taken over or that were cancelled are left alone.

    All rows are of one message. `become` says by id what becomes of each, and when it is due again.
    """
    ids = [one.outbox_id for one in dispatches]
    ours = {
        "workspace_id": uow.workspace_id,
        "ids": ids,
        "tokens": [one.token for one in dispatches],
        "now": uow.real_now,
    }
    sent = any(state is OutboxState.SENT for state, _ in become.values())
    parameters = {
        **ours,
        "states": [become[one][0].value for one in ids],
        "next_ats": [become[one][1] for one in ids],
        "last_error": None if sent else f"{result.status_code or ''} {result.detail}".strip(),
        "digest_id": dispatches[0].digest_id,
    }
    written = set((await uow.execute(COMPLETE, parameters)).scalars())
    ended = {
        "outcome": result.outcome.value,
        "status_code": result.status_code,
        "detail": result.detail,
    }
    await uow.execute(END_ATTEMPTS, {**ours, **ended})
    return written
