"""Reads stored bodies again for the worker: each once, and only the events somebody claimed."""

from collections.abc import Sequence
from uuid import UUID

from services.core.intake.envelope import read_envelope, read_line
from services.core.intake.errors import InvalidEventsError, InvalidJsonError
from services.core.intake.types import ContentKind, ReceivedEvent
from services.core.kit.errors import DomainError

Place = tuple[UUID, int]
MISSING_BODY = "body_missing"
MISSING_EVENT = "event_missing"


class ReadBodies:
    """Events of stored deliveries by (delivery id, position).

    A body that was fine when it was accepted may be refused by a later version of the rules; then
    its entries are told apart from their neighbours, never raised.
    """

    def __init__(self, wanted: set[Place]) -> None:
        self._wanted: dict[UUID, list[Place]] = {}
        for place in wanted:
            self._wanted.setdefault(place[0], []).append(place)
        self._events: dict[Place, ReceivedEvent] = {}
        self._refused: dict[Place, str] = {}
        self._bodies: set[UUID] = set()

    def add(self, delivery_id: UUID, *, media: str, webhook_id: str, body: bytes) -> None:
        """Read one stored body; lines of a backfill are read one by one, and only if wanted."""
        self._bodies.add(delivery_id)
        if media == ContentKind.NDJSON:
            self._add_lines(delivery_id, body)
            return
        try:
            envelope = read_envelope(
                body,
                content_type=ContentKind(media),
                webhook_id=webhook_id,
                # The other events of a batch belong to other claims.
                only={position for _, position in self._of(delivery_id)},
            )
        except DomainError as error:
            for place in self._of(delivery_id):
                self._refused[place] = error.code
            return
        for event in envelope.events:
            self._events[delivery_id, event.position] = event

    def event(self, delivery_id: UUID, position: int) -> tuple[ReceivedEvent | None, str | None]:
        """The event, or None and the code of what is wrong."""
        place = (delivery_id, position)
        if event := self._events.get(place):
            return event, None
        missing = MISSING_EVENT if delivery_id in self._bodies else MISSING_BODY
        return None, self._refused.get(place, missing)

    def _add_lines(self, delivery_id: UUID, body: bytes) -> None:
        lines = body.split(b"\n")
        for place in self._of(delivery_id):
            position = place[1]
            if position >= len(lines):
                continue
            try:
                self._events[place] = read_line(lines[position], position)
            except (InvalidJsonError, InvalidEventsError) as error:
                self._refused[place] = error.code

    def _of(self, delivery_id: UUID) -> Sequence[Place]:
        return self._wanted.get(delivery_id, [])
