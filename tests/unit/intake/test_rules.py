import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.intake.envelope import read_envelope
from services.core.intake.errors import (
    BodyTooLargeError,
    InvalidEnvelopeError,
    OverQuotaError,
    UnsupportedMediaError,
)
from services.core.intake.payloads import PAYLOADS
from services.core.intake.rules import (
    BACKFILL_KINDS,
    LANES,
    check_content_encoding,
    full_bucket,
    lane_of,
    place_in_time,
    read_media_type,
    read_webhook_id,
    support_of,
    take,
)
from services.core.intake.types import Bucket, ContentKind, Support, Wait
from services.core.kit.errors import ErrorKind
from tests.support.deliveries import FULLEST

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


class TestMediaTypes:
    @pytest.mark.parametrize(
        ("header", "kind"),
        [
            ("application/json", ContentKind.JSON),
            ("Application/JSON", ContentKind.JSON),
            ("application/json;charset=utf-8", ContentKind.JSON),
            ('application/json ; Charset="UTF-8" ', ContentKind.JSON),
            ("application/json; profile=x; charset=utf-8", ContentKind.JSON),
            ("application/json;", ContentKind.JSON),
            ("application/cloudevents+json", ContentKind.CLOUDEVENTS),
            ("application/cloudevents+json; charset=utf-8", ContentKind.CLOUDEVENTS),
        ],
    )
    def test_json_and_cloudevents_are_spoken(self, header: str, kind: ContentKind) -> None:
        assert read_media_type(header) is kind

    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            ";",
            "text/json",
            "text/plain",
            "application/*",
            "application/xml",
            "application/json, application/json",
            "application/x-www-form-urlencoded",
            "application/cloudevents-batch+json",
            "application/vnd.api+json",
            "application/json; charset=utf-16",
            "application/json; charset=",
            "application/json; charset=utf-8; charset=latin1",
            "application/json; charset=gb18030",
            "application/x-ndjson",
        ],
    )
    def test_any_other_media_type_or_charset_is_not(self, header: str | None) -> None:
        with pytest.raises(UnsupportedMediaError) as caught:
            read_media_type(header)

        assert caught.value.kind is ErrorKind.UNSUPPORTED_MEDIA

    def test_a_backfill_speaks_lines_and_nothing_else(self) -> None:
        lines = read_media_type("application/x-ndjson", accepted=BACKFILL_KINDS)

        assert lines is ContentKind.NDJSON
        with pytest.raises(UnsupportedMediaError, match="must be application/x-ndjson"):
            read_media_type("application/json", accepted=BACKFILL_KINDS)

    @pytest.mark.parametrize("header", [None, "identity", "Identity", " identity "])
    def test_a_plain_body_is_read(self, header: str | None) -> None:
        check_content_encoding(header)

    @pytest.mark.parametrize("header", ["gzip", "br", "deflate", "identity, gzip", "", "x"])
    def test_a_compressed_body_is_not(self, header: str) -> None:
        with pytest.raises(UnsupportedMediaError):
            check_content_encoding(header)


class TestWebhookIds:
    @pytest.mark.parametrize("header", [b"a", b"msg_1:2-3", b"A" * 128])
    def test_plain_characters_make_an_id(self, header: bytes) -> None:
        assert read_webhook_id(header) == header.decode()

    @pytest.mark.parametrize(
        "header", [b"", b"a.b", b"a b", b" a", b"a\n", b"a\x00", b"A" * 129, b"\xe4", "ａ".encode()]
    )
    def test_anything_else_makes_the_envelope_invalid(self, header: bytes) -> None:
        with pytest.raises(InvalidEnvelopeError) as caught:
            read_webhook_id(header)

        assert caught.value.kind is ErrorKind.MALFORMED
        assert [problem.code for problem in caught.value.errors] == ["bad_webhook_id"]


class TestSupport:
    def test_every_type_of_the_contract_is_handled_or_kept_for_later(self) -> None:
        later = {name for name in PAYLOADS if support_of(name) is Support.NO_HANDLER_YET}

        assert later == {
            "post.metrics",
            "view.recorded",
            "purchase.completed",
            "referral.joined",
            "group.joined",
            "group.left",
            "group.message",
            "survey.answered",
            "lead.submitted",
            "flag.raised",
        }
        now = {name for name in PAYLOADS if support_of(name) is Support.HANDLED}
        assert {name.partition(".")[0] for name in now} == {
            "comment",
            "dm",
            "mention",
            "reply",
            "follower",
            "post",
        }
        assert len(now) == 15

    @pytest.mark.parametrize("event_type", ["", "comment", "comment.Created", "batch", "x.y"])
    def test_an_unknown_type_is_unsupported(self, event_type: str) -> None:
        assert support_of(event_type) is Support.UNSUPPORTED


class TestPlacingInTime:
    @pytest.mark.parametrize(
        ("age", "clamped", "historical"),
        [
            (seconds(0), False, False),
            (timedelta(minutes=-5), False, False),
            (timedelta(days=30), False, False),
            (timedelta(days=30) + seconds(0.000001), False, True),
            (timedelta(minutes=-5) - seconds(0.000001), True, False),
            (timedelta(days=-20_000), True, False),
            (timedelta(days=9_000), False, True),
        ],
    )
    def test_the_future_is_clamped_and_the_old_is_history(
        self, age: timedelta, clamped: bool, historical: bool
    ) -> None:
        placed = place_in_time(NOW - age, NOW)

        assert (placed.clamped, placed.historical) == (clamped, historical)
        assert placed.occurred_at == (NOW if clamped else NOW - age)


