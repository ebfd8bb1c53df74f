"""A plan is the same for the same seed, keeps to WEBHOOK.md, and has days like a real platform."""

import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from services.simulator.scenarios import SCENARIOS
from services.simulator.traffic import PlannedEvent, plan

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

PERSON = {
    "id": "id", "handle": "text?", "name": "text?", "followers_count": "count?",
    "verified": "flag?", "avatar_url": "url?", "locale": "text?",
}  # fmt: skip
SERIES = {"name": "text", "part": "count", "of": "count"}
COMMENT = {
    "id": "id", "post_id": "id", "parent_id": "id?", "author": "person", "text": "text",
    "mentions": "texts?", "hashtags": "texts?", "images": "urls?", "url": "url?",
    "version": "count?",
}  # fmt: skip
DM = {
    "id": "id", "conversation_id": "id?", "author": "person", "text": "text", "images": "urls?",
    "reply_window_until": "time?", "replies_left": "count?", "version": "count?",
}  # fmt: skip
POST = {
    "id": "id", "title": "text?", "text": "text?", "hashtags": "texts?", "series": "series?",
    "author": "person?", "url": "url?",
}  # fmt: skip
FOLLOWER = {"follower": "person"}
GROUP = {"group_id": "id", "follower": "person"}
# The table of WEBHOOK.md; a ? marks what may be missing.
TABLE: dict[str, dict[str, str]] = {
    "comment.created": COMMENT,
    "comment.edited": COMMENT,
    "comment.deleted": {"id": "id"},
    "dm.recalled": {"id": "id"},
    "comment.hidden": {"id": "id"},
    "comment.unhidden": {"id": "id"},
    "dm.received": DM,
    "dm.edited": DM,
    "mention.created": {
        "id": "id", "post_id": "id?", "author": "person", "text": "text", "url": "url?",
    },
    "reply.sent": {
        "id": "id", "in_reply_to": "id?", "conversation_id": "id?", "post_id": "id?",
        "text": "text", "member": "text?",
    },
    "follower.followed": FOLLOWER,
    "follower.unfollowed": FOLLOWER,
    "post.published": POST,
    "post.edited": POST,
    "post.deleted": {"id": "id"},
    "post.metrics": {
        "post_id": "id", "views": "count", "likes": "count", "collects": "count",
        "comments": "count", "shares": "count",
    },
    "view.recorded": {"post_id": "id", "follower": "person"},
    "purchase.completed": {
        "id": "id", "follower": "person", "amount": "amount", "currency": "text",
        "items": "anything?", "referral_code": "text?",
    },
    "referral.joined": {"follower": "person", "referred_by": "id"},
    "group.joined": GROUP,
    "group.left": GROUP,
    "group.message": {
        "id": "id", "group_id": "id", "author": "person", "text": "text", "parent_id": "id?",
    },
    "survey.answered": {
        "survey_id": "id", "follower": "person", "score": "count?", "nps": "count?",
        "text": "text?",
    },
    "lead.submitted": {
        "id": "id", "follower": "person?", "fields": "anything", "post_id": "id?",
    },
    "flag.raised": {"id": "id", "message_id": "id", "follower": "person", "reason": "text?"},
}  # fmt: skip


CHECKS: dict[str, Callable[[Any], bool]] = {
    "id": lambda value: isinstance(value, str) and 0 < len(value) <= 256,
    "text": lambda value: isinstance(value, str) and 0 < len(value) <= 10_000,
    "texts": lambda value: isinstance(value, list) and all(map(CHECKS["text"], value)),
    "url": lambda value: bool(re.fullmatch(r"https://[\x21-\x7e]+", value)),
    "urls": lambda value: isinstance(value, list) and all(map(CHECKS["url"], value)),
    "count": lambda value: type(value) is int and value >= 0,
    "flag": lambda value: isinstance(value, bool),
    "amount": lambda value: bool(re.fullmatch(r"\d+\.\d\d", value)),
    "time": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "person": lambda value: _faults(value, PERSON) == [],
    "series": lambda value: _faults(value, SERIES) == [],
    "anything": lambda value: value is not None,
}


