from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.intake.envelope import read_line
from services.core.intake.errors import InvalidEnvelopeError, InvalidEventsError, InvalidJsonError
from services.core.intake.payloads import PAYLOADS, Comment
from services.core.intake.types import ContentKind, ReceivedEvent, Support
from services.core.kit.errors import DomainError, ErrorKind
from tests.support.deliveries import MOMENT, WEBHOOK_ID, WHEN, batch, comment, read, without

MARKER = "planted-marker"


def only(document: Any, kind: ContentKind = ContentKind.JSON) -> ReceivedEvent:
    envelope = read(document, kind)
    assert not envelope.batch
    assert len(envelope.events) == 1
    return envelope.events[0]


def problems(
    document: Any, refused_as: type[DomainError], kind: ContentKind = ContentKind.JSON
) -> list[tuple[str, str]]:
    with pytest.raises(refused_as) as caught:
        read(document, kind)
    return [(problem.pointer, problem.code) for problem in caught.value.errors]


class TestOneEvent:
    def test_it_is_read_with_its_id_type_time_and_payload(self) -> None:
        event = only(comment())

        assert event == ReceivedEvent(
            position=0,
            external_id="evt-1",
            type="comment.created",
            occurred_at=MOMENT,
            payload=event.payload,
            support=Support.HANDLED,
        )
        assert isinstance(event.payload, Comment)
        assert event.payload.text == "烂脸了"

    @pytest.mark.parametrize("document", [without(comment(), "id"), comment(id=None)])
    def test_without_an_id_it_takes_that_of_the_delivery(self, document: dict[str, Any]) -> None:
        assert only(document).external_id == WEBHOOK_ID

    def test_unknown_fields_beside_and_inside_are_ignored(self) -> None:
        document = comment(new={"a": 1}, specversion=2)
        document["data"] |= {"new": [1]}

        assert only(document) == only(comment())

    def test_an_unknown_type_is_unsupported_and_its_data_is_not_looked_into(self) -> None:
        event = only(comment(type="weather.changed", data={"id": 5, "text": 7}))

        assert event.support is Support.UNSUPPORTED
        assert event.payload is None

    def test_a_type_without_a_handler_is_validated_all_the_same(self) -> None:
        view = {"post_id": "p1", "follower": {"id": "u1"}}

        assert only(comment(type="view.recorded", data=view)).support is Support.NO_HANDLER_YET
        assert problems(comment(type="view.recorded", data={}), InvalidEventsError) == [
            ("/data/post_id", "missing"),
            ("/data/follower", "missing"),
        ]

    @pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
    def test_nul_and_lone_surrogates_in_text_are_accepted_and_marked(self, text: str) -> None:
        document = comment()
        document["data"] |= {"text": text}

        event = only(document)

        assert isinstance(event.payload, Comment)
        assert event.payload.text == "a\ufffdb"
        assert event.sanitized

    def test_bidi_controls_and_emoji_are_content(self) -> None:
        document = comment()
        document["data"] |= {"text": "\u202e👩‍👩‍👧\u200b" + "e" + "\u0301" * 100}

        event = only(document)

        assert isinstance(event.payload, Comment)
        assert event.payload.text == document["data"]["text"]
        assert not event.sanitized

    def test_nul_in_an_unknown_field_stays_in_the_raw_body_only(self) -> None:
        assert not only(comment(note="\x00")).sanitized


