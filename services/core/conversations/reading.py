"""What one event of the wire says, as drafts: who, where, and what of it is new."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.core.conversations.rules import rank
from services.core.conversations.types import (
    Arrival,
    Channel,
    Direction,
    Drafts,
    FollowerState,
    ItemKind,
    MessageContent,
    MessageState,
    PostState,
    ThreadState,
)
from services.core.intake import payloads
from services.core.kit.ids import derived_id

PROFILE_FIELDS = ("handle", "name", "followers_count", "verified", "avatar_url", "locale")


def message_id(source_id: UUID, kind: ItemKind, external_id: str) -> UUID:
    return derived_id(source_id, "message", kind.value, external_id)


def follower_id(source_id: UUID, external_id: str) -> UUID:
    return derived_id(source_id, "follower", external_id)


def post_id(source_id: UUID, external_id: str) -> UUID:
    return derived_id(source_id, "post", external_id)


def thread_id(source_id: UUID, channel: Channel, *place: str) -> UUID:
    return derived_id(source_id, "thread", channel.value, *place)


def read_arrival(arrival: Arrival) -> Drafts:
    """The drafts of one event. Raises KeyError for a type without a reader: a wiring mistake."""
    return READERS[arrival.type](arrival)


def _comment(arrival: Arrival) -> Drafts:
    data = arrival.payload
    assert isinstance(data, payloads.Comment)  # noqa: S101 - READERS pairs types with payloads
    if _is_own(arrival, data.author):
        return _own_words(
            arrival, data.id, data.text, in_reply_to=data.parent_id, post=data.post_id
        )
    follower = _follower(arrival, data.author)
    post = post_id(arrival.source_id, data.post_id)
    thread = ThreadState(
        id=thread_id(arrival.source_id, Channel.COMMENT, data.post_id, data.author.id),
        source_id=arrival.source_id,
        channel=Channel.COMMENT,
        last_message_at=arrival.occurred_at,
        post_id=post,
        follower_id=follower.id,
    )
    content = replace(
        _content(arrival, data.text, data.version, thread, follower),
        post_id=post,
        parent_external_id=data.parent_id,
        attributes=_present(
            mentions=list(data.mentions),
            hashtags=list(data.hashtags),
            images=list(data.images),
            url=data.url,
        ),
    )
    return _spoken(arrival, ItemKind.COMMENT, data.id, content, follower=follower, thread=thread)


def _direct_message(arrival: Arrival) -> Drafts:
    data = arrival.payload
    assert isinstance(data, payloads.DirectMessage)  # noqa: S101 - READERS pairs types with payloads
    if _is_own(arrival, data.author):
        return _own_words(arrival, data.id, data.text, conversation=data.conversation_id)
    follower = _follower(arrival, data.author)
    thread = replace(_conversation(arrival, data.conversation), follower_id=follower.id)
    window = data.reply_window_until
    content = replace(
        _content(arrival, data.text, data.version, thread, follower),
        conversation_key=data.conversation,
        attributes=_present(
            images=list(data.images),
            reply_window_until=window.isoformat() if window else None,
            replies_left=data.replies_left,
        ),
    )
    return _spoken(arrival, ItemKind.DM, data.id, content, follower=follower, thread=thread)


def _mention(arrival: Arrival) -> Drafts:
    data = arrival.payload
    assert isinstance(data, payloads.Mention)  # noqa: S101 - READERS pairs types with payloads
    if _is_own(arrival, data.author):
        return _own_words(arrival, data.id, data.text, post=data.post_id)
    follower = _follower(arrival, data.author)
    post = post_id(arrival.source_id, data.post_id) if data.post_id else None
    thread = ThreadState(
        id=thread_id(arrival.source_id, Channel.MENTION, data.id),
        source_id=arrival.source_id,
        channel=Channel.MENTION,
        last_message_at=arrival.occurred_at,
        post_id=post,
        follower_id=follower.id,
    )
    content = replace(
        _content(arrival, data.text, None, thread, follower),
        post_id=post,
        attributes=_present(url=data.url),
    )
    return _spoken(arrival, ItemKind.MENTION, data.id, content, follower=follower, thread=thread)


def _reply(arrival: Arrival) -> Drafts:
    data = arrival.payload
    assert isinstance(data, payloads.Reply)  # noqa: S101 - READERS pairs types with payloads
    return _own_words(
        arrival,
        data.id,
        data.text,
        in_reply_to=data.in_reply_to,
        post=data.post_id,
        conversation=data.conversation_id,
        member=data.member,
    )


def _own_words(
    arrival: Arrival,
    external_id: str,
    text: str,
    *,
    in_reply_to: str | None = None,
    post: str | None = None,
    conversation: str | None = None,
    member: str | None = None,
) -> Drafts:
    """A reply by the brand: placed by its conversation, else by the message it answers."""
    thread = _conversation(arrival, conversation) if conversation else None
    content = MessageContent(
        rank=rank(arrival.occurred_at, arrival.external_id),
        at=arrival.occurred_at,
        text=text,
        direction=Direction.OUTBOUND,
        sanitized=arrival.sanitized,
        thread_id=thread.id if thread else None,
        post_id=post_id(arrival.source_id, post) if post else None,
        in_reply_to=in_reply_to,
        conversation_key=conversation,
        member_handle=member,
    )
    return _spoken(arrival, ItemKind.REPLY, external_id, content, follower=None, thread=thread)


def _deletion(kind: ItemKind) -> Callable[[Arrival], Drafts]:
    def read(arrival: Arrival) -> Drafts:
        data = arrival.payload
        assert isinstance(data, payloads.MessageChange)  # noqa: S101 - READERS pairs them
        # The brand's own comments and DMs are kept as replies, under the same platform id.
        return _changes(arrival, data.id, (kind, ItemKind.REPLY), deleted_at=arrival.occurred_at)

    return read


def _hiding(*, hidden: bool) -> Callable[[Arrival], Drafts]:
    def read(arrival: Arrival) -> Drafts:
        data = arrival.payload
        assert isinstance(data, payloads.MessageChange)  # noqa: S101 - READERS pairs them
        ranked = rank(arrival.occurred_at, arrival.external_id)
        return _changes(arrival, data.id, (ItemKind.COMMENT,), hidden=hidden, hidden_rank=ranked)

    return read


def _following(*, following: bool) -> Callable[[Arrival], Drafts]:
    def read(arrival: Arrival) -> Drafts:
        data = arrival.payload
        assert isinstance(data, payloads.FollowerChange)  # noqa: S101 - READERS pairs them
        follower = replace(
            _follower(arrival, data.follower),
            following=following,
            following_rank=rank(arrival.occurred_at, arrival.external_id),
            followed_at=arrival.occurred_at if following else None,
            unfollowed_at=None if following else arrival.occurred_at,
        )
        return Drafts(followers={follower.id: follower})

    return read


def _post(arrival: Arrival) -> Drafts:
    data = arrival.payload
    assert isinstance(data, payloads.Post)  # noqa: S101 - READERS pairs types with payloads
    ranked = rank(arrival.occurred_at, arrival.external_id, edited=arrival.type == "post.edited")
    fields = _present(
        title=data.title,
        text=data.text,
        hashtags=list(data.hashtags),
        series=data.series.model_dump() if data.series else None,
        url=data.url,
        author_id=str(follower_id(arrival.source_id, data.author.id)) if data.author else None,
    )
    state = PostState(
        id=post_id(arrival.source_id, data.id),
        source_id=arrival.source_id,
        external_id=data.id,
        content={name: (ranked, value) for name, value in fields.items()},
        first_seen_at=arrival.occurred_at,
        published_at=arrival.occurred_at if arrival.type == "post.published" else None,
        deleted_at=arrival.occurred_at if arrival.type == "post.deleted" else None,
    )
    return Drafts(posts={state.id: state})


def _follower(arrival: Arrival, person: payloads.Person) -> FollowerState:
    ranked = rank(arrival.occurred_at, arrival.external_id)
    known = {name: getattr(person, name) for name in PROFILE_FIELDS}
    return FollowerState(
        id=follower_id(arrival.source_id, person.id),
        source_id=arrival.source_id,
        external_id=person.id,
        profile={name: (ranked, value) for name, value in known.items() if value is not None},
        first_seen_at=arrival.occurred_at,
        last_seen_at=arrival.occurred_at,
    )


def _conversation(arrival: Arrival, key: str) -> ThreadState:
    return ThreadState(
        id=thread_id(arrival.source_id, Channel.DM, key),
        source_id=arrival.source_id,
        channel=Channel.DM,
        last_message_at=arrival.occurred_at,
        conversation_key=key,
    )


def _content(
    arrival: Arrival,
    text: str,
    version: int | None,
    thread: ThreadState,
    follower: FollowerState,
) -> MessageContent:
    edited = arrival.type.endswith(".edited")
    return MessageContent(
        rank=rank(arrival.occurred_at, arrival.external_id, version=version, edited=edited),
        at=arrival.occurred_at,
        text=text,
        direction=Direction.INBOUND,
        sanitized=arrival.sanitized,
        version=version,
        thread_id=thread.id,
        author_id=follower.id,
    )


def _spoken(
    arrival: Arrival,
    kind: ItemKind,
    external_id: str,
    content: MessageContent,
    *,
    follower: FollowerState | None,
    thread: ThreadState | None,
) -> Drafts:
    message = MessageState(
        id=message_id(arrival.source_id, kind, external_id),
        source_id=arrival.source_id,
        kind=kind,
        external_id=external_id,
        occurred_at=arrival.occurred_at,
        received_at=arrival.received_at,
        created_known=not arrival.type.endswith(".edited"),
        historical=arrival.historical,
        content=content,
        request_id=arrival.request_id,
    )
    return Drafts(
        followers={follower.id: follower} if follower else {},
        threads={thread.id: thread} if thread else {},
        messages={message.id: message},
    )


def _changes(
    arrival: Arrival, external_id: str, kinds: tuple[ItemKind, ...], **registers: Any
) -> Drafts:
    drafts = Drafts()
    for kind in kinds:
        state = MessageState(
            id=message_id(arrival.source_id, kind, external_id),
            source_id=arrival.source_id,
            kind=kind,
            external_id=external_id,
            occurred_at=arrival.occurred_at,
            received_at=arrival.received_at,
            request_id=arrival.request_id,
            **registers,
        )
        drafts.messages[state.id] = state
    return drafts


def _is_own(arrival: Arrival, author: payloads.Person) -> bool:
    return author.id in arrival.own_accounts or author.handle in arrival.own_accounts


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], "")}


READERS: dict[str, Callable[[Arrival], Drafts]] = {
    "comment.created": _comment,
    "comment.edited": _comment,
    "comment.deleted": _deletion(ItemKind.COMMENT),
    "comment.hidden": _hiding(hidden=True),
    "comment.unhidden": _hiding(hidden=False),
    "dm.received": _direct_message,
    "dm.edited": _direct_message,
    "dm.recalled": _deletion(ItemKind.DM),
    "mention.created": _mention,
    "reply.sent": _reply,
    "follower.followed": _following(following=True),
    "follower.unfollowed": _following(following=False),
    "post.published": _post,
    "post.edited": _post,
    "post.deleted": _post,
}
