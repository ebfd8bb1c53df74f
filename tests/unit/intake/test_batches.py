import json
from typing import Any

import pytest

from services.core.intake.envelope import MAX_BATCH, read_line
from services.core.intake.errors import InvalidEnvelopeError, InvalidEventsError, InvalidJsonError
from services.core.intake.payloads import MessageChange
from services.core.intake.types import ContentKind, Support
from services.core.kit.errors import DomainError
from tests.support.deliveries import (
    MOMENT,
    batch,
    cloud_event,
    comment,
    read,
    without,
)


def problems(
    document: Any, refused_as: type[DomainError], kind: ContentKind = ContentKind.JSON
) -> list[tuple[str, str]]:
    with pytest.raises(refused_as) as caught:
        read(document, kind)
    return [(problem.pointer, problem.code) for problem in caught.value.errors]


class TestBatches:
    def test_the_events_come_in_their_order(self) -> None:
        deleted = comment(id="evt-2", type="comment.deleted", data={"id": "c1"})

        envelope = read(batch(comment(), deleted))

        assert envelope.batch
        assert [event.position for event in envelope.events] == [0, 1]
        assert [event.external_id for event in envelope.events] == ["evt-1", "evt-2"]
        assert isinstance(envelope.events[1].payload, MessageChange)

    def test_500_events_fit(self) -> None:
        envelope = read(batch(*[comment(id=str(number)) for number in range(MAX_BATCH)]))

        assert [event.external_id for event in envelope.events] == [
            str(number) for number in range(MAX_BATCH)
        ]

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"events": None},
            {"events": []},
            {"events": {}},
            {"events": "x"},
            {"events": [comment()] * (MAX_BATCH + 1)},
        ],
    )
    def test_a_batch_without_1_to_500_events_is_malformed(self, data: dict[str, Any]) -> None:
        assert problems(batch(data=data), InvalidEnvelopeError) == [("/data/events", "bad_batch")]

    def test_its_own_time_may_be_missing(self) -> None:
        assert read(without(batch(comment()), "timestamp")) == read(batch(comment()))
        assert read(batch(comment(), timestamp=None)) == read(batch(comment()))

    @pytest.mark.parametrize(
        ("value", "code"),
        [(5, "not_a_string"), ("now", "bad_timestamp"), ("1970-01-01T00:00:00Z", "out_of_range")],
    )
    def test_its_own_time_must_be_one_when_it_is_there(self, value: Any, code: str) -> None:
        assert problems(batch(comment(), timestamp=value), InvalidEnvelopeError) == [
            ("/timestamp", code)
        ]

    def test_a_batch_without_data_is_malformed(self) -> None:
        assert problems({"type": "batch"}, InvalidEnvelopeError) == [("/data", "missing")]
        assert problems(batch(data=[]), InvalidEnvelopeError) == [("/data", "not_an_object")]

    def test_two_events_may_carry_the_same_id(self) -> None:
        assert [event.external_id for event in read(batch(comment(), comment())).events] == [
            "evt-1",
            "evt-1",
        ]

    def test_an_unknown_type_does_not_spoil_a_batch(self) -> None:
        envelope = read(batch(comment(), comment(type="weather.changed")))

        assert [event.support for event in envelope.events] == [
            Support.HANDLED,
            Support.UNSUPPORTED,
        ]

    @pytest.mark.parametrize(
        ("event", "pointer", "code"),
        [
            ("x", "", "not_an_object"),
            (None, "", "not_an_object"),
            (without(comment(), "id"), "/id", "missing"),
            (comment(id=None), "/id", "missing"),
            (comment(id=5), "/id", "bad_id"),
            (without(comment(), "type"), "/type", "missing"),
            (comment(type=5), "/type", "bad_type"),
            (without(comment(), "timestamp"), "/timestamp", "missing"),
            (comment(timestamp=5), "/timestamp", "bad_timestamp"),
            (without(comment(), "data"), "/data", "missing"),
            (comment(data=[]), "/data", "not_an_object"),
            (comment(type="weather.changed", data="x"), "/data", "not_an_object"),
            (batch(comment(), id="b"), "/type", "nested_batch"),
            (comment(data=comment()["data"] | {"text": 5}), "/data/text", "not_a_string"),
        ],
    )
    def test_what_is_wrong_inside_is_the_events_fault(
        self, event: Any, pointer: str, code: str
    ) -> None:
        assert problems(batch(comment(), event), InvalidEventsError) == [
            (f"/data/events/1{pointer}", code)
        ]

    def test_every_bad_event_has_its_entry_and_index(self) -> None:
        with pytest.raises(InvalidEventsError) as caught:
            read(batch(comment(id=""), comment(), 7, comment(id="", timestamp="")))

        assert [(problem.index, problem.pointer) for problem in caught.value.errors] == [
            (0, "/data/events/0/id"),
            (2, "/data/events/2"),
            (3, "/data/events/3/id"),
            (3, "/data/events/3/timestamp"),
        ]
        assert caught.value.detail == "3 of 4 events are not valid; nothing of it was stored."


