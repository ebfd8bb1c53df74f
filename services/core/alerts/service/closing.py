"""Close the incident of a digest when the last of its alerts is over or somebody has it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts.digests import build_closing
from services.core.alerts.repository import digests, outbox
from services.core.alerts.service.raising import ALERTS_QUEUE
from services.core.alerts.types import OutboxState, Purpose
from services.core.kit import ids
from services.core.kit.turns import apart
from services.core.kit.uow import Database, UnitOfWork
from services.core.triage.types import Tier

MAX_DIGESTS = 200


async def close_digests(database: Database) -> int:
    """Say of each digest that opened an incident that it is over, once; returns how many.

    Only where nobody of it is firing any more. It is a row of the outbox like every other, of one
    of its alerts, and names the digest it closes.
    """
    async with database.system() as uow:
        workspace_ids = await digests.list_workspaces(uow)
    closed = 0
    for workspace_id in workspace_ids:
        async with apart(database, workspace_id, "digests"), database.unit(workspace_id) as uow:
            ended = await digests.take_over(uow, MAX_DIGESTS)
            await outbox.add_dispatches(uow, [_closing(uow, row) for row in ended])
            uow.wake(ALERTS_QUEUE)
            closed += len(ended)
    return closed


def _closing(uow: UnitOfWork, row: Row[Any]) -> dict[str, Any]:
    digest_id: UUID = row.id
    return {
        "id": ids.new_id(),
        "alert_id": row.alert_id,
        "channel_id": row.channel_id,
        "purpose": Purpose.RESOLVED.value,
        "sequence": row.sequence,
        "tier": Tier.ROUTINE.value,
        "state": OutboxState.PENDING.value,
        "next_at": uow.real_now,
        "message": build_closing(digest_id, row.alerts, now=uow.now),
        "created_at": uow.real_now,
        "closes_digest_id": digest_id,
    }
