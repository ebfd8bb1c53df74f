"""Stored bodies are read again event by event; what cannot be read spares its neighbours."""

import json
from uuid import UUID

from services.core.intake.reading import MISSING_BODY, MISSING_EVENT, ReadBodies
from tests.support.deliveries import comment

ONE, OTHER, GONE = UUID(int=1), UUID(int=2), UUID(int=3)


def line(number: int) -> bytes:
    return json.dumps(comment(id=f"evt-{number}")).encode()


def test_each_entry_gets_its_own_event() -> None:
    read = ReadBodies({(ONE, 0), (OTHER, 1)})
    read.add(ONE, media="json", webhook_id="w", body=line(0))
    read.add(OTHER, media="ndjson", webhook_id="w", body=b"\n".join([line(1), line(2)]))
    first, second = read.event(ONE, 0)[0], read.event(OTHER, 1)[0]
    assert first is not None
    assert second is not None
    assert (first.external_id, second.external_id) == ("evt-0", "evt-2")


def test_what_cannot_be_read_is_named() -> None:
    wanted = {(ONE, 0), (OTHER, 0), (OTHER, 1), (OTHER, 9), (GONE, 0)}
    read = ReadBodies(wanted)
    read.add(ONE, media="json", webhook_id="w", body=b"{")
    read.add(OTHER, media="ndjson", webhook_id="w", body=b"[]\nnot json")
    assert {place: read.event(*place) for place in wanted} == {
        (ONE, 0): (None, "invalid_json"),
        (OTHER, 0): (None, "invalid_event"),
        (OTHER, 1): (None, "invalid_json"),
        (OTHER, 9): (None, MISSING_EVENT),
        (GONE, 0): (None, MISSING_BODY),
    }