class TestCloudEvents:
    def test_one_says_the_same_as_a_native_event(self) -> None:
        assert read(cloud_event(), ContentKind.CLOUDEVENTS) == read(comment())

    @pytest.mark.parametrize("key", ["specversion", "id", "time", "type", "data"])
    def test_a_missing_attribute_is_pointed_at(self, key: str) -> None:
        document = without(cloud_event(), key)

        assert problems(document, InvalidEnvelopeError, ContentKind.CLOUDEVENTS) == [
            (f"/{key}", "missing")
        ]

    @pytest.mark.parametrize("key", ["id", "time", "type", "data"])
    def test_an_attribute_of_another_kind_is_pointed_at(self, key: str) -> None:
        code = "not_an_object" if key == "data" else "not_a_string"

        found = problems(cloud_event(**{key: 5}), InvalidEnvelopeError, ContentKind.CLOUDEVENTS)

        assert found == [(f"/{key}", code)]

    @pytest.mark.parametrize("value", ["0.3", "1.1", ""])
    def test_another_version_of_the_format_is_not_spoken(self, value: str) -> None:
        document = cloud_event(specversion=value)

        assert problems(document, InvalidEnvelopeError, ContentKind.CLOUDEVENTS) == [
            ("/specversion", "unknown_version")
        ]

    def test_a_bad_value_is_the_events_fault(self) -> None:
        document = cloud_event(id="", time="now")

        assert problems(document, InvalidEventsError, ContentKind.CLOUDEVENTS) == [
            ("/id", "bad_id"),
            ("/time", "bad_timestamp"),
        ]

    def test_a_batch_in_one_holds_native_events(self) -> None:
        document = cloud_event(type="batch", data={"events": [comment()]})

        assert read(document, ContentKind.CLOUDEVENTS) == read(batch(comment()))

    def test_a_native_event_is_not_mistaken_for_one(self) -> None:
        found = problems(comment(), InvalidEnvelopeError, ContentKind.CLOUDEVENTS)

        assert found == [("/time", "missing"), ("/specversion", "missing")]


class TestLines:
    def test_a_line_is_a_native_event_at_its_number(self) -> None:
        event = read_line(json.dumps(comment()).encode() + b"\r\n", 7)

        assert (event.position, event.external_id, event.occurred_at) == (7, "evt-1", MOMENT)

    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            ([], ("", "not_an_object")),
            (without(comment(), "id"), ("/id", "missing")),
            (comment(timestamp="now"), ("/timestamp", "bad_timestamp")),
            (batch(comment(), id="b"), ("/type", "nested_batch")),
        ],
    )
    def test_what_is_wrong_with_it_carries_the_number(
        self, document: Any, expected: tuple[str, str]
    ) -> None:
        with pytest.raises(InvalidEventsError) as caught:
            read_line(json.dumps(document).encode(), 7)

        assert [(problem.pointer, problem.code) for problem in caught.value.errors] == [expected]
        assert [problem.index for problem in caught.value.errors] == [7]

    def test_a_line_that_is_no_json_carries_the_number(self) -> None:
        with pytest.raises(InvalidJsonError) as caught:
            read_line(b"{", 7)

        assert [problem.index for problem in caught.value.errors] == [7]