def _faults(data: dict[str, Any], fields: dict[str, str]) -> list[str]:
    unknown = [f"{name}: not in the table" for name in data if name not in fields]
    missing = [f"{n}: missing" for n, s in fields.items() if n not in data and s[-1] != "?"]
    wrong = [
        f"{name}: {value!r}"
        for name, value in data.items()
        if name in fields and not CHECKS[fields[name].rstrip("?")](value)
    ]
    return unknown + missing + wrong


@pytest.fixture(scope="module", params=list(SCENARIOS))
def planned(request: pytest.FixtureRequest) -> list[PlannedEvent]:
    return list(plan(3, 8.0, 240.0, request.param, start=START))


class TestTheContract:
    def test_every_event_has_the_shape_of_the_table(self, planned: list[PlannedEvent]) -> None:
        for happening in planned:
            event = happening.event
            assert set(event) == {"id", "type", "timestamp", "data"}
            assert CHECKS["id"](event["id"])
            assert _faults(event["data"], TABLE[event["type"]]) == [], event

    def test_the_check_would_notice_what_is_wrong(self) -> None:
        assert _faults({"id": 7, "colour": "red"}, TABLE["comment.created"]) == [
            "colour: not in the table",
            "post_id: missing",
            "author: missing",
            "text: missing",
            "id: 7",
        ]

    def test_a_mixed_day_shows_every_type_of_the_table(self) -> None:
        types = {happening.event["type"] for happening in plan(5, 20.0, 400.0, "mixed")}
        assert types == set(TABLE)

    def test_events_and_objects_never_share_an_id(self, planned: list[PlannedEvent]) -> None:
        ids = Counter(happening.event["id"] for happening in planned)
        made = Counter(
            happening.event["data"]["id"]
            for happening in planned
            if happening.event["type"].endswith((".created", ".received", ".published", ".sent"))
        )
        assert max(ids.values()) == 1
        assert max(made.values()) == 1

    def test_only_what_stands_on_the_platform_is_changed_or_answered(
        self, planned: list[PlannedEvent]
    ) -> None:
        standing: set[str] = set()
        for happening in planned:
            kind, data = happening.event["type"], happening.event["data"]
            if kind.endswith((".created", ".received", ".published")):
                standing.add(data["id"])
            touched = {data.get(name) for name in ("in_reply_to", "parent_id", "message_id")}
            if kind.endswith((".edited", ".deleted", ".recalled", "hidden")):
                touched.add(data["id"])
            assert touched - {None} <= standing, happening
            if kind.endswith((".deleted", ".recalled")):
                standing.remove(data["id"])

    def test_versions_of_a_comment_only_grow(self) -> None:
        latest: dict[str, int] = {}
        for happening in plan(3, 20.0, 300.0):
            if happening.event["type"] in {"comment.created", "comment.edited"}:
                data = happening.event["data"]
                assert data["version"] == latest.get(data["id"], 0) + 1
                latest[data["id"]] = data["version"]
        assert max(latest.values()) > 1

    def test_totals_of_a_post_only_grow(self) -> None:
        views: dict[str, int] = {}
        for happening in plan(3, 20.0, 300.0):
            if happening.event["type"] == "post.metrics":
                data = happening.event["data"]
                assert data["views"] > views.get(data["post_id"], 0)
                views[data["post_id"]] = data["views"]
        assert views


class TestTheSeed:
    def test_the_same_seed_gives_the_same_plan(self) -> None:
        assert list(plan(11, 6.0, 120.0)) == list(plan(11, 6.0, 120.0))

    def test_another_seed_gives_another_plan(self) -> None:
        assert list(plan(11, 6.0, 120.0)) != list(plan(12, 6.0, 120.0))

    def test_a_longer_plan_begins_like_the_shorter_one(self) -> None:
        short = list(plan(11, 6.0, 60.0, cycle_seconds=600.0))
        assert list(islice(plan(11, 6.0, None, cycle_seconds=600.0), len(short))) == short

    def test_the_same_people_come_back_in_another_run(self) -> None:
        def people(run: str) -> dict[str, str]:
            return {
                event["data"]["author"]["id"]: event["data"]["author"]["handle"]
                for event in (happening.event for happening in plan(11, 6.0, 120.0, run=run))
                if event["type"] == "dm.received"
            }

        assert people("monday") == people("tuesday")

    def test_two_runs_share_no_message(self) -> None:
        def messages(run: str) -> set[str]:
            return {h.event["data"].get("id", "") for h in plan(11, 6.0, 60.0, run=run)} - {""}

        assert messages("monday").isdisjoint(messages("tuesday"))


