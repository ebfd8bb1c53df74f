"""Texts for the public, with what they rest on."""

from datetime import datetime
from typing import Self
from uuid import UUID

from services.api.schemas.common import ReadModel
from services.core.notices.types import Language, Notices


class PromisedView(ReadModel):
    """`in_hours` says that only the hours of a calendar count."""

    channel: str
    seconds: int
    in_hours: bool


class TextView(ReadModel):
    """`characters` as platforms count them: code points."""

    text: str
    characters: int

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(text=text, characters=len(text))


class AwayView(ReadModel):
    """An absence of the team that is under way or begins within 30 days."""

    id: UUID
    start: datetime
    end: datetime | None
    text: str


class NoticesView(ReadModel):
    """True now; ask again when a policy, a calendar or an absence changes.

    `unsaid` are channels whose policies differ in whether they promise, or in their hours: then
    nothing is said of them. `bio` has at most 100 characters.
    """

    as_of: datetime
    lang: Language
    promised: list[PromisedView]
    unsaid: list[str]
    bio: TextView
    post: TextView
    dm_auto: TextView
    away: list[AwayView]

    @classmethod
    def of(cls, notices: Notices) -> Self:
        return cls(
            as_of=notices.as_of,
            lang=notices.language,
            promised=[
                PromisedView(
                    channel=each.channel, seconds=each.seconds, in_hours=each.calendar is not None
                )
                for each in notices.promised
            ],
            unsaid=list(notices.unsaid),
            bio=TextView.of(notices.bio),
            post=TextView.of(notices.post),
            dm_auto=TextView.of(notices.dm),
            away=[AwayView.model_validate(each) for each in notices.away],
        )


class ApologyView(ReadModel):
    """A draft: nothing is sent. `late_seconds` is by the clock on the wall."""

    case_id: UUID
    language: Language
    asked_at: datetime
    due_at: datetime
    late_seconds: int
    text: str
