"""What intake stores and hands on, as values: sources, accepted deliveries, claimed entries."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.core.intake.states import DeliveryState, EntryState
from services.core.intake.types import ContentKind, ReceivedEvent
from services.core.kit.errors import FieldProblem

# The spaces of ids in `delivery_keys`: chunks of a backfill, deliveries, events.
BACKFILL_SPACE = "b"
DELIVERY_SPACE = "d"
EVENT_SPACE = "e"


@dataclass(frozen=True, slots=True)
class SourceDraft:
    name: str
    platform: str
    own_accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """A secret without the secret. `expires_at` is set once a newer one took over."""

    id: UUID
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Source:
    id: UUID
    name: str
    platform: str
    own_accounts: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    secrets: tuple[SecretInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class NewSecret:
    """Shown once: nothing reads the secret back to a person."""

    id: UUID
    created_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SourceDoor:
    """What the webhook door must know of a source before it knows any workspace."""

    workspace_id: UUID
    source_id: UUID
    ingest_per_minute: int | None
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery that was read and found good, on its way into the journal.

    `positions` of its events are where the body has them. `space` keeps chunks of a backfill apart
    from deliveries. `request_id` is of the request that brought it, where it was one.
    """

    source_id: UUID
    webhook_id: str
    media: ContentKind
    body: bytes = field(repr=False)
    events: tuple[ReceivedEvent, ...] = field(repr=False)
    space: str = DELIVERY_SPACE
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told. `fresh` is false when the webhook-id had been seen before."""

    delivery_id: UUID
    accepted: int
    duplicates: int
    unsupported: int
    fresh: bool


@dataclass(slots=True)
class BackfillReport:
    """What became of a history. `problems` holds the first ones only, by line number from 1."""

    delivery_ids: list[UUID] = field(default_factory=list)
    accepted: int = 0
    duplicates: int = 0
    unsupported: int = 0
    refused: int = 0
    problems: list[FieldProblem] = field(default_factory=list)


class EntryKey(NamedTuple):
    """A claimed entry; the token says which claim it was, so that a late worker is refused."""

    delivery_id: UUID
    position: int
    token: int


@dataclass(frozen=True, slots=True)
class ClaimedEntry:
    """One journal entry, leased to the caller until the lease ends.

    `event` is None when the stored body cannot be read any more, and `unreadable` says why.
    `request_id` is of the request that brought its delivery first.
    """

    workspace_id: UUID
    delivery_id: UUID
    position: int
    token: int
    attempts: int
    source_id: UUID
    external_id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    clamped: bool
    historical: bool
    event: ReceivedEvent | None = field(repr=False)
    unreadable: str | None = None
    request_id: str | None = None

    @property
    def key(self) -> EntryKey:
        return EntryKey(self.delivery_id, self.position, self.token)


@dataclass(frozen=True, slots=True)
class EntryFailure:
    """`error` is a code or the name of an exception, never a text from outside."""

    key: EntryKey
    error: str


@dataclass(frozen=True, slots=True)
class EntryView:
    position: int
    external_id: str
    type: str
    state: EntryState
    occurred_at: datetime
    historical: bool
    attempts: int
    error: str | None
    processed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliverySummary:
    """A delivery in a list; `events` counts what it brought, duplicates included.

    `request_id` is of the request that brought it; None for those from before ids were kept.
    """

    id: UUID
    source_id: UUID
    webhook_id: str
    state: DeliveryState
    events: int
    duplicates: int
    received_at: datetime
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery with its entries in the order they were sent, without its body."""

    summary: DeliverySummary
    entries: tuple[EntryView, ...]
