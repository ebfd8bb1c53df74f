"""Keep the trail: who did what, in the transaction that did it, and in a chain soon after."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.audit import repository, rules
from services.core.audit.types import AuditEntry, AuditFilter, Flaw, Verification
from services.core.kit.uow import Database, UnitOfWork

BATCH: Final = 500
EVERYTHING: Final = AuditFilter()


async def record(uow: UnitOfWork, entries: Sequence[AuditEntry]) -> None:
    """Append to the trail with the unit's actor and request id; commits or vanishes with it."""
    if entries:
        await repository.add_entries(uow, entries)


async def read(
    uow: UnitOfWork,
    wanted: AuditFilter = EVERYTHING,
    *,
    after: UUID | None = None,
    limit: int = 50,
    oldest_first: bool = False,
) -> list[Row[Any]]:
    """Entries newest first; pass the last id seen as `after` for the next page."""
    return await repository.list_entries(
        uow, wanted, after=after, limit=limit, oldest_first=oldest_first
    )


async def seal(database: Database, *, batch: int = BATCH) -> int:
    """Give what is visible its place in its workspace's chain; returns how many rows that was.

    Safe to run anywhere at any time: only the holder of the sealer's lock does anything.
    """
    sealed = 0
    async with database.system() as across:
        if not await repository.lock_sealer(across):
            return 0
        for workspace_id in await repository.list_unsealed_workspaces(across):
            sealed += await _seal(replace(across, workspace_id=workspace_id), batch)
    return sealed


async def verify(uow: UnitOfWork, *, most: int = 1_000_000) -> Verification:
    """Count the chain again from its first row, `most` rows at most, and name the first flaw.

    A row that was changed, one that is gone, and an end that was cut off are all found; what was
    recorded in the last seconds is not sealed yet.
    """
    last_seq, last_hash, checked = 0, rules.BEGINNING, 0
    unsealed = await repository.count_unsealed(uow)
    # Read first: what is sealed while we count is left for the next time.
    kept, highest = await repository.get_end(uow)
    head = kept or (0, rules.BEGINNING)
    while checked < most:
        rows = await repository.list_sealed(uow, last_seq, head[0], min(BATCH, most - checked))
        for row in rows:
            flaw = rules.flaw_of(last_hash, last_seq + 1, row)
            if flaw is not None:
                found = Verification(checked, last_seq, last_hash, unsealed, is_whole=False)
                return replace(found, flaw=flaw, flaw_seq=last_seq + 1, flaw_id=row["id"])
            last_seq, last_hash, checked = row["seq"], bytes(row["hash"]), checked + 1
        if not rows:
            break
    # Rows behind the end that is kept apart: somebody set it back, or took it away.
    is_whole = (last_seq, last_hash) == head and highest <= last_seq
    found = Verification(checked, last_seq, last_hash, unsealed, is_whole)
    if is_whole or (checked >= most and last_seq < head[0]):
        return found
    return replace(found, flaw=Flaw.CUT_OFF, flaw_seq=last_seq + 1)


async def _seal(uow: UnitOfWork, batch: int) -> int:
    rows = await repository.list_unsealed(uow, batch)
    seq, before = await repository.get_head(uow) or (0, rules.BEGINNING)
    places = []
    for row in rows:
        seq += 1
        before = rules.hash_of(before, seq, row)
        places.append({"id": row["id"], "seq": seq, "hash": before})
    if places:
        await repository.seal(uow, places)
    return len(places)
