"""Converging: whatever is heard first, twice or in pieces, the same states come out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.conversations import rules
from services.core.conversations.reading import read_arrival
from services.core.conversations.rules import rank
from services.core.conversations.types import Arrival, Drafts, ItemKind, Verdict
from services.core.intake.payloads import PAYLOADS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCE = UUID(int=5)
OWN = ("brand",)


def arrival(kind: str, data: dict[str, object], minutes: float = 0, key: str = "e") -> Arrival:
    return Arrival(
        source_id=SOURCE,
        own_accounts=OWN,
        external_id=f"{key}:{kind}:{minutes}",
        type=kind,
        payload=PAYLOADS[kind].model_validate(data),
        occurred_at=NOON + timedelta(minutes=minutes),
        received_at=NOON,
        historical=False,
    )


def comment(
    text: str, minutes: float = 0, *, version: int | None = None, edited: bool = False
) -> Arrival:
    data = {"id": "c1", "post_id": "p1", "author": {"id": "u1"}, "text": text, "version": version}
    return arrival("comment.edited" if edited else "comment.created", data, minutes)


def hear(*arrivals: Arrival) -> Drafts:
    return rules.merge_drafts(read_arrival(item) for item in arrivals)


def text_of(*arrivals: Arrival) -> str | None:
    (message,) = (m for m in hear(*arrivals).messages.values() if m.kind is ItemKind.COMMENT)
    return message.content.text if message.content else None


class TestVersions:
    def test_the_higher_version_wins_whatever_its_time(self) -> None:
        assert text_of(comment("new", 0, version=2), comment("old", 9, version=1)) == "new"

    def test_without_versions_the_later_time_wins(self) -> None:
        assert text_of(comment("new", 9, edited=True), comment("old", 0)) == "new"

    def test_at_one_moment_an_edit_wins_over_the_creation(self) -> None:
        assert text_of(comment("new", 0, edited=True), comment("old", 0)) == "new"

    def test_a_version_counts_more_than_none(self) -> None:
        assert text_of(comment("versioned", 0, version=1), comment("later", 9)) == "versioned"

    def test_ranks_of_versions_compare_as_numbers(self) -> None:
        assert rank(NOON, "a", version=9) < rank(NOON, "a", version=10)


class TestMessages:
    def test_the_time_of_a_message_is_its_creation(self) -> None:
        (message,) = hear(comment("b", 5, edited=True), comment("a", 3)).messages.values()
        assert message.occurred_at == NOON + timedelta(minutes=3)
        assert message.created_known

    def test_an_edit_alone_stands_for_its_message(self) -> None:
        (message,) = hear(comment("b", 5, edited=True)).messages.values()
        assert message.occurred_at == NOON + timedelta(minutes=5)
        assert not message.created_known

    def test_a_deletion_is_a_stub_until_its_message_is_heard(self) -> None:
        gone = arrival("comment.deleted", {"id": "c1"}, 7)
        states = hear(gone).messages
        assert {state.content for state in states.values()} == {None}
        (kept,) = (m for m in hear(gone, comment("a")).messages.values() if m.content)
        assert kept.deleted_at == NOON + timedelta(minutes=7)

    def test_the_later_word_on_hiding_holds(self) -> None:
        hidden = arrival("comment.hidden", {"id": "c1"}, 3)
        shown = arrival("comment.unhidden", {"id": "c1"}, 4)
        (one,) = hear(shown, hidden).messages.values()
        (other,) = hear(hidden).messages.values()
        assert (one.hidden, other.hidden) == (False, True)

    def test_a_verdict_goes_with_the_content_it_judged(self) -> None:
        (old,) = hear(comment("old", 0)).messages.values()
        (new,) = hear(comment("new", 5, edited=True)).messages.values()
        verdict = Verdict(UUID(int=1), "urgent", "complaint", "negative", needs_reply=True)
        judged = rules.replace(old, verdict=verdict)
        assert rules.merge_messages(judged, new).verdict is None
        assert rules.merge_messages(judged, old).verdict == verdict
        assert rules.merge_messages(old, judged).verdict == verdict

    def test_whoever_brought_word_of_it_first_is_kept(self) -> None:
        first = replace(comment("old", 0), request_id="r-2")
        later = replace(
            comment("new", 5, edited=True), request_id="r-1", received_at=NOON + timedelta(1)
        )
        for order in ((first, later), (later, first), (later, first, later)):
            (message,) = hear(*order).messages.values()
            assert (message.content.text if message.content else "", message.request_id) == (
                "new",
                "r-2",
            )


class TestWhoAndWhere:
    def test_partial_profiles_add_up_by_field(self) -> None:
        def seen(minutes: float, **fields: object) -> Arrival:
            return arrival("follower.followed", {"follower": {"id": "u1", **fields}}, minutes)

        (follower,) = hear(seen(3), seen(1, handle="a"), seen(2, handle="b", name="N")).followers
        states = hear(seen(3), seen(1, handle="a"), seen(2, handle="b", name="N")).followers
        profile = {name: value for name, (_, value) in states[follower].profile.items()}
        assert profile == {"handle": "b", "name": "N"}

    def test_an_own_account_speaks_as_the_brand_by_id_or_handle(self) -> None:
        for author in ({"id": "brand"}, {"id": "x", "handle": "brand"}):
            data = {"id": "c2", "post_id": "p1", "parent_id": "c1", "author": author, "text": "好"}
            (message,) = hear(arrival("comment.created", data)).messages.values()
            assert message.kind is ItemKind.REPLY
            assert message.content is not None
            assert message.content.in_reply_to == "c1"

    def test_an_own_mention_and_dm_are_replies_too(self) -> None:
        dm = {"id": "m", "conversation_id": "k", "author": {"id": "brand"}, "text": "好"}
        mention = {"id": "n", "author": {"id": "brand"}, "text": "好"}
        drafts = hear(arrival("dm.received", dm), arrival("mention.created", mention))
        assert {state.kind for state in drafts.messages.values()} == {ItemKind.REPLY}

    def test_a_conversation_is_the_authors_own_where_none_is_named(self) -> None:
        named = {"id": "m1", "conversation_id": "u1", "author": {"id": "u1"}, "text": "在吗"}
        unnamed = {"id": "m2", "author": {"id": "u1"}, "text": "在吗"}
        drafts = hear(arrival("dm.received", named), arrival("dm.received", unnamed, 1))
        assert len(drafts.threads) == 1

    def test_a_post_keeps_what_its_latest_word_says_of_each_field(self) -> None:
        published = arrival("post.published", {"id": "p1", "title": "A", "text": "x"}, 0)
        edited = arrival("post.edited", {"id": "p1", "title": "B"}, 5)
        gone = arrival("post.deleted", {"id": "p1"}, 9)
        (post,) = hear(gone, edited, published).posts.values()
        assert post.content["title"][1] == "B"
        assert post.content["text"][1] == "x"
        assert (post.published_at, post.deleted_at) == (NOON, NOON + timedelta(minutes=9))


people = st.sampled_from(["u1", "u2", "brand"])
keys = st.sampled_from(["1", "2", "3"])
minutes = st.integers(0, 30)


def _person(name: str) -> dict[str, object]:
    return {"id": name, "handle": f"{name}-handle"}


def _any_arrival() -> st.SearchStrategy[Arrival]:
    spoken = st.builds(
        lambda kind, key, who, text, version, when: arrival(
            kind,
            {
                "id": key,
                "post_id": "p1",
                "author": _person(who),
                "text": text,
                "version": version,
            },
            when,
            key=f"{who}{text}{version}",
        ),
        st.sampled_from(["comment.created", "comment.edited", "dm.received", "dm.edited"]),
        keys,
        people,
        st.sampled_from(["a", "b"]),
        st.none() | st.integers(0, 3),
        minutes,
    )
    changed = st.builds(
        lambda kind, key, when: arrival(kind, {"id": key}, when),
        st.sampled_from(["comment.deleted", "comment.hidden", "comment.unhidden", "dm.recalled"]),
        keys,
        minutes,
    )
    answered = st.builds(
        lambda key, to, when: arrival(
            "reply.sent", {"id": key, "in_reply_to": to, "text": "好"}, when, key=f"{key}{to}"
        ),
        keys,
        keys,
        minutes,
    )
    followed = st.builds(
        lambda kind, who, when: arrival(kind, {"follower": _person(who)}, when, key=who),
        st.sampled_from(["follower.followed", "follower.unfollowed"]),
        people,
        minutes,
    )
    return st.builds(
        lambda item, request, later: replace(
            item, request_id=request, received_at=NOON + timedelta(minutes=later)
        ),
        spoken | changed | answered | followed,
        st.none() | st.sampled_from(["r-1", "r-2"]),
        st.integers(0, 2),
    )


class TestAnyOrder:
    @settings(max_examples=300)
    @given(st.lists(_any_arrival(), max_size=14), st.randoms(use_true_random=False))
    def test_order_repeats_and_batches_do_not_matter(
        self, heard: list[Arrival], shuffle: Random
    ) -> None:
        again = heard + [item for item in heard if shuffle.random() < 0.5]
        shuffle.shuffle(again)
        batches = [hear(item) for item in again]
        one_by_one = reduce(lambda one, other: rules.merge_drafts([one, other]), batches, Drafts())
        assert one_by_one == hear(*heard)


class TestAdvocates:
    SAID = Verdict(UUID(int=1), "important", "product_question", "neutral", needs_reply=True)

    @pytest.mark.parametrize(
        ("text", "changes", "answers"),
        [
            ("我用的是30ml，油皮可以用", {}, True),
            ("It is fine for oily skin.", {}, True),
            ("油皮可以用吗？", {}, False),
            ("油皮能用吗~", {}, False),
            ("我也想知道", {}, False),
            ("谢谢", {"category": "praise", "needs_reply": False}, False),
            ("太好用了", {"category": "praise"}, False),
            ("加我微信", {"category": "spam"}, False),
            ("我也烂脸了", {"category": "negative_feedback"}, False),
            ("千万别买", {"sentiment": "negative"}, False),
        ],
    )
    def test_only_what_may_be_an_answer_is_one(
        self, text: str, changes: dict[str, Any], answers: bool
    ) -> None:
        assert rules.answers_as_advocate(text, replace(self.SAID, **changes)) is answers
