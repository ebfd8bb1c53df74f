"""What is looked for, what is found, and where in a text it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class SearchIn(StrEnum):
    """What is looked through. Cases are found by what was said in them."""

    MESSAGES = "messages"
    FOLLOWERS = "followers"
    CASES = "cases"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question as the index understands it: all of its `parts` must be there.

    `terms` are looked up, `patterns` (of Postgres) decide about each text that was found so.
    """

    parts: tuple[str, ...]
    terms: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Conditions on the message, all together; on followers only the source counts.

    `since` is in, `until` is not.
    """

    source_id: UUID | None = None
    kind: str | None = None
    tier: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A message or follower by its time, newest first; `case_id` is the message's."""

    id: UUID
    at: datetime
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Which cases a text filter means: whose messages say it, or whose follower is called so."""

    case_ids: tuple[UUID, ...]
    follower_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Code points of the text as it was written; `end` is behind the last."""

    start: int
    end: int
