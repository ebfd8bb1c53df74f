"""The nouns of availability texts: what is promised in public, and who is away."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.core.calendars.types import CalendarDraft


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Promised:
    """What every question on a channel is promised, whichever policy takes it.

    Counted in the calendar's hours, or around the clock without one.
    """

    channel: str
    seconds: int
    calendar: CalendarDraft | None


@dataclass(frozen=True, slots=True)
class Away:
    """The team is away; `pauses` says that nobody answers meanwhile. None is no end known yet."""

    id: UUID
    start: datetime
    end: datetime | None
    pauses: bool
    stand_in: str | None = None
    own_words: str | None = None


@dataclass(frozen=True, slots=True)
class AwayNotice:
    id: UUID
    start: datetime
    end: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Notices:
    """Texts to put up, true at `as_of`.

    `unsaid` are channels of which nothing can be promised in one sentence, because policies differ
    in whether they promise, or in their hours.
    """

    as_of: datetime
    language: Language
    promised: tuple[Promised, ...]
    unsaid: tuple[str, ...]
    bio: str
    post: str
    dm: str
    away: tuple[AwayNotice, ...]


@dataclass(frozen=True, slots=True)
class Lateness:
    """An unanswered question past its time.

    `promised_seconds` is None when the public was promised nothing: then it is past the team's own
    target only.
    """

    asked_at: datetime
    due_at: datetime
    promised_seconds: int | None


@dataclass(frozen=True, slots=True)
class Apology:
    case_id: UUID
    language: Language
    asked_at: datetime
    due_at: datetime
    late_seconds: int
    text: str
