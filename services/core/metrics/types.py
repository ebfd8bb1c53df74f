"""The nouns of numbers: what a metric is, what it is split by, and the cell that is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.objectives.types import Range


class Split(StrEnum):
    """What a metric is split by. Days, hours and months are those of the zone that is asked for."""

    DAY = "day"
    MONTH = "month"
    HOUR = "hour"
    WEEKDAY = "weekday"
    HOUR_OF_WEEK = "hour_of_week"
    TIER = "tier"
    KIND = "kind"
    CHANNEL = "channel"
    CATEGORY = "category"
    SENTIMENT = "sentiment"
    SUBTYPE = "subtype"
    SOURCE = "source"
    MEMBER = "member"
    FOLLOWER = "follower"
    POST = "post"
    AGE = "age"


class Unit(StrEnum):
    MESSAGES = "messages"
    PEOPLE = "people"
    PROMISES = "promises"
    CASES = "cases"
    POSTS = "posts"
    FOLLOWERS = "followers"
    SHARE = "share"
    SECONDS = "seconds"
    RATIO = "ratio"


class Measure(StrEnum):
    """How rows become a value.

    `count` counts them, `share` says how many of them have the mark, `times` averages what they
    took, `mean` averages their numbers; `ratio` and `difference` stand on two other metrics.
    """

    COUNT = "count"
    SHARE = "share"
    TIMES = "times"
    MEAN = "mean"
    RATIO = "ratio"
    DIFFERENCE = "difference"


class Exclusion(StrEnum):
    """What a metric leaves out. Nobody tells us who is a bot: what they write falls to spam."""

    SPAM = "spam"
    STAFF = "staff"
    HIDDEN = "hidden"
    DELETED = "deleted"
    HISTORY = "history"
    REPLY_WINDOWS = "reply_windows"


class Feed(StrEnum):
    """What must have been heard of for a number to mean anything."""

    MESSAGES = "messages"
    FOLLOWS = "follows"
    POSTS = "posts"


class NoNumber(StrEnum):
    """Why there is no number: a zero would say that it had been looked at."""

    NOT_OBSERVED = "not_observed"
    NOTHING_TO_DIVIDE = "nothing_to_divide"
    NOT_YET = "not_yet"


class Part(StrEnum):
    """Which rows behind a cell: all it counts, or those that have the mark.

    Of a metric made of two others, `all` is what is divided by, or subtracted from.
    """

    ALL = "all"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Words:
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows a metric counts, as SQL over bound :workspace_id, :start, :end, :now and :zone.

    `relation` names its rows by the alias the expressions use; `where` begins with the workspace
    and the moments. `keys` says what each split is by, `joins` what must be joined for it.
    `group` is set where people or threads are counted: then `id` is what is grouped by, and
    `value` and `mark` are of a group.
    """

    subject: str
    relation: str
    id: str
    at: str
    where: str
    keys: Mapping[Split, str]
    joins: Mapping[Split, str] = field(default_factory=dict)
    mark: str = "false"
    value: str = "NULL"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """One number: its name, its words, and what exactly is counted. `version` counts changes.

    `of` are the two metrics a ratio or a difference stands on. `rolled` are the splits that are
    kept as sums of days besides the total; None keeps none.
    """

    name: str
    version: int
    unit: Unit
    measure: Measure
    title: Words
    meaning: Words
    exclusions: tuple[Exclusion, ...]
    feed: Feed
    rows: Rows | None = None
    of: tuple[str, str] | None = None
    default_by: Split | None = None
    rolled: tuple[Split, ...] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rows of one key came to, before it is a value."""

    count: int
    part: int = 0
    total: float | None = None
    median: float | None = None
    p90: float | None = None
    histogram: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One number. `value` is None for the `reason`.

    `count` rows stand behind it, `part` of them with the mark. Times are in seconds; median and
    p90 are times that happened. `histogram` has how many took up to 1, 4, 8, 24 hours, and more.
    """

    key: str
    value: float | None
    reason: NoNumber | None
    count: int
    part: int
    median: float | None = None
    p90: float | None = None
    histogram: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric over a range, split. `truncated` when there were more keys than are told."""

    definition: Definition
    range: Range
    by: Split | None
    as_of: datetime
    observed_since: datetime | None
    total: Cell
    items: list[Cell]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Which cell the rows are wanted of; without `by` and `key`, the total."""

    by: Split | None = None
    key: str | None = None
    part: Part = Part.ALL


@dataclass(frozen=True, slots=True)
class Head:
    """Whose days are summed up, and how well they added the last time they were recounted.

    Until `rests_until` nobody looks at them unasked.
    """

    zone: str
    digest: str
    recounted_at: datetime | None
    mismatches: int
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A sum that is not what a recount says; None where one of the two has no such row."""

    day: date
    metric: str
    split: str
    key: str
    kept: Mapping[str, Any] | None
    counted: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Recount:
    """What a recount found: of so many days compared; `stale` ones are to be done again anyway."""

    days: int
    stale: int
    mismatches: list[Mismatch]


@dataclass(frozen=True, slots=True)
class People:
    """How many commented in a range, and how many of them had `returned`: ever before it.

    `stayed` had in the days just before the range; `came_back` had been away for over 30 days.
    """

    spoke: int
    returned: int
    stayed: int
    came_back: int


@dataclass(frozen=True, slots=True)
class Vital:
    """What a metric came to in a workspace's today, or so many days ago, and from how many rows.

    `tier` is None for all of them together.
    """

    workspace_id: UUID
    metric: str
    tier: str | None
    days_ago: int
    value: float
    count: int


RowPlace = tuple[datetime, UUID]
