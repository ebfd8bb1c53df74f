"""Order a file, write it piece by piece, each piece in one transaction, and hand it out."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.exports import repository, rules
from services.core.exports.errors import ExportGoneError, ExportOverError, TooManyExportsError
from services.core.exports.types import (
    LIVE,
    Claim,
    Export,
    ExportDraft,
    ExportState,
)
from services.core.intake import service as intake
from services.core.kit import ids
from services.core.kit.errors import InvalidInputError, NotFoundError, UnavailableError
from services.core.kit.stretches import Stretch
from services.core.kit.uow import Database, UnitOfWork

log = structlog.get_logger(__name__)

QUEUE: Final = "exports"
LINK_HOLDS: Final = rules.LINK_HOLDS
ROWS: Final = 2_000
# After so many pieces another export has its turn.
PIECES: Final = 20
LEASE: Final = timedelta(seconds=60)
PAUSE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Written:
    """What one turn came to; `claimed` is false when nothing was to be written."""

    rows: int
    claimed: bool


async def order(uow: UnitOfWork, draft: ExportDraft) -> Export:
    """A file of what is there now. Raises InvalidInputError, NotFoundError, TooManyExportsError."""
    problems = rules.problems_of(draft)
    if problems:
        raise InvalidInputError("The request is not valid.", errors=problems)
    if (source_id := draft.filters.get("source_id")) is not None:
        await intake.get_source(uow, UUID(source_id))
    await repository.take_turns(uow)
    if await repository.count_live(uow) >= rules.MOST_LIVE:
        raise TooManyExportsError(rules.MOST_LIVE)
    export = Export(
        id=ids.new_id(),
        draft=draft,
        state=ExportState.WAITING,
        rows_done=0,
        bytes_done=0,
        chunks=0,
        until=uow.now,
        created_at=uow.now,
        created_by=uow.actor.id,
    )
    await repository.add_export(uow, export)
    detail = {
        "what": draft.what.value,
        "format": draft.format.value,
        "filters": sorted(draft.filters),
    }
    await audit.record(uow, [AuditEntry("export.ordered", "export", export.id, detail)])
    uow.wake(QUEUE)
    return export


async def get_export(uow: UnitOfWork, export_id: UUID) -> Export:
    """Raises NotFoundError."""
    export = await repository.get_export(uow, export_id)
    return _known(export)


async def list_exports(uow: UnitOfWork, wanted: Stretch) -> list[Export]:
    """By when they were ordered."""
    return await repository.list_exports(uow, wanted)


async def cancel(uow: UnitOfWork, export_id: UUID) -> Export:
    """What was written goes. Raises NotFoundError, ExportOverError."""
    export = _known(await repository.get_export(uow, export_id, lock=True))
    if export.state not in LIVE:
        raise ExportOverError
    changes = {"state": ExportState.CANCELLED.value, "finished_at": uow.now}
    await repository.change_export(uow, export_id, **changes)
    await repository.drop_chunks(uow, export_id)
    await audit.record(uow, [AuditEntry("export.cancelled", "export", export_id)])
    return await get_export(uow, export_id)


async def write_some(database: Database, *, rows: int = ROWS, pieces: int = PIECES) -> Written:
    """Take the export that waits longest and write some pieces of it.

    Whoever is killed amid it loses the piece at hand: the next one goes on behind the last piece
    that was committed. Safe to run anywhere, any number of times at once.
    """
    async with database.system() as across:
        claim = await repository.claim(across, LEASE)
    if claim is None:
        return Written(0, claimed=False)
    written = 0
    try:
        for _ in range(pieces):
            more = await _write_piece(database, claim, rows)
            written += more or 0
            if more is None:
                return Written(written, claimed=True)
        await _step_back(database, claim)
    except (UnavailableError, asyncio.CancelledError):
        raise
    except Exception as error:
        log.exception("export.failed", export_id=str(claim.export_id))
        await _fail(database, claim, type(error).__name__)
    return Written(written, claimed=True)


async def expire(database: Database) -> int:
    """Take away the files whose time is over, in every workspace."""
    async with database.system() as across:
        return await repository.expire(across)


async def note_download(uow: UnitOfWork, export_id: UUID) -> Export:
    """Write down that somebody fetches the file. Raises ExportGoneError when there is none."""
    export = await repository.get_export(uow, export_id)
    if export is None or export.state is not ExportState.DONE:
        raise ExportGoneError
    await audit.record(uow, [AuditEntry("export.downloaded", "export", export_id)])
    return export


async def read_file(database: Database, workspace_id: UUID, export: Export) -> AsyncIterator[bytes]:
    """The plain file, a piece at a time; no transaction is open between two pieces."""
    for seq in range(export.chunks):
        async with database.read(workspace_id) as uow:
            body = await repository.get_chunk(uow, export.id, seq)
        if body is None:
            return
        yield zlib.decompress(body)


async def _write_piece(database: Database, claim: Claim, limit: int) -> int | None:
    """How many rows it was; None when it was the last one, or the claim is another's by now."""
    async with database.unit(claim.workspace_id) as uow:
        row = await repository.hold(uow, claim)
        if row is None:
            return None
        draft = repository.draft_of(row)
        found, place = await repository.read_rows(uow, draft, row.until, row.place, limit)
        plain = rules.render(draft, found, is_first=row.chunks == 0)
        packed = await asyncio.to_thread(zlib.compress, plain)
        await repository.add_chunk(uow, claim.export_id, row.chunks, packed)
        changes: dict[str, Any] = {
            "rows_done": row.rows_done + len(found),
            "bytes_done": row.bytes_done + len(plain),
            "chunks": row.chunks + 1,
            "place": None if place is None else list(place),
            "next_at": uow.real_now + LEASE,
            "failures": 0,
        }
        if place is None:
            changes |= _done(uow)
        await repository.change_export(uow, claim.export_id, **changes)
        return None if place is None else len(found)


def _done(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "state": ExportState.DONE.value,
        "finished_at": uow.now,
        "expires_at": uow.real_now + rules.KEPT,
    }


async def _step_back(database: Database, claim: Claim) -> None:
    async with database.unit(claim.workspace_id) as uow:
        if await repository.hold(uow, claim) is not None:
            await repository.change_export(uow, claim.export_id, next_at=uow.real_now)


async def _fail(database: Database, claim: Claim, reason: str) -> None:
    """Try again a little later, five times at most."""
    async with database.unit(claim.workspace_id) as uow:
        row: Row[Any] | None = await repository.hold(uow, claim)
        if row is None:
            return
        failures = row.failures + 1
        changes: dict[str, Any] = {"failures": failures, "next_at": uow.real_now + PAUSE * failures}
        if failures >= rules.MOST_FAILURES:
            changes |= {"state": ExportState.FAILED.value, "error": reason, "finished_at": uow.now}
            await repository.drop_chunks(uow, claim.export_id)
        await repository.change_export(uow, claim.export_id, **changes)


def _known(export: Export | None) -> Export:
    if export is None:
        noun = "export"
        raise NotFoundError(noun)
    return export
