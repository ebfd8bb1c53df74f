"""What `data` holds for every type of the contract, checked once, here.

Unknown fields are ignored: the raw body is kept, so a later version may still read them. A field
that is null counts as missing.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.core.intake.fields import (
    Amount,
    Answers,
    Count,
    FreeForm,
    Id,
    Label,
    Labels,
    Text,
    Timestamp,
    Url,
    Urls,
    Version,
)


class Part(BaseModel):
    """Frozen and strict: no number becomes a string, no 1 becomes a true."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


class Payload(Part):
    """The `data` of one event."""


class Person(Part):
    """An author or a follower, as far as the platform tells."""

    id: Id
    handle: Label | None = None
    name: Label | None = None
    followers_count: Count | None = None
    verified: bool | None = None
    avatar_url: Url | None = None
    locale: Label | None = None


class Series(Part):
    """A post that is one part of several."""

    name: Label
    part: Count
    of: Count


class Comment(Payload):
    id: Id
    post_id: Id
    parent_id: Id | None = None
    author: Person
    text: Text
    mentions: Labels = ()
    hashtags: Labels = ()
    images: Urls = ()
    url: Url | None = None
    version: Version | None = None


class MessageChange(Payload):
    """A message was deleted, recalled, hidden or shown again."""

    id: Id


class DirectMessage(Payload):
    id: Id
    conversation_id: Id | None = None
    author: Person
    text: Text
    images: Urls = ()
    # Platforms let a brand answer for so long and so often.
    reply_window_until: Timestamp | None = None
    replies_left: Count | None = None
    version: Version | None = None

    @property
    def conversation(self) -> str:
        """The conversation, which is the author's own where the platform names none."""
        return self.conversation_id or self.author.id


class Mention(Payload):
    id: Id
    post_id: Id | None = None
    author: Person
    text: Text
    url: Url | None = None


class Reply(Payload):
    """The brand answered on the platform itself; `member` is who of the team it was."""

    id: Id
    in_reply_to: Id | None = None
    conversation_id: Id | None = None
    post_id: Id | None = None
    text: Text
    member: Label | None = None


class FollowerChange(Payload):
    follower: Person


class Post(Payload):
    id: Id
    title: Text | None = None
    text: Text | None = None
    hashtags: Labels = ()
    series: Series | None = None
    author: Person | None = None
    url: Url | None = None


class PostMetrics(Payload):
    """Totals so far, not what was added."""

    post_id: Id
    views: Count
    likes: Count
    collects: Count
    comments: Count
    shares: Count


class View(Payload):
    post_id: Id
    follower: Person


class Purchase(Payload):
    id: Id
    follower: Person
    amount: Amount
    currency: Label
    items: FreeForm = None
    referral_code: Label | None = None


def _person_from_id(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


class Referral(Payload):
    follower: Person
    # The contract names no shape: an id alone or the whole person, both come out as a person.
    referred_by: Annotated[Person, BeforeValidator(_person_from_id)]


class GroupMembership(Payload):
    group_id: Id
    follower: Person


class GroupMessage(Payload):
    id: Id
    group_id: Id
    author: Person
    text: Text
    parent_id: Id | None = None


class SurveyAnswer(Payload):
    survey_id: Id
    follower: Person
    score: float | None = None
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    text: Text | None = None


class Lead(Payload):
    """A form or lead card; `fields` is whatever the form asked."""

    id: Id
    follower: Person | None = None
    fields: Answers
    post_id: Id | None = None


class Flag(Payload):
    """A follower reports a message."""

    id: Id
    message_id: Id
    follower: Person
    reason: Text | None = None


# Every type of the contract. What is not in here is stored as unsupported.
PAYLOADS: dict[str, type[Payload]] = {
    "comment.created": Comment,
    "comment.edited": Comment,
    "comment.deleted": MessageChange,
    "comment.hidden": MessageChange,
    "comment.unhidden": MessageChange,
    "dm.received": DirectMessage,
    "dm.edited": DirectMessage,
    "dm.recalled": MessageChange,
    "mention.created": Mention,
    "reply.sent": Reply,
    "follower.followed": FollowerChange,
    "follower.unfollowed": FollowerChange,
    "post.published": Post,
    "post.edited": Post,
    "post.deleted": Post,
    "post.metrics": PostMetrics,
    "view.recorded": View,
    "purchase.completed": Purchase,
    "referral.joined": Referral,
    "group.joined": GroupMembership,
    "group.left": GroupMembership,
    "group.message": GroupMessage,
    "survey.answered": SurveyAnswer,
    "lead.submitted": Lead,
    "flag.raised": Flag,
}
