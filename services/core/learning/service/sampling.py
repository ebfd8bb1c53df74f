"""Draw a few messages a week for a person to check, and say what they tell of all the others."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import Database, UnitOfWork
from services.core.learning import rules
from services.core.learning.repository import corrections as correction_rows
from services.core.learning.repository import samples as sample_rows
from services.core.learning.types import Quality, SampleWeek
from services.core.triage.types import Tier

ROUTINE = 50
# Among the routine ones stand some that are not, so that nobody can answer without reading.
DECOYS = 10


async def draw_samples(database: Database) -> int:
    """Draw last week's sample in every workspace that has none yet; returns how many drew."""
    async with database.system() as uow:
        week = rules.week_of(uow.now)
        workspaces = await sample_rows.list_workspaces_to_draw(uow, week)
    for workspace_id in workspaces:
        async with database.unit(workspace_id) as uow:
            await _draw(uow, week)
    return len(workspaces)


async def get_sample_week(uow: UnitOfWork) -> SampleWeek | None:
    """The newest sample, in its mixed order; None before the first one was drawn."""
    last = await sample_rows.get_last_week(uow)
    if last is None:
        return None
    week, population = last
    items = await sample_rows.list_items(uow, week)
    checked = sum(item.checked_at is not None for item in items)
    return SampleWeek(week, population, tuple(items), checked)


async def hold_sample(uow: UnitOfWork, sample_id: UUID) -> Row[Any]:
    """Raises NotFoundError."""
    row = await sample_rows.lock_sample(uow, sample_id)
    if row is None:
        noun = "sample"
        raise NotFoundError(noun)
    return row


async def check_sample(uow: UnitOfWork, sample_id: UUID, tier: Tier) -> None:
    """Keep what a person found; checking again replaces it. The caller holds the sample."""
    await sample_rows.check_sample(uow, sample_id, tier)
    told = {"tier": tier.value}
    await audit.record(uow, [AuditEntry("sample.checked", "sample", sample_id, told)])


async def measure(uow: UnitOfWork, *, days: int) -> Quality:
    """How the machine's tiers compare with what people said in the last `days`."""
    since = uow.now - timedelta(days=days)
    table = rules.confusion(await correction_rows.count_confusion(uow, since))
    judged = await correction_rows.count_judged(uow, since)
    missed, checked = await sample_rows.count_missed(uow, since)
    return Quality(
        days=days,
        judged={tier.value: judged.get(tier.value, 0) for tier in Tier},
        reviewed=sum(count for row in table.values() for count in row.values()),
        confusion=table,
        agreement=rules.agreement(table),
        missed_urgent=rules.wilson(missed, checked),
        routine_judged=judged.get(Tier.ROUTINE.value, 0),
    )


async def _draw(uow: UnitOfWork, week: date) -> None:
    starts = datetime.combine(week, time(), UTC)
    ends = starts + timedelta(days=7)
    if not await sample_rows.begin_week(uow, week, starts, ends):
        return
    chosen = await sample_rows.list_candidates(uow, week, starts, ends, routine=True, limit=ROUTINE)
    chosen += await sample_rows.list_candidates(
        uow, week, starts, ends, routine=False, limit=DECOYS
    )
    # By a digest of their own: decoys must not stand together.
    mixed = sorted(chosen, key=lambda row: blake2b(row.id.bytes).digest())
    rows = [
        {
            "workspace_id": uow.workspace_id,
            "id": ids.new_id(),
            "week": week,
            "place": place,
            "message_id": row.id,
            "machine_tier": row.tier,
        }
        for place, row in enumerate(mixed)
    ]
    await sample_rows.add_samples(uow, rows)
