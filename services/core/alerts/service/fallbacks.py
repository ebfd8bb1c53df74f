"""Tell elsewhere, once and marked, what did not get through where it was to go."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from services.core.alerts.repository import fallbacks, outbox
from services.core.alerts.service.raising import ALERTS_QUEUE
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.turns import apart
from services.core.kit.uow import Database, UnitOfWork

# A channel that has let nothing through for so long keeps no urgent alert to itself.
FAILING_FOR: Final = timedelta(minutes=5)
# What was given up longer ago is for a person to redrive.
WITHIN: Final = timedelta(days=1)
MAX_WORKSPACES: Final = 200
MAX_ROWS: Final = 500


async def fall_back(database: Database) -> int:
    """Pass on what died, or waits for a channel that is paused or fails; returns how many rows.

    To the second channel the alert's ladder names, or, for an urgent one nobody else was told of,
    to any other that is in order. The row that could not be sent stays as it is.
    """
    async with database.system() as uow:
        found = await fallbacks.list_workspaces(
            uow,
            since=uow.real_now - WITHIN,
            failing_before=uow.real_now - FAILING_FOR,
            limit=MAX_WORKSPACES,
        )
    passed_on = 0
    for workspace_id in found:
        async with apart(database, workspace_id, "fallbacks"), database.unit(workspace_id) as uow:
            passed_on += await _fall_back_in(uow)
    return passed_on


async def _fall_back_in(uow: UnitOfWork) -> int:
    forsaken = await fallbacks.list_forsaken(
        uow, within=WITHIN, failing_for=FAILING_FOR, limit=MAX_ROWS
    )
    if not forsaken:
        return 0
    ours = await fallbacks.mark(uow, forsaken)
    rows = [row for row in forsaken if row.id in ours]
    await outbox.add_dispatches(uow, [_passed_on(uow, row) for row in rows])
    entries = [
        AuditEntry("alert.fell_back", "alert", row.alert_id, {"channel_id": str(row.other_id)})
        for row in rows
    ]
    await audit.record(uow, entries)
    uow.wake(ALERTS_QUEUE)
    return len(rows)


def _passed_on(uow: UnitOfWork, row: Row[Any]) -> dict[str, Any]:
    fallback = {"outbox_id": str(row.id), "channel": row.channel_name}
    return {
        "id": ids.new_id(),
        "alert_id": row.alert_id,
        "channel_id": row.other_id,
        "purpose": row.purpose,
        "sequence": row.sequence,
        "tier": row.tier,
        "state": "pending",
        "next_at": uow.real_now,
        "message": {**row.message, "fallback": fallback},
        "created_at": uow.real_now,
        "fallback_of": row.id,
        "request_id": row.request_id,
    }
