"""The journal: each event written once, claimed by workers, shown."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from services.core.intake import admission, repository
from services.core.intake.backfill import Chunk, read_chunks
from services.core.intake.errors import InvalidJsonError
from services.core.intake.payloads import PAYLOADS
from services.core.intake.reading import ReadBodies
from services.core.intake.records import (
    BACKFILL_SPACE,
    BackfillReport,
    ClaimedEntry,
    DeliverySummary,
    DeliveryView,
    EntryFailure,
    EntryKey,
    Incoming,
    Receipt,
    SourceDoor,
)
from services.core.intake.rules import LANES_A_CLAIM, support_of
from services.core.intake.states import DeliveryState, EntryState
from services.core.intake.types import ContentKind, Support
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.figures import FIGURES
from services.core.kit.stretches import Stretch
from services.core.kit.uow import Database, UnitOfWork

log = structlog.get_logger(__name__)

# The worker's queue for what was accepted.
QUEUE: Final = "intake"
# How many entries that were tried once are tried again at once: a killed worker's batch must not
# take long, and a killer among so many is found in as many solitary claims.
SMALL_COMPANY: Final = 40
TRIES_IN_COMPANY: Final = 2
# Bodies held in memory at once while a claim is read; each has at most a megabyte.
BODIES_AT_ONCE: Final = 50
MAX_BACKFILL_PROBLEMS: Final = 100

HANDLED_TYPES: Final = tuple(
    name for name in sorted(PAYLOADS) if support_of(name) is Support.HANDLED
)


async def accept(uow: UnitOfWork, deliveries: Sequence[Incoming]) -> list[Receipt]:
    """Write deliveries of one workspace into the journal; each id of a source once, ever.

    Receipts come in the order of the deliveries and are true once the caller has committed. A
    webhook-id seen before gets the receipt of the first delivery and stores nothing.
    """
    sent = [admission.Admitted(ids.new_id(), incoming) for incoming in deliveries]
    fresh_ids = await repository.add_delivery_keys(uow, admission.delivery_keys(sent))
    repeated = await _receipts_of_repeated(
        uow, [one for one in sent if one.delivery_id not in fresh_ids]
    )
    fresh = [one for one in sent if one.delivery_id in fresh_ids]
    if fresh:
        brought = admission.keep_first(fresh)
        new = await repository.add_event_keys(uow, admission.event_keys(brought))
        admission.keep_new(fresh, new)
        entries = admission.entries(fresh, uow.now)
        await repository.add_deliveries(uow, admission.deliveries(fresh), entries)
        if EntryState.PENDING in entries["states"]:
            uow.wake(QUEUE)
    return [repeated.get(one.delivery_id) or one.receipt for one in sent]


async def _receipts_of_repeated(
    uow: UnitOfWork, repeated: Sequence[admission.Admitted]
) -> dict[UUID, Receipt]:
    if not repeated:
        return {}
    originals = await repository.list_originals(uow, admission.delivery_keys(repeated))
    return {
        one.delivery_id: Receipt(
            delivery_id=original,
            accepted=0,
            duplicates=len(one.incoming.events),
            unsupported=0,
            fresh=False,
        )
        for one, original in zip(repeated, originals, strict=True)
    }


async def accept_backfill(
    database: Database,
    door: SourceDoor,
    webhook_id: str,
    file: IO[bytes],
    *,
    request_id: str | None = None,
) -> BackfillReport:
    """Journal the good lines of a history, each few hundred in a transaction of their own.

    When this breaks off, what was committed stays, and the same call later finds it as
    duplicates. Raises InvalidJsonError when there is no line at all.
    """
    report = BackfillReport()
    chunks = read_chunks(file)
    empty = True
    # In a thread: reading a few hundred lines would hold up everybody else.
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        empty = empty and not (chunk.events or chunk.refused)
        room = MAX_BACKFILL_PROBLEMS - len(report.problems)
        report.problems += chunk.problems[:room]
        report.refused += chunk.refused
        if chunk.events:
            incoming = _incoming(door, webhook_id, chunk, request_id)
            await _accept_chunk(database, door, incoming, report)
    if empty:
        raise InvalidJsonError("The body is empty.")
    return report


def _incoming(door: SourceDoor, webhook_id: str, chunk: Chunk, request_id: str | None) -> Incoming:
    return Incoming(
        source_id=door.source_id,
        webhook_id=f"{webhook_id}:{chunk.number}",
        media=ContentKind.NDJSON,
        body=chunk.body,
        events=tuple(chunk.events),
        space=BACKFILL_SPACE,
        request_id=request_id,
    )


async def _accept_chunk(
    database: Database, door: SourceDoor, incoming: Incoming, report: BackfillReport
) -> None:
    async with database.unit(door.workspace_id) as uow:
        (receipt,) = await accept(uow, [incoming])
    report.delivery_ids.append(receipt.delivery_id)
    report.accepted += receipt.accepted
    report.duplicates += receipt.duplicates
    report.unsupported += receipt.unsupported


async def claim_entries(
    database: Database, *, limit: int, lease_seconds: float
) -> list[ClaimedEntry]:
    """Lease due entries of all workspaces, an equal share of each, and read their events.

    Commits the leases. Nobody else is given these entries until `lease_seconds` have passed on the
    database's clock; whoever is late finds its token spent. None of them was tried before.
    """
    with FIGURES.claiming(QUEUE) as took:
        async with database.system() as uow:
            turns = await repository.list_turns(uow, limit)
            if not turns:
                return []
            claimed = await _claim_of(uow, turns, limit // len(turns), lease_seconds)
        took.append(len(claimed))
    claimed.sort(key=lambda row: (row.historical, row.received_at, row.delivery_id, row.position))
    return await _read_events(database, claimed)


async def _claim_of(
    uow: UnitOfWork, turns: Sequence[UUID], share: int, lease_seconds: float
) -> list[Row[Any]]:
    """A share of each workspace: first a part of each lane, then whatever the lanes have."""
    part = max(share // LANES_A_CLAIM, 1)
    claimed = await repository.claim_entries(
        uow, turns, share=share, part=part, lease_seconds=lease_seconds
    )
    taken = Counter(row.workspace_id for row in claimed)
    lanes = Counter((row.workspace_id, row.lane) for row in claimed)
    # Where a lane gave its part there may be more, and nothing else took the place of it.
    short = {each for (each, _), count in lanes.items() if count >= part and taken[each] < share}
    if short:
        missing = min(share - taken[each] for each in short)
        claimed += await repository.claim_entries(
            uow, sorted(short), share=missing, part=missing, lease_seconds=lease_seconds
        )
    return claimed


async def claim_tried(
    database: Database, *, lease_seconds: float, max_attempts: int
) -> list[ClaimedEntry]:
    """Lease entries whose try before came to nothing: they failed, or their worker was killed.

    After one try a few at once, after more each alone, so that what kills is soon alone and kills
    nobody else's work. A killer is told from its neighbours by nothing but that: its tries in
    company prove nothing, and after `max_attempts` alone it is quarantined.
    """
    while True:
        async with database.system() as uow:
            rows = await repository.claim_tried(
                uow,
                company=SMALL_COMPANY,
                lease_seconds=lease_seconds,
                max_claims=TRIES_IN_COMPANY + max_attempts,
            )
        if all(row.state == EntryState.PENDING for row in rows):
            return await _read_events(database, rows)
        (given_up,) = rows
        log.warning(
            "entry.quarantined",
            workspace_id=str(given_up.workspace_id),
            delivery_id=str(given_up.delivery_id),
            position=given_up.position,
            attempts=given_up.attempts,
            error="claimed_without_outcome",
        )


async def _read_events(database: Database, rows: Sequence[Row[Any]]) -> list[ClaimedEntry]:
    """Parse each stored body once, a few at a time."""
    read = ReadBodies({(row.delivery_id, row.position) for row in rows})
    places = list(dict.fromkeys((row.workspace_id, row.delivery_id) for row in rows))
    requests: dict[UUID, str | None] = {}
    for start in range(0, len(places), BODIES_AT_ONCE):
        some = places[start : start + BODIES_AT_ONCE]
        async with database.system() as uow:
            bodies = await repository.list_bodies(
                uow, list({workspace_id for workspace_id, _ in some}), [id_ for _, id_ in some]
            )
        for body in bodies:
            requests[body.id] = body.request_id
            read.add(body.id, media=body.media, webhook_id=body.webhook_id, body=body.body)
            # A long body is parsed for a tenth of a second, and others want their turn.
            await asyncio.sleep(0)
    return [_claimed_entry(row, read, requests.get(row.delivery_id)) for row in rows]


def _claimed_entry(row: Row[Any], read: ReadBodies, request_id: str | None) -> ClaimedEntry:
    event, unreadable = read.event(row.delivery_id, row.position)
    return ClaimedEntry(
        workspace_id=row.workspace_id,
        delivery_id=row.delivery_id,
        position=row.position,
        token=row.token,
        attempts=row.attempts,
        source_id=row.source_id,
        external_id=row.external_id,
        type=row.type,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        clamped=row.clamped,
        historical=row.historical,
        event=event,
        unreadable=unreadable,
        request_id=request_id,
    )


async def complete_entries(uow: UnitOfWork, keys: Iterable[EntryKey]) -> set[EntryKey]:
    """Mark entries done in the transaction that writes their effects.

    Returns those that were still the caller's. What is missing was claimed by somebody else
    meanwhile: its effects must not be committed.
    """
    listed = list(keys)
    return await repository.complete_entries(uow, listed) if listed else set()


async def put_back_entries(uow: UnitOfWork, keys: Iterable[EntryKey]) -> int:
    """Undo the completing of entries in the same unit: others have in hand what they are about.

    They are due at once again, as if this claim had never been. Returns how many.
    """
    listed = list(keys)
    return await repository.put_back_entries(uow, listed) if listed else 0


async def fail_entries(
    uow: UnitOfWork,
    failures: Sequence[EntryFailure],
    *,
    max_attempts: int,
    retry_at: datetime | None = None,
) -> int:
    """Put entries back until `retry_at`, or into quarantine after `max_attempts` claims.

    Without `retry_at` each pause is twice the one before, from 5 s to 5 min. Entries that are not
    the caller's any more are left alone. Returns how many were given up on.
    """
    if not failures:
        return 0
    return await repository.fail_entries(
        uow, failures, retry_at=retry_at, max_attempts=max_attempts
    )


async def release_entries(uow: UnitOfWork, keys: Iterable[EntryKey]) -> int:
    """Give leases back untouched, for a worker that stops; returns how many were still its own."""
    listed = list(keys)
    return await repository.release_entries(uow, listed) if listed else 0


async def get_delivery(uow: UnitOfWork, delivery_id: UUID) -> DeliveryView:
    """What became of a delivery, event by event."""
    summary = await _get_summary(uow, delivery_id)
    return DeliveryView(summary, tuple(await repository.list_entries(uow, delivery_id)))


async def list_deliveries(
    uow: UnitOfWork,
    wanted: Stretch,
    *,
    source_id: UUID | None = None,
    state: DeliveryState | None = None,
) -> list[DeliverySummary]:
    """By when they came."""
    return await repository.list_deliveries(uow, wanted, source_id=source_id, state=state)


async def _get_summary(uow: UnitOfWork, delivery_id: UUID) -> DeliverySummary:
    summary = await repository.get_delivery(uow, delivery_id)
    if summary is None:
        raise NotFoundError("delivery")
    return summary
