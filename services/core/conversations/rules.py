"""How what happened on a platform becomes rows, whatever order it is heard in.

Every object is a set of registers. A register is written by the moment of the highest rank,
so merging is commutative, associative and idempotent: late, doubled and shuffled arrivals end
in the same state. Nothing here knows a database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.core.conversations.types import (
    Drafts,
    FollowerState,
    ItemKind,
    MessageState,
    PostState,
    ThreadState,
    Verdict,
)
from services.core.triage.types import Category, Sentiment

# What a follower says to the brand or among friends, and not to somebody who asked something.
_NO_ANSWERS = {
    Category.PRAISE,
    Category.CASUAL,
    Category.SPAM,
    Category.COMPLAINT,
    Category.NEGATIVE_FEEDBACK,
    Category.PR_CRISIS,
    Category.FOLLOWER_QUESTION,
}
_ASKING = ("?", "？", "请问", "同问", "想知道", "same question")
_ASKING_ENDS = ("吗", "呢", "么", "嘛")
_Moment = TypeVar("_Moment", bound=datetime | None)


def rank(
    at: datetime, external_id: str, *, version: int | None = None, edited: bool = False
) -> str:
    """A total order of versions, as text: version first, then time, then edit over creation.

    An unversioned one counts as version 0, so that any three compare without a cycle; the
    event's own id breaks the last ties, the same way everywhere.
    """
    return f"{version or 0:020d}|{at.isoformat(timespec='microseconds')}|{edited:d}|{external_id}"


def merge_followers(one: FollowerState, other: FollowerState) -> FollowerState:
    later = max(one, other, key=lambda state: state.following_rank or "")
    return FollowerState(
        id=one.id,
        source_id=one.source_id,
        external_id=one.external_id,
        profile=_merge_fields(one.profile, other.profile),
        first_seen_at=min(one.first_seen_at, other.first_seen_at),
        last_seen_at=max(one.last_seen_at, other.last_seen_at),
        following=later.following,
        following_rank=later.following_rank,
        followed_at=_latest(one.followed_at, other.followed_at),
        unfollowed_at=_latest(one.unfollowed_at, other.unfollowed_at),
    )


def merge_posts(one: PostState, other: PostState) -> PostState:
    return PostState(
        id=one.id,
        source_id=one.source_id,
        external_id=one.external_id,
        content=_merge_fields(one.content, other.content),
        first_seen_at=min(one.first_seen_at, other.first_seen_at),
        published_at=_earliest(one.published_at, other.published_at),
        deleted_at=_earliest(one.deleted_at, other.deleted_at),
    )


def merge_threads(one: ThreadState, other: ThreadState) -> ThreadState:
    return replace(
        one,
        last_message_at=max(one.last_message_at, other.last_message_at),
        follower_id=one.follower_id or other.follower_id,
        post_id=one.post_id or other.post_id,
    )


def merge_messages(one: MessageState, other: MessageState) -> MessageState:
    """One state out of two views of a message.

    The verdict belongs to the content it judged and goes with it.
    """
    contents = [state for state in (one, other) if state.content is not None]
    spoken = max(
        contents, key=lambda state: state.content.rank if state.content else "", default=one
    )
    hiding = max(one, other, key=lambda state: state.hidden_rank or "")
    # What came in one commit has one moment: then the id itself decides, whatever came first here.
    first = min(one, other, key=lambda state: (state.received_at, state.request_id or ""))
    return MessageState(
        id=one.id,
        source_id=one.source_id,
        kind=one.kind,
        external_id=one.external_id,
        occurred_at=_occurred(one, other),
        received_at=min(one.received_at, other.received_at),
        created_known=one.created_known or other.created_known,
        historical=one.historical and other.historical,
        content=spoken.content,
        deleted_at=_earliest(one.deleted_at, other.deleted_at),
        hidden=hiding.hidden,
        hidden_rank=hiding.hidden_rank,
        linked_thread_id=one.linked_thread_id or other.linked_thread_id,
        verdict=spoken.verdict or _same_verdict(spoken, one, other),
        request_id=first.request_id,
        seen_at=min(one.first_moment, other.first_moment),
    )


def merge_drafts(drafts: Iterable[Drafts]) -> Drafts:
    """All that a batch says, one state an object."""
    merged = Drafts()
    for draft in drafts:
        _fold(merged.followers, draft.followers, merge_followers)
        _fold(merged.posts, draft.posts, merge_posts)
        _fold(merged.threads, draft.threads, merge_threads)
        _fold(merged.messages, draft.messages, merge_messages)
    return merged


def places_of(drafts: Drafts) -> dict[tuple[UUID, str], UUID]:
    """(source, external id) of what a batch itself brings → its thread."""
    return {
        (state.source_id, state.external_id): place
        for state in sorted(drafts.messages.values(), key=lambda state: state.kind, reverse=True)
        if state.kind is not ItemKind.REPLY and (place := state.thread_id) is not None
    }


def _fold(into: dict[Any, Any], states: Mapping[Any, Any], merge: Any) -> None:
    for key, state in states.items():
        into[key] = merge(into[key], state) if key in into else state


def _merge_fields(
    one: Mapping[str, tuple[str, Any]], other: Mapping[str, tuple[str, Any]]
) -> dict[str, tuple[str, Any]]:
    merged = dict(one)
    for name, (ranked, value) in other.items():
        if name not in merged or merged[name][0] < ranked:
            merged[name] = (ranked, value)
    return merged


def answers_as_advocate(text: str, verdict: Verdict) -> bool:
    """Whether an advocate's comment below a question says something that may be its answer.

    In doubt it does not, and the promise stays with the team: not thanks, praise, small talk and
    spam, which need no reply, not what complains, and not what asks the same.
    """
    return (
        verdict.needs_reply
        and verdict.category not in _NO_ANSWERS
        and verdict.sentiment != Sentiment.NEGATIVE
        and not _asks(text)
    )


def _asks(text: str) -> bool:
    said = text.strip().rstrip("。！!~～… ").lower()
    return said.endswith(_ASKING_ENDS) or any(word in said for word in _ASKING)


def _occurred(one: MessageState, other: MessageState) -> datetime:
    """The creation's time once it is known, the earliest sign of life until then."""
    if one.created_known != other.created_known:
        return one.occurred_at if one.created_known else other.occurred_at
    return min(one.occurred_at, other.occurred_at)


def _same_verdict(spoken: MessageState, one: MessageState, other: MessageState) -> Any:
    # The same content seen twice, judged once: either view's verdict is the verdict.
    if one.content and other.content and one.content.rank == other.content.rank:
        return one.verdict or other.verdict
    return spoken.verdict


def _earliest(one: _Moment, other: _Moment) -> _Moment:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


def _latest(one: _Moment, other: _Moment) -> _Moment:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)
