"""States to rows and back: the one place that knows which column holds which register."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.conversations.types import (
    Direction,
    FollowerState,
    ItemKind,
    MessageContent,
    MessageState,
    PostState,
    ThreadState,
    Verdict,
)

PROFILE_COLUMNS = ("handle", "name", "followers_count", "verified", "avatar_url", "locale")
CONTENT_COLUMNS = ("title", "text", "hashtags", "series", "url")


def write_follower(state: FollowerState) -> dict[str, Any]:
    values = {name: state.profile.get(name, ("", None))[1] for name in PROFILE_COLUMNS}
    return {
        **values,
        "id": state.id,
        "source_id": state.source_id,
        "external_id": state.external_id,
        "profile_ranks": {name: ranked for name, (ranked, _) in state.profile.items()},
        "following": state.following,
        "following_rank": state.following_rank,
        "followed_at": state.followed_at,
        "unfollowed_at": state.unfollowed_at,
        "first_seen_at": state.first_seen_at,
        "last_seen_at": state.last_seen_at,
    }


def read_follower(row: Row[Any]) -> FollowerState:
    profile = {name: (ranked, getattr(row, name)) for name, ranked in row.profile_ranks.items()}
    return FollowerState(
        id=row.id,
        source_id=row.source_id,
        external_id=row.external_id,
        profile=profile,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        following=row.following,
        following_rank=row.following_rank,
        followed_at=row.followed_at,
        unfollowed_at=row.unfollowed_at,
    )


def write_post(state: PostState) -> dict[str, Any]:
    values = {name: state.content.get(name, ("", None))[1] for name in CONTENT_COLUMNS}
    author = state.content.get("author_id", ("", None))[1]
    return {
        **values,
        "id": state.id,
        "source_id": state.source_id,
        "external_id": state.external_id,
        "author_id": UUID(author) if author else None,
        "field_ranks": {name: ranked for name, (ranked, _) in state.content.items()},
        "published_at": state.published_at,
        "deleted_at": state.deleted_at,
        "first_seen_at": state.first_seen_at,
    }


def read_post(row: Row[Any]) -> PostState:
    content: dict[str, tuple[str, Any]] = {}
    for name, ranked in row.field_ranks.items():
        value = getattr(row, name)
        content[name] = (ranked, str(value) if isinstance(value, UUID) else value)
    return PostState(
        id=row.id,
        source_id=row.source_id,
        external_id=row.external_id,
        content=content,
        first_seen_at=row.first_seen_at,
        published_at=row.published_at,
        deleted_at=row.deleted_at,
    )


def write_thread(state: ThreadState) -> dict[str, Any]:
    return {
        "id": state.id,
        "source_id": state.source_id,
        "channel": state.channel.value,
        "post_id": state.post_id,
        "follower_id": state.follower_id,
        "conversation_key": state.conversation_key,
        "last_message_at": state.last_message_at,
    }


def write_message(state: MessageState) -> dict[str, Any]:
    content, verdict = state.content, state.verdict
    return {
        "id": state.id,
        "source_id": state.source_id,
        "kind": state.kind.value,
        "external_id": state.external_id,
        "direction": (content.direction if content else Direction.INBOUND).value,
        "thread_id": state.thread_id,
        "post_id": content.post_id if content else None,
        "author_id": content.author_id if content else None,
        "parent_external_id": content.parent_external_id if content else None,
        "in_reply_to": content.in_reply_to if content else None,
        "conversation_key": content.conversation_key if content else None,
        "member_handle": content.member_handle if content else None,
        "text": content.text if content else None,
        "sanitized": content.sanitized if content else False,
        "attributes": content.attributes if content else {},
        "version": content.version if content else None,
        "content_at": content.at if content else None,
        "content_rank": content.rank if content else None,
        "resolves": content.resolves if content else None,
        "occurred_at": state.occurred_at,
        "received_at": state.received_at,
        "request_id": state.request_id,
        "created_known": state.created_known,
        "historical": state.historical,
        "deleted_at": state.deleted_at,
        "hidden": state.hidden,
        "hidden_rank": state.hidden_rank,
        "judgement_id": verdict.judgement_id if verdict else None,
        "tier": verdict.tier if verdict else None,
        "category": verdict.category if verdict else None,
        "sentiment": verdict.sentiment if verdict else None,
        "needs_reply": verdict.needs_reply if verdict else None,
    }


def read_message(row: Row[Any]) -> MessageState:
    return MessageState(
        id=row.id,
        source_id=row.source_id,
        kind=ItemKind(row.kind),
        external_id=row.external_id,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        created_known=row.created_known,
        historical=row.historical,
        content=_read_content(row),
        deleted_at=row.deleted_at,
        hidden=row.hidden,
        hidden_rank=row.hidden_rank,
        linked_thread_id=row.thread_id,
        verdict=_read_verdict(row),
        request_id=row.request_id,
    )


def _read_content(row: Row[Any]) -> MessageContent | None:
    if row.content_at is None:
        return None
    return MessageContent(
        rank=row.content_rank,
        at=row.content_at,
        text=row.text,
        direction=Direction(row.direction),
        sanitized=row.sanitized,
        version=row.version,
        thread_id=row.thread_id,
        post_id=row.post_id,
        author_id=row.author_id,
        parent_external_id=row.parent_external_id,
        in_reply_to=row.in_reply_to,
        conversation_key=row.conversation_key,
        member_handle=row.member_handle,
        resolves=row.resolves,
        attributes=row.attributes,
    )


def _read_verdict(row: Row[Any]) -> Verdict | None:
    if row.judgement_id is None:
        return None
    return Verdict(row.judgement_id, row.tier, row.category, row.sentiment, row.needs_reply)