class TestAnInvalidEnvelope:
    @pytest.mark.parametrize("document", [[], [comment()], "x", 5, None, True, 1.5])
    def test_a_body_that_is_no_object_is_refused_as_a_whole(self, document: Any) -> None:
        assert problems(document, InvalidEnvelopeError) == [("", "not_an_object")]

    @pytest.mark.parametrize("key", ["type", "timestamp", "data"])
    def test_a_missing_part_is_pointed_at(self, key: str) -> None:
        assert problems(without(comment(), key), InvalidEnvelopeError) == [(f"/{key}", "missing")]
        assert problems(comment(**{key: None}), InvalidEnvelopeError) == [(f"/{key}", "missing")]

    @pytest.mark.parametrize(
        ("key", "code"),
        [("type", "not_a_string"), ("timestamp", "not_a_string"), ("data", "not_an_object")],
    )
    @pytest.mark.parametrize("value", [5, 5.5, True, ["a"]])
    def test_a_part_of_another_kind_is_pointed_at(self, key: str, code: str, value: Any) -> None:
        assert problems(comment(**{key: value}), InvalidEnvelopeError) == [(f"/{key}", code)]

    def test_everything_missing_is_told_at_once(self) -> None:
        assert problems({}, InvalidEnvelopeError) == [
            ("/type", "missing"),
            ("/timestamp", "missing"),
            ("/data", "missing"),
        ]

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"[" * 100_000])
    def test_a_body_that_is_no_json_is_told_apart(self, body: bytes) -> None:
        assert problems(body, InvalidJsonError) == [("", "invalid_json")]


