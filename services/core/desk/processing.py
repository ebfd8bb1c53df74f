"""What workers do with accepted deliveries and due moments: claim, change in one unit, go on.

A worker may die at any point of this and another does the rest; two may race and one of them
finds nothing left to do. A batch that fails is split until the poisonous entry stands alone; what
was in hand when a worker died is tried again by few and then one by one, until what kills is alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog

from services.core.alerts import service as alerts
from services.core.cases import service as cases
from services.core.conversations import service as conversations
from services.core.conversations.errors import BusyError
from services.core.conversations.types import Arrival
from services.core.desk import service as desk
from services.core.intake import service as intake
from services.core.intake.records import ClaimedEntry, EntryFailure
from services.core.kit import failpoints, tracing
from services.core.kit.errors import UnavailableError
from services.core.kit.turns import apart
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.triage.types import Classifier

log = structlog.get_logger(__name__)

# How many claims of entries that were tried before there are between two of fresh ones.
TRIED_IN_A_ROW = 20
# So few entries rather wait for whoever holds what they need than come again.
FEW = 20
# What this process had claimed when the database went away, or when it was told to end.
_owed: WeakKeyDictionary[Database, list[ClaimedEntry]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """How much one claim takes, how long it may keep it (seconds), how often it may fail."""

    batch: int = 200
    lease_seconds: int = 5
    max_attempts: int = 3


@dataclass(frozen=True, slots=True)
class Fired:
    """How many timers fired, and in how many seconds the next one of all is due, if any."""

    count: int
    seconds_until_next: float | None


async def process_deliveries(
    database: Database, classifier: Classifier, limits: ClaimLimits
) -> int:
    """Claim waiting entries of any workspace and give them their effect; returns how many.

    Raises UnavailableError when the database goes away: the leases run out and others go on, or
    this process gives them back when the database answers again, and no entry bears the blame.
    """
    await give_back(database)
    claimed = await intake.claim_entries(
        database, limit=limits.batch, lease_seconds=limits.lease_seconds
    )
    if __debug__ and claimed:
        await failpoints.reach("worker.claimed")
    await _process_claimed(database, claimed, classifier, limits)
    return len(claimed) + await _process_tried(database, classifier, limits)


async def fire_timers(database: Database, *, batch: int = 500) -> Fired:
    """Raise what is due in every workspace, in one unit each; returns when the next is due."""
    workspace_ids, seconds = await sla.list_due_workspaces(database)
    count = 0
    for workspace_id in workspace_ids:
        async with apart(database, workspace_id, "timers"), database.unit(workspace_id) as uow:
            await uow.plan_alike()
            fired = await sla.fire_due(uow, batch)
            await alerts.raise_for(uow, fired)
            count += len(fired)
    return Fired(count, seconds)


async def wake_snoozed(database: Database) -> int:
    """Fold cases again whose snooze is over; returns how many."""
    due = await cases.list_due_snoozes(database)
    for workspace_id, touched in due.items():
        async with database.unit(workspace_id) as uow:
            for thread in touched:
                await conversations.hold_thread(uow, thread.thread_id)
            await desk.settle(uow, touched, resolution="awake again")
    return sum(len(touched) for touched in due.values())


async def link_waiting_replies(database: Database) -> int:
    """Give replies that just missed their messages their effect; returns how many threads."""
    linked = 0
    for workspace_id in await conversations.list_linkable_workspaces(database):
        async with database.unit(workspace_id) as uow:
            touched = await conversations.link_waiting(uow)
            await desk.settle(uow, touched, resolution="answered")
            linked += len(touched)
    return linked


async def _process_tried(database: Database, classifier: Classifier, limits: ClaimLimits) -> int:
    """Entries whose try before came to nothing, few or one a claim; returns how many.

    Only so many claims in a row: what came in meanwhile must not wait for all of them.
    """
    count = 0
    for _ in range(TRIED_IN_A_ROW):
        entries = await intake.claim_tried(
            database, lease_seconds=limits.lease_seconds, max_attempts=limits.max_attempts
        )
        if not entries:
            break
        await _process_claimed(database, entries, classifier, limits)
        count += len(entries)
    return count


async def _process_claimed(
    database: Database,
    claimed: Sequence[ClaimedEntry],
    classifier: Classifier,
    limits: ClaimLimits,
) -> None:
    by_workspace = _by_workspace(claimed)
    tracing.note_requests(entry.request_id for entry in claimed)
    try:
        for workspace_id, entries in by_workspace.items():
            await _process_or_split(database, workspace_id, entries, classifier, limits)
    except (UnavailableError, asyncio.CancelledError):
        _owed.setdefault(database, []).extend(claimed)
        raise


async def give_back(database: Database) -> None:
    """Undo claims that an outage or the end of this process cut off, so that nobody waits for them.

    What was completed, or taken over since, stays so. Raises UnavailableError; the claims are then
    still owed, and run out by themselves.
    """
    owed = _owed.get(database, [])
    for workspace_id, entries in _by_workspace(owed).items():
        async with database.unit(workspace_id) as uow:
            await intake.release_entries(uow, [entry.key for entry in entries])
    owed.clear()


def _by_workspace(entries: Sequence[ClaimedEntry]) -> dict[UUID, list[ClaimedEntry]]:
    found: dict[UUID, list[ClaimedEntry]] = defaultdict(list)
    for entry in entries:
        found[entry.workspace_id].append(entry)
    return found


async def _process_or_split(
    database: Database,
    workspace_id: UUID,
    entries: Sequence[ClaimedEntry],
    classifier: Classifier,
    limits: ClaimLimits,
) -> None:
    """Process a batch as one unit; when that fails, its halves, so that neighbours are spared."""
    try:
        await _process(database, workspace_id, entries, classifier)
    except UnavailableError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever an entry does, its neighbours go on
        if len(entries) > 1:
            middle = len(entries) // 2
            for half in (entries[:middle], entries[middle:]):
                await _process_or_split(database, workspace_id, half, classifier, limits)
            return
        await _give_up(database, workspace_id, entries[0], type(error).__name__, limits)


async def _process(
    database: Database,
    workspace_id: UUID,
    entries: Sequence[ClaimedEntry],
    classifier: Classifier,
) -> None:
    if __debug__:
        await failpoints.reach("worker.entry")
    unreadable = next((entry for entry in entries if entry.event is None), None)
    if unreadable is not None:
        raise ValueError(unreadable.unreadable)
    try:
        await _take_in(database, workspace_id, entries, classifier, leave_busy=len(entries) > FEW)
    except BusyError:
        await _take_in(database, workspace_id, entries, classifier, leave_busy=False)


async def _take_in(
    database: Database,
    workspace_id: UUID,
    entries: Sequence[ClaimedEntry],
    classifier: Classifier,
    *,
    leave_busy: bool,
) -> None:
    async with database.unit(workspace_id) as uow:
        # The tokens are checked first: what another worker took over meanwhile is left to it.
        ours = await intake.complete_entries(uow, [entry.key for entry in entries])
        # Not before: of a journal without figures only a list that is seen is planned well.
        await uow.plan_alike()
        sources = await intake.list_own_accounts(uow)
        kept = [entry for entry in entries if entry.key in ours]
        arrivals = [_arrival(entry, sources.get(entry.source_id, ())) for entry in kept]
        taken = await conversations.take_in(uow, arrivals, classifier, leave_busy=leave_busy)
        # Another worker is at them: they wait for their turn here, and not in a lock.
        await intake.put_back_entries(uow, [kept[place].key for place in taken.left])
        await desk.settle(uow, taken.touched, resolution="answered")
        if __debug__:
            await failpoints.reach("worker.before_commit")


async def _give_up(
    database: Database,
    workspace_id: UUID,
    entry: ClaimedEntry,
    error: str,
    limits: ClaimLimits,
) -> None:
    """Count the failure: the entry is tried again later, or quarantined where people see it."""
    log.warning(
        "entry.failed",
        workspace_id=str(workspace_id),
        delivery_id=str(entry.delivery_id),
        position=entry.position,
        attempts=entry.attempts,
        error=error,
        request_id=entry.request_id,
    )
    async with database.unit(workspace_id) as uow:
        await intake.fail_entries(
            uow, [EntryFailure(entry.key, error)], max_attempts=limits.max_attempts
        )


def _arrival(entry: ClaimedEntry, own_accounts: tuple[str, ...]) -> Arrival:
    event = entry.event
    if event is None or event.payload is None:
        message = "An entry without a payload was claimed."
        raise ValueError(message)
    return Arrival(
        source_id=entry.source_id,
        own_accounts=own_accounts,
        external_id=entry.external_id,
        type=entry.type,
        payload=event.payload,
        occurred_at=entry.occurred_at,
        received_at=entry.received_at,
        historical=entry.historical,
        sanitized=event.sanitized,
        request_id=entry.request_id,
    )
