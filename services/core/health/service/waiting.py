"""What waits: for how long, which is cheap to know, and how much, which costs what it counts."""

from datetime import datetime

from services.core.health.repository import totals, waiting
from services.core.health.types import Ages, OpenPromises, Totals, Waiting
from services.core.kit.uow import Database, UnitOfWork
from services.core.triage.types import Tier


async def read_waiting(database: Database) -> Waiting:
    """The ages of what waits, at a cost that does not grow with it. 2 s a statement at most.

    Raises UnavailableError when the database is away or too busy to say.
    """
    async with database.system() as uow:
        return await read_waiting_in(uow)


async def read_waiting_in(uow: UnitOfWork) -> Waiting:
    """The same inside a system's unit of the caller's."""
    await waiting.be_careful(uow)
    deliveries = await waiting.get_deliveries(uow)
    outbox = await waiting.get_outbox(uow)
    timer = await waiting.get_first(uow, waiting.TIMERS)
    fact = await waiting.get_first(uow, waiting.FACTS)
    climb = await waiting.get_first(uow, waiting.CLIMBS)
    snooze = await waiting.get_first(uow, waiting.SNOOZES)
    change = await waiting.get_first(uow, waiting.CHANGES)
    unqueued = await waiting.get_first(uow, waiting.UNQUEUED)
    parcels = await waiting.get_parcels(uow)

    def since(moment: datetime | None) -> float:
        return max(0.0, (uow.now - moment).total_seconds()) if moment else 0.0

    return Waiting(
        Ages(since(deliveries.oldest), since(timer), since(outbox.oldest), since(parcels.oldest)),
        {
            "intake": since(deliveries.overdue_since),
            "sla": since(timer),
            "climbing": since(climb),
            "alerts": since(outbox.overdue_since),
            "stream": since(fact),
            "snoozes": since(snooze),
            "metrics": since(change),
            "fanout": since(unqueued),
            "subscriptions": since(parcels.overdue_since),
        },
    )


async def read_totals(database: Database) -> Totals:
    """How much waits in all workspaces together. Each statement may take 2 s at most.

    Raises UnavailableError when the database is away or too busy to count.
    """
    async with database.system() as uow:
        row = await totals.get_totals(uow)
        cases = await totals.count_open_cases(uow)
        promises = await totals.count_open_promises(uow)
    found = {row.tier: OpenPromises(row.unsettled, row.due_soon, row.broken) for row in promises}
    return Totals(
        journal_pending=row.journal_pending,
        journal_quarantined=row.journal_quarantined,
        cases_open={tier.value: cases.get(tier.value, 0) for tier in Tier},
        promises={tier.value: found.get(tier.value, OpenPromises()) for tier in Tier},
        timers_pending=row.timers_pending,
        outbox_pending=row.outbox_pending,
        outbox_dead=row.outbox_dead,
        parcels_dead=row.parcels_dead,
        alerts_firing=int(row.alerts_firing),
        conflicting_bodies=int(row.conflicting_bodies),
        rollup_lag_seconds=max(0.0, float(row.rollup_lag_seconds)),
        rollup_mismatches=int(row.rollup_mismatches),
    )