class TestTheTimes:
    def test_offsets_never_go_back_and_stay_within_the_duration(
        self, planned: list[PlannedEvent]
    ) -> None:
        offsets = [happening.at_offset_seconds for happening in planned]
        assert offsets == sorted(offsets)
        assert offsets[-1] < 240.0

    def test_a_timestamp_is_the_start_and_the_offset(self, planned: list[PlannedEvent]) -> None:
        for happening in planned:
            at = datetime.fromisoformat(happening.event["timestamp"])
            expected = START + timedelta(seconds=happening.at_offset_seconds)
            assert abs(at - expected) <= timedelta(milliseconds=1)

    def test_a_calm_hour_keeps_the_rate(self) -> None:
        count = sum(1 for _ in plan(2, 10.0, 1000.0, "calm"))
        # Six standard deviations of a Poisson count, for whatever seed.
        assert abs(count - 10_000) < 6 * math.sqrt(10_000)

    def test_a_compressed_day_has_a_night(self) -> None:
        # "mixed" runs from 17:00 over a whole day: 20:00-23:00 against 02:00-05:00.
        offsets = [h.at_offset_seconds / 2400 * 24 + 17 for h in plan(2, 4.0, 2400.0)]
        evening = sum(20 <= hour < 23 for hour in offsets)
        night = sum(26 <= hour < 29 for hour in offsets)
        assert evening > 8 * night > 0

    def test_an_endless_plan_starts_its_day_again(self) -> None:
        endless = plan(2, 5.0, None, "crisis", cycle_seconds=60.0)
        later = [h for h in islice(endless, 1500) if h.at_offset_seconds > 60.0]
        assert later[-1].at_offset_seconds > 90.0

    @pytest.mark.parametrize(
        ("rate", "duration", "cycle"),
        [(0.0, 1.0, None), (-1.0, 1.0, None), (1.0, 0.0, None), (1.0, 1.0, -5.0), (math.nan, 1, 1)],
    )
    def test_a_plan_without_sense_is_refused_before_it_starts(
        self, rate: float, duration: float, cycle: float | None
    ) -> None:
        with pytest.raises(ValueError, match="must be more than nothing"):
            plan(1, rate, duration, cycle_seconds=cycle)


class TestTheStories:
    def test_a_crisis_gathers_under_one_post(self) -> None:
        # Hours 17 to 23 in 600 s: the crisis runs from 18:30 to 20:30, seconds 150 to 350.
        under = Counter(
            h.event["data"]["post_id"]
            for h in plan(4, 4.0, 600.0, "crisis")
            if h.event["type"] == "comment.created" and 150 <= h.at_offset_seconds < 350
        )
        (_, most), *_ = under.most_common(1)
        assert most > under.total() / 2

    def test_a_spam_wave_is_written_by_throwaway_accounts(self) -> None:
        # Hours 12 to 18 in 600 s: the wave runs from 13:00 to 15:00, seconds 100 to 300.
        comments = [
            h for h in plan(4, 4.0, 600.0, "spam-wave") if h.event["type"] == "comment.created"
        ]

        def sellers(low: float, high: float) -> float:
            within = [h for h in comments if low <= h.at_offset_seconds < high]
            thrown = [h for h in within if h.event["data"]["author"]["name"] == "momo"]
            return len(thrown) / len(within)

        assert sellers(100, 300) > 0.5
        assert sellers(300, 600) < 0.15

    def test_followers_answer_each_other(self, planned: list[PlannedEvent]) -> None:
        comments = [h.event["data"] for h in planned if h.event["type"] == "comment.created"]
        replies = [comment for comment in comments if "parent_id" in comment]
        assert 0.1 < len(replies) / len(comments) < 0.5

    def test_the_brands_own_account_is_tagged_by_its_name(self) -> None:
        events = [h.event for h in plan(4, 10.0, 300.0, own_account="harbour_tea")]
        mentions = [e["data"]["text"] for e in events if e["type"] == "mention.created"]
        assert any("@harbour_tea" in text for text in mentions)
        assert not any("慢半拍" in text for text in mentions)