class TestQuota:
    def test_a_full_bucket_admits_its_capacity_at_once_and_no_more(self) -> None:
        bucket = full_bucket(capacity=10, refill_per_second=2, now=NOW)

        emptied = take(bucket, 10, NOW)

        assert isinstance(emptied, Bucket)
        assert emptied.tokens == 0
        assert take(emptied, 1, NOW) == Wait(0.5)

    def test_it_refills_with_time_up_to_its_capacity(self) -> None:
        empty = Bucket(capacity=10, refill_per_second=2, tokens=0, filled_at=NOW)

        later = take(empty, 4, NOW + seconds(3))
        much_later = take(empty, 1, NOW + timedelta(days=1))

        assert later == Bucket(10, 2, tokens=2, filled_at=NOW + seconds(3))
        assert isinstance(much_later, Bucket)
        assert much_later.tokens == 9

    def test_a_batch_larger_than_the_capacity_comes_in_and_leaves_a_debt(self) -> None:
        bucket = full_bucket(capacity=10, refill_per_second=2, now=NOW)

        indebted = take(bucket, 30, NOW)

        assert isinstance(indebted, Bucket)
        assert indebted.tokens == -20
        assert take(indebted, 1, NOW) == Wait(10.5)
        assert take(indebted, 30, NOW) == Wait(15)

    @pytest.mark.parametrize(("capacity", "refill"), [(0, 0), (0, 1), (10, 0)])
    def test_without_capacity_or_refill_nothing_comes_in(
        self, capacity: float, refill: float
    ) -> None:
        closed = Bucket(capacity, refill, tokens=0, filled_at=NOW - timedelta(days=1))

        assert isinstance(take(closed, 1, NOW), Wait)
        assert isinstance(take(closed, 500, NOW), Wait)

    def test_a_clock_that_went_back_gives_and_takes_nothing(self) -> None:
        bucket = Bucket(capacity=10, refill_per_second=2, tokens=5, filled_at=NOW)

        assert take(bucket, 1, NOW - seconds(60)) == Bucket(10, 2, tokens=4, filled_at=NOW)

    @given(
        tokens=st.floats(-50, 10),
        events=st.integers(1, 500),
        refill=st.floats(0.1, 1_000),
    )
    def test_whoever_waits_as_told_is_admitted(
        self, tokens: float, events: int, refill: float
    ) -> None:
        bucket = Bucket(capacity=10, refill_per_second=refill, tokens=tokens, filled_at=NOW)

        answer = take(bucket, events, NOW)

        if isinstance(answer, Wait):
            assert answer.seconds > 0
            # A microsecond more, since that is what datetimes are rounded to.
            answer = take(bucket, events, NOW + seconds(answer.seconds + 0.000001))
        assert isinstance(answer, Bucket)

    @given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 40)), max_size=30))
    def test_no_order_of_calls_gets_more_than_the_rate(self, calls: list[Any]) -> None:
        bucket, now, admitted = full_bucket(capacity=10, refill_per_second=2, now=NOW), NOW, 0
        largest = max((events for _, events in calls), default=0)
        for gap, events in calls:
            now += seconds(gap)
            answer = take(bucket, events, now)
            if isinstance(answer, Bucket):
                bucket, admitted = answer, admitted + events

        allowed = 10 + 2 * (now - NOW).total_seconds()
        assert admitted <= allowed + max(largest - 10, 0) + 0.001


def test_the_answers_with_a_number_say_it() -> None:
    assert BodyTooLargeError(1_048_576).detail == "The body is larger than 1048576 bytes."
    assert BodyTooLargeError(1).kind is ErrorKind.TOO_LARGE
    assert OverQuotaError(2.5).retry_after == 2.5
    assert OverQuotaError(2.5).kind is ErrorKind.THROTTLED


SOURCE = UUID(int=1)


def lane(kind: str, **data: Any) -> int:
    document = {"id": "e", "type": kind, "timestamp": NOW.isoformat(), "data": data}
    body = json.dumps(document).encode()
    (event,) = read_envelope(body, content_type=ContentKind.JSON, webhook_id="w").events
    return lane_of(SOURCE, event)


def said(author: str, **more: Any) -> dict[str, Any]:
    return {"id": "m", "author": {"id": author}, "text": "在吗"} | more


class TestLanes:
    @pytest.mark.parametrize("who", ["lily", "莉莉", "u-77"])
    def test_what_one_person_says_and_does_waits_in_one_lane(self, who: str) -> None:
        lanes = {
            lane("comment.created", **said(who, post_id="p1")),
            lane("comment.edited", **said(who, post_id="p2")),
            lane("mention.created", **said(who)),
            lane("dm.received", **said(who)),
            lane("follower.followed", follower={"id": who}),
        }
        assert len(lanes) == 1

    def test_a_conversation_and_the_answers_in_it_wait_in_one_lane(self) -> None:
        asked = lane("dm.received", **said("lily", conversation_id="k1"))
        assert lane("reply.sent", id="r1", conversation_id="k1", text="亲") == asked
        assert lane("reply.sent", id="r1", in_reply_to="k1", text="亲") == asked

    def test_what_names_nobody_waits_by_what_it_names(self) -> None:
        assert lane("comment.deleted", id="c1") == lane("comment.hidden", id="c1")
        assert lane("post.published", id="p1") == lane("post.deleted", id="p1")
        assert 0 <= lane("post.metrics", **FULLEST["post.metrics"]) < LANES

    def test_a_thousand_people_fill_all_lanes(self) -> None:
        crowd = [lane("mention.created", **said(f"u{number}")) for number in range(1_000)]
        assert set(crowd) == set(range(LANES))
        assert max(crowd.count(each) for each in range(LANES)) < 3 * len(crowd) / LANES
