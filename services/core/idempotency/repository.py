"""SQL of calls that are done once."""

from datetime import datetime
from typing import Final

import orjson

from services.core.idempotency.types import Answer, Call, Kept
from services.core.kit.uow import UnitOfWork

# Waits for a twin that is being done; a call of yesterday gives its place away.
CLAIM: Final = """
INSERT INTO idempotent_calls AS kept (workspace_id, caller, key_digest, fingerprint, made_at)
VALUES (:workspace_id, :caller, :key_digest, :fingerprint, :now)
ON CONFLICT (workspace_id, caller, key_digest) DO UPDATE
SET fingerprint = excluded.fingerprint, made_at = excluded.made_at,
  status = NULL, headers = NULL, body = NULL
WHERE kept.made_at <= :forgotten_before
RETURNING 1
"""
GET: Final = """
SELECT fingerprint, status, headers, body FROM idempotent_calls
WHERE workspace_id = :workspace_id AND caller = :caller AND key_digest = :key_digest
"""
KEEP: Final = """
UPDATE idempotent_calls SET status = :status, headers = CAST(:headers AS jsonb), body = :body
WHERE workspace_id = :workspace_id AND caller = :caller AND key_digest = :key_digest
"""
FORGET: Final = """
WITH old AS (
  SELECT workspace_id, caller, key_digest FROM idempotent_calls
  WHERE made_at <= :forgotten_before ORDER BY made_at LIMIT :limit
  FOR UPDATE SKIP LOCKED
)
DELETE FROM idempotent_calls kept USING old
WHERE kept.workspace_id = old.workspace_id AND kept.caller = old.caller
  AND kept.key_digest = old.key_digest
"""


async def claim(uow: UnitOfWork, call: Call, forgotten_before: datetime) -> bool:
    """Whether the call is ours to do; False where it was done."""
    bound = _bound(uow, call) | {
        "fingerprint": call.fingerprint,
        "now": uow.real_now,
        "forgotten_before": forgotten_before,
    }
    return (await uow.execute(CLAIM, bound)).first() is not None


async def get(uow: UnitOfWork, call: Call) -> Kept | None:
    row = (await uow.execute(GET, _bound(uow, call))).one_or_none()
    if row is None:
        return None
    answer = None if row.status is None else Answer(row.status, row.headers, row.body)
    return Kept(row.fingerprint, answer)


async def keep(uow: UnitOfWork, call: Call, answer: Answer) -> None:
    told = {
        "status": answer.status,
        "headers": orjson.dumps(answer.headers).decode(),
        "body": answer.body,
    }
    await uow.execute(KEEP, _bound(uow, call) | told)


async def forget(uow: UnitOfWork, forgotten_before: datetime, limit: int) -> int:
    """Drop the oldest, of all workspaces; returns how many."""
    bound = {"forgotten_before": forgotten_before, "limit": limit}
    return (await uow.execute(FORGET, bound)).rowcount


def _bound(uow: UnitOfWork, call: Call) -> dict[str, object]:
    return {
        "workspace_id": uow.workspace_id,
        "caller": call.caller,
        "key_digest": call.key_digest,
    }
