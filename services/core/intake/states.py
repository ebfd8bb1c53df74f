"""Where an accepted event stands in the journal."""

from enum import StrEnum


class EntryState(StrEnum):
    """`no_handler_yet` and `unsupported` are kept as they are, for a replay to come."""

    PENDING = "pending"
    PROCESSED = "processed"
    NO_HANDLER_YET = "no_handler_yet"
    UNSUPPORTED = "unsupported"
    QUARANTINED = "quarantined"


class DeliveryState(StrEnum):
    """What the producer may read: the worst of the delivery's entries."""

    PENDING = "pending"
    PROCESSED = "processed"
    QUARANTINED = "quarantined"


def delivery_state(entries: list[EntryState]) -> DeliveryState:
    """Pending while anything waits, quarantined when something was given up on."""
    if EntryState.PENDING in entries:
        return DeliveryState.PENDING
    if EntryState.QUARANTINED in entries:
        return DeliveryState.QUARANTINED
    return DeliveryState.PROCESSED
