"""The nouns of intake: what a delivery holds once it was read, and how much a source may send."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.core.intake.payloads import Payload


class ContentKind(StrEnum):
    """How a body is written."""

    JSON = "json"
    CLOUDEVENTS = "cloudevents"
    NDJSON = "ndjson"


class Support(StrEnum):
    """What this version does with a type: acts on it, keeps it for a replay, or only keeps it."""

    HANDLED = "handled"
    NO_HANDLER_YET = "no_handler_yet"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event of the wire, valid. `position` counts from 0 in its batch; a line keeps its number.

    `occurred_at` is in UTC and as the producer said it, not yet placed in time. `payload` is None
    exactly when the type is unsupported. `sanitized` says that text was changed to be storable.
    """

    position: int
    external_id: str
    type: str
    occurred_at: datetime
    payload: Payload | None
    support: Support
    sanitized: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """A delivery's events in the order they were sent; two may carry the same id."""

    events: tuple[ReceivedEvent, ...]
    batch: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an event stands in our time, in UTC. Historical ones open no clocks."""

    occurred_at: datetime
    clamped: bool
    historical: bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """A quota: `capacity` events at once, `refill_per_second` for ever.

    `tokens` were left at `filled_at`. Below zero is a debt: a call larger than the capacity was
    admitted, and later calls wait for it.
    """

    capacity: float
    refill_per_second: float
    tokens: float
    filled_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Refused for now; the same call is admitted after so many seconds."""

    seconds: float
