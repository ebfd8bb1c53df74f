"""Decides which events of some deliveries are new, and lays out the rows they become."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.intake.records import Incoming, Receipt
from services.core.intake.rules import lane_of, place_in_time
from services.core.intake.states import EntryState
from services.core.intake.types import ReceivedEvent, Support

# Every column of the rows as one list: what `unnest` takes.
Columns = dict[str, list[Any]]
EventId = tuple[UUID, str]

_STATE_OF: Final[Mapping[Support, EntryState]] = {
    Support.HANDLED: EntryState.PENDING,
    Support.NO_HANDLER_YET: EntryState.NO_HANDLER_YET,
    Support.UNSUPPORTED: EntryState.UNSUPPORTED,
}


@dataclass(slots=True)
class Admitted:
    """A delivery on its way in, under the id it got; `events` are the first of their ids."""

    delivery_id: UUID
    incoming: Incoming
    events: list[ReceivedEvent] = field(default_factory=list)

    @property
    def receipt(self) -> Receipt:
        unsupported = sum(event.support is Support.UNSUPPORTED for event in self.events)
        return Receipt(
            delivery_id=self.delivery_id,
            accepted=len(self.events),
            duplicates=len(self.incoming.events) - len(self.events),
            unsupported=unsupported,
            fresh=True,
        )


def delivery_keys(admitted: Sequence[Admitted]) -> Columns:
    return {
        "source_ids": [one.incoming.source_id for one in admitted],
        "spaces": [one.incoming.space for one in admitted],
        "external_ids": [one.incoming.webhook_id for one in admitted],
        "delivery_ids": [one.delivery_id for one in admitted],
        "hashes": [hashlib.sha256(one.incoming.body).digest() for one in admitted],
    }


def keep_first(admitted: Sequence[Admitted]) -> dict[EventId, UUID]:
    """Give each delivery the events whose id none before it has; returns who brings which."""
    brought: dict[EventId, UUID] = {}
    for one in admitted:
        for event in one.incoming.events:
            event_id = (one.incoming.source_id, event.external_id)
            if event_id not in brought:
                brought[event_id] = one.delivery_id
                one.events.append(event)
    return brought


def keep_new(admitted: Sequence[Admitted], new: Collection[EventId]) -> None:
    """Drop the events whose ids had been in the journal before."""
    for one in admitted:
        source_id = one.incoming.source_id
        one.events = [event for event in one.events if (source_id, event.external_id) in new]


def event_keys(brought: Mapping[EventId, UUID]) -> Columns:
    return {
        "source_ids": [source_id for source_id, _ in brought],
        "external_ids": [external_id for _, external_id in brought],
        "delivery_ids": list(brought.values()),
    }


def deliveries(admitted: Sequence[Admitted]) -> Columns:
    return {
        "ids": [one.delivery_id for one in admitted],
        "source_ids": [one.incoming.source_id for one in admitted],
        "webhook_ids": [one.incoming.webhook_id for one in admitted],
        "media": [one.incoming.media.value for one in admitted],
        "bodies": [one.incoming.body for one in admitted],
        "events": [len(one.incoming.events) for one in admitted],
        "duplicates": [one.receipt.duplicates for one in admitted],
        "request_ids": [one.incoming.request_id for one in admitted],
    }


def entries(admitted: Sequence[Admitted], received_at: datetime) -> Columns:
    rows = [(one, event) for one in admitted for event in one.events]
    placements = [place_in_time(event.occurred_at, received_at) for _, event in rows]
    return {
        "delivery_ids": [one.delivery_id for one, _ in rows],
        "positions": [event.position for _, event in rows],
        "source_ids": [one.incoming.source_id for one, _ in rows],
        "external_ids": [event.external_id for _, event in rows],
        "types": [event.type for _, event in rows],
        "occurred": [placement.occurred_at for placement in placements],
        "clamped": [placement.clamped for placement in placements],
        "historical": [placement.historical for placement in placements],
        "states": [_STATE_OF[event.support].value for _, event in rows],
        "lanes": [lane_of(one.incoming.source_id, event) for one, event in rows],
    }
