"""The nouns of the community-health page: its numbers, what they were before, and their days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.core.metrics.types import Cell, Feed, NoNumber, Unit, Words

# The handbook's page, chapter by chapter; what is not connected is told as not observed.
CHAPTERS: Final = {
    "engagement": (
        "inbound",
        "comments",
        "posts",
        "comments_per_post",
        "replies",
        "reply_worthy_share",
        "reply_rate",
        "response_time",
        "attainment",
    ),
    "sentiment": ("positive_share", "neutral_share", "negative_share", "spam_share"),
    "growth": (
        "new_followers",
        "lost_followers",
        "net_followers",
        "commenters",
        "returning_share",
        "retention",
        "reactivated",
    ),
    "community": ("mention_share", "ugc_posts", "happening_participants", "referrals"),
    "satisfaction": ("survey_response_rate", "satisfaction_score", "net_promoter_score"),
}
SERIES: Final = (
    "inbound",
    "replies",
    "reply_rate",
    "response_time",
    "attainment",
    "positive_share",
    "negative_share",
    "new_followers",
    "lost_followers",
)
# Made of days that people had commented on before; everything else is a metric of its own.
OF_PEOPLE: Final = {
    "commenters": Words("评论的人", "People who commented"),
    "returning_share": Words("回头评论者占比", "Share of returning commenters"),
    "retention": Words("留存率", "Retention"),
    "reactivated": Words("重新活跃的人", "People who came back after 30 days"),
}
UNCONNECTED: Final = {
    "ugc_posts": Words("粉丝原创笔记", "Posts by followers"),
    "happening_participants": Words("活动参与者", "Participants of happenings"),
    "referrals": Words("老带新", "Referrals"),
    "survey_response_rate": Words("问卷回收率", "Survey response rate"),
    "satisfaction_score": Words("满意度", "Satisfaction"),
    "net_promoter_score": Words("净推荐值", "Net promoter score"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the page, and what it was in as many days just before.

    `change` is how much more it is, as a share of before; None where one of them is not known.
    """

    name: str
    title: Words
    unit: Unit
    now: Cell
    before: Cell | None
    change: float | None


@dataclass(frozen=True, slots=True)
class Point:
    day: date
    value: float | None
    reason: NoNumber | None


@dataclass(frozen=True, slots=True)
class Edition:
    """Which page is asked for. Two that are equal are pages that say the same.

    `print` tells one state of the sums of its days, and of those it is compared with, from any
    other; what is observed since when, and which day it is, are the rest of what the page says.
    """

    first: date
    last: date
    zone: str
    today: date
    as_of: datetime | None
    stale_days: int
    print: str
    observed: Mapping[Feed, datetime | None]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The page of some days of the workspace's zone, out of sums of days.

    `as_of` is when the oldest of these sums was made; None while none is. `stale_days` of them are
    being made again.
    """

    first: date
    last: date
    zone: str
    as_of: datetime | None
    stale_days: int
    chapters: dict[str, list[Figure]]
    series: dict[str, list[Point]]
    negative_breakdown: dict[str, int]
