"""Plan open cases anew when an absence or an outage begins, ends or is taken back."""

from uuid import UUID

from services.core.calendars import service as calendars
from services.core.cases import service as cases
from services.core.conversations import service as conversations
from services.core.conversations.types import Touched
from services.core.desk import service as desk
from services.core.kit.uow import Database

# So few that intake, which needs the same threads, never waits long for them.
BATCH = 100


async def replan_due(database: Database, *, batch: int = BATCH) -> int:
    """One batch for each standstill that has open cases to plan anew; returns how many were.

    Interrupted at any point, it goes on behind the last batch; planning a case twice changes
    nothing.
    """
    planned = 0
    for workspace_id, standstill_id in await calendars.list_to_replan(database):
        planned += await _replan(database, workspace_id, standstill_id, batch)
    return planned


async def _replan(database: Database, workspace_id: UUID, standstill_id: UUID, batch: int) -> int:
    async with database.unit(workspace_id) as uow:
        walk = await calendars.take_walk(uow, standstill_id)
        if walk is None:
            return 0
        found = await cases.list_open(
            uow, source_id=walk.source_id, after=walk.after, since=walk.since, limit=batch
        )
        await conversations.hold_threads(uow, list({case.thread_id for case in found}))
        touched: dict[UUID, Touched] = {}
        for case in found:
            known = touched.get(case.thread_id)
            since = min(case.opened_at, known.since) if known else case.opened_at
            touched[case.thread_id] = Touched(case.thread_id, since)
        await desk.settle(uow, list(touched.values()), resolution="planned anew")
        last = found[-1].id if len(found) == batch else None
        await calendars.note_walk(uow, standstill_id, last=last, count=len(found))
    # The end of a walk is work as well: another look tells whether more follows at once.
    return max(len(found), 1)