class TestAnInvalidEvent:
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("20000-01-01T00:00:00Z", "bad_timestamp"),
            ("infinity", "bad_timestamp"),
            ("2026-11-21T08:15:04", "bad_timestamp"),
            ("", "bad_timestamp"),
            ("0001-01-01T00:00:00Z", "out_of_range"),
            ("1970-01-01T00:00:00Z", "out_of_range"),
            ("9999-12-31T23:59:59-14:00", "out_of_range"),
        ],
    )
    def test_a_time_that_cannot_be_is_the_events_fault(self, value: str, code: str) -> None:
        assert problems(comment(timestamp=value), InvalidEventsError) == [("/timestamp", code)]

    @pytest.mark.parametrize("value", ["", "a" * 257, "a\x00", "\ud800", 5, 5.0, True, ["a"]])
    def test_an_id_that_cannot_be_is_the_events_fault(self, value: Any) -> None:
        assert problems(comment(id=value), InvalidEventsError) == [("/id", "bad_id")]

    @pytest.mark.parametrize("value", ["", "a" * 257, "a\x00", "\ud800"])
    def test_a_type_that_cannot_be_stored_is_the_events_fault(self, value: str) -> None:
        assert problems(comment(type=value), InvalidEventsError) == [("/type", "bad_type")]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"text": 5}, ("/data/text", "not_a_string")),
            ({"text": "a" * 10_001}, ("/data/text", "text_too_long")),
            ({"author": "u1"}, ("/data/author", "not_an_object")),
            ({"author": {"id": "\x00"}}, ("/data/author/id", "bad_id")),
            ({"author": {}}, ("/data/author/id", "missing")),
            (
                {"author": {"id": "u", "followers_count": 2**63}},
                ("/data/author/followers_count", "out_of_range"),
            ),
            (
                {"author": {"id": "u", "followers_count": -1}},
                ("/data/author/followers_count", "out_of_range"),
            ),
            (
                {"author": {"id": "u", "followers_count": True}},
                ("/data/author/followers_count", "not_an_integer"),
            ),
            (
                {"author": {"id": "u", "verified": 1}},
                ("/data/author/verified", "not_a_boolean"),
            ),
            ({"version": 1.0}, ("/data/version", "not_an_integer")),
            ({"mentions": "a"}, ("/data/mentions", "not_a_list")),
            ({"mentions": ["a", 5]}, ("/data/mentions/1", "not_a_string")),
            ({"mentions": ["a"] * 101}, ("/data/mentions", "too_many")),
        ],
    )
    def test_a_bad_field_is_pointed_at(
        self, change: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        document = comment()
        document["data"] |= change

        assert problems(document, InvalidEventsError) == [expected]

    @pytest.mark.parametrize(
        ("event_type", "data", "expected"),
        [
            (
                "survey.answered",
                {"survey_id": "s", "follower": {"id": "u"}, "score": "5"},
                ("/data/score", "not_a_number"),
            ),
            ("lead.submitted", {"id": "l", "fields": []}, ("/data/fields", "not_an_object")),
            (
                "dm.received",
                {"id": "m", "author": {"id": "u"}, "text": "", "reply_window_until": "soon"},
                ("/data/reply_window_until", "bad_timestamp"),
            ),
        ],
    )
    def test_other_payloads_point_the_same_way(
        self, event_type: str, data: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert problems(comment(type=event_type, data=data), InvalidEventsError) == [expected]

    def test_everything_wrong_with_an_event_is_told_at_once(self) -> None:
        document = comment(id=5, timestamp="now", data={"id": ""})

        assert problems(document, InvalidEventsError) == [
            ("/id", "bad_id"),
            ("/timestamp", "bad_timestamp"),
            ("/data/id", "bad_id"),
            ("/data/post_id", "missing"),
            ("/data/author", "missing"),
            ("/data/text", "missing"),
        ]

    def test_a_long_list_of_mistakes_is_told_by_its_beginning(self) -> None:
        document = comment()
        document["data"] |= {"mentions": [5] * 100}

        assert len(problems(document, InvalidEventsError)) == 5

    def test_it_is_invalid_and_not_malformed(self) -> None:
        with pytest.raises(InvalidEventsError) as caught:
            read(comment(id=""))

        assert (caught.value.kind, caught.value.code) == (ErrorKind.INVALID, "invalid_event")
        assert caught.value.detail == "The event is not valid; nothing of it was stored."
        assert caught.value.errors[0].index is None

    @pytest.mark.parametrize(
        "document",
        [
            comment(id=f"{MARKER}\n"),
            comment(type=f"{MARKER}\n"),
            comment(timestamp=MARKER),
            comment(data={"id": f"{MARKER}\n", f"{MARKER}": 1, "text": [MARKER]}),
            comment(type="post.metrics", data={"views": MARKER, "likes": {MARKER: 1}}),
            batch(comment(id=f"{MARKER}\n")),
            batch(MARKER),
            batch(timestamp=MARKER),
            batch(data={"events": MARKER}),
            {MARKER: MARKER},
        ],
    )
    def test_no_answer_repeats_what_was_sent(self, document: Any) -> None:
        with pytest.raises(DomainError) as caught:
            read(document)

        assert MARKER not in repr(caught.value) + caught.value.detail + repr(caught.value.errors)


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()), max_size=10)
    | st.sampled_from([WHEN, "batch", "1.0", *PAYLOADS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("id", "type", "timestamp", "time", "data", "events", "specversion"),
                    *("author", "text", "post_id", "follower", "fields", "mentions", "\ud800"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
ALMOST_EVENTS = st.builds(
    lambda kind, data, changes: comment(type=kind, data=data) | changes,
    st.sampled_from(["batch", *PAYLOADS]),
    ANY_JSON,
    st.dictionaries(st.sampled_from(["id", "type", "timestamp", "time"]), ANY_JSON, max_size=1),
)


class TestAnyInput:
    @given(ANY_JSON | ALMOST_EVENTS, st.sampled_from(ContentKind))
    def test_any_json_is_read_or_refused_by_us(self, document: Any, kind: ContentKind) -> None:
        refused: DomainError | None = None
        try:
            read(document, kind)
        except (InvalidEnvelopeError, InvalidEventsError) as error:
            refused = error

        assert refused is None or refused.errors

    @given(st.binary(max_size=100))
    def test_any_bytes_are_read_or_refused_by_us(self, body: bytes) -> None:
        with pytest.raises(DomainError):
            read(body)
        with pytest.raises(DomainError):
            read_line(body, 1)

    @given(st.lists(ALMOST_EVENTS | st.just(comment()), min_size=1, max_size=4))
    def test_a_batch_is_taken_whole_or_not_at_all(self, events: list[Any]) -> None:
        try:
            envelope = read(batch(*events))
        except InvalidEventsError as error:
            named = {problem.index for problem in error.errors}
            good = [event for index, event in enumerate(events) if index not in named]
            assert named
            if good:
                assert len(read(batch(*good)).events) == len(good)
            return

        assert len(envelope.events) == len(events)
