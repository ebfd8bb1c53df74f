"""Who writes: how many different people, who comes back, and who came or went."""

from dataclasses import replace
from typing import Final

from services.core.metrics.definitions.inbound import CLEAN
from services.core.metrics.definitions.shared import COMMENTS, local, moments
from services.core.metrics.types import (
    Definition,
    Feed,
    Measure,
    Rows,
    Split,
    Unit,
    Words,
)

OFTEN: Final = 5

KEYS: Final = {**moments("m.occurred_at"), Split.SOURCE: "CAST(m.source_id AS text)"}
AUTHORED: Final = f"{COMMENTS} AND m.author_id IS NOT NULL"
# Who commented on a day of the zone before the range began.
EARLIER: Final = """LEFT JOIN (
  SELECT DISTINCT b.author_id FROM messages b
  WHERE b.workspace_id = :workspace_id AND b.occurred_at < :start AND b.direction = 'in'
    AND b.kind = 'comment' AND b.content_at IS NOT NULL AND b.deleted_at IS NULL
    AND b.tier <> 'spam' AND NOT b.hidden AND b.author_id IS NOT NULL
) AS known ON known.author_id = m.author_id"""
MONTH: Final = f"to_char({local('m.occurred_at')}, 'YYYY-MM')"


def _authors(mark: str = "false", relation: str = "messages m", group: str = "") -> Rows:
    return Rows(
        subject="follower",
        relation=relation,
        id="m.author_id",
        at="min(m.occurred_at)",
        where=AUTHORED,
        keys=KEYS,
        mark=mark,
        value="count(*)",
        group=f"m.author_id{group}",
    )


def _follows(column: str) -> Rows:
    return Rows(
        subject="follower",
        relation="followers f",
        id="f.id",
        at=f"f.{column}",
        where=f"f.workspace_id = :workspace_id AND f.{column} >= :start AND f.{column} < :end",
        keys={**moments(f"f.{column}"), Split.SOURCE: "CAST(f.source_id AS text)"},
    )


def _people(name: str, unit: Unit, title: Words, meaning: Words, rows: Rows) -> Definition:
    return Definition(
        name=name,
        version=1,
        unit=unit,
        measure=Measure.SHARE if unit is Unit.SHARE else Measure.COUNT,
        title=title,
        meaning=meaning,
        exclusions=CLEAN,
        feed=Feed.MESSAGES,
        rows=rows,
    )


COMMENTERS: Final = _people(
    "commenters",
    Unit.PEOPLE,
    Words("评论的人", "People who commented"),
    Words("写过评论的不同粉丝有多少位。", "How many different followers wrote comments."),
    _authors(),
)
REPEAT_COMMENTERS: Final = _people(
    "repeat_commenters",
    Unit.SHARE,
    Words("常来评论的人", "Repeat commenters"),
    Words(
        f"当月写了 {OFTEN} 条以上评论的人占当月评论者的多少;跨月的时间段,每人每月各算一次。",
        f"How many of a month's commenters wrote {OFTEN} comments or more in it; a person counts"
        " once in each month of the range.",
    ),
    _authors(f"count(*) >= {OFTEN}", group=f", {MONTH}"),
)
RETURNING_SHARE: Final = _people(
    "returning_share",
    Unit.SHARE,
    Words("回头评论者占比", "Share of returning commenters"),
    Words(
        "评论者里,在这段时间开始以前就评论过的占多少。",
        "How many of those who commented had done so before the range began.",
    ),
    _authors("bool_or(known.author_id IS NOT NULL)", f"messages m {EARLIER}"),
)
RETURNING_COMMENTS: Final = _people(
    "returning_comments",
    Unit.SHARE,
    Words("回头客的评论占比", "Share of comments by returning commenters"),
    Words(
        "评论里,由在这段时间开始以前就评论过的人写的占多少。",
        "How many of the comments are by people who had commented before the range began.",
    ),
    replace(
        _authors("known.author_id IS NOT NULL", f"messages m {EARLIER}"),
        subject="message",
        id="m.id",
        at="m.occurred_at",
        value="NULL",
        group="",
    ),
)
NEW_FOLLOWERS: Final = Definition(
    name="new_followers",
    version=1,
    unit=Unit.FOLLOWERS,
    measure=Measure.COUNT,
    title=Words("新增粉丝", "New followers"),
    meaning=Words(
        "关注我们的人,按最近一次关注的时间计。",
        "Who began to follow us; by the last time they did.",
    ),
    exclusions=(),
    feed=Feed.FOLLOWS,
    rows=_follows("followed_at"),
    rolled=(Split.SOURCE,),
)
LOST_FOLLOWERS: Final = Definition(
    name="lost_followers",
    version=1,
    unit=Unit.FOLLOWERS,
    measure=Measure.COUNT,
    title=Words("取关", "Followers lost"),
    meaning=Words(
        "取消关注的人,按最近一次取关的时间计。",
        "Who ceased to follow us; by the last time they did.",
    ),
    exclusions=(),
    feed=Feed.FOLLOWS,
    rows=_follows("unfollowed_at"),
    rolled=(Split.SOURCE,),
)
NET_FOLLOWERS: Final = Definition(
    name="net_followers",
    version=1,
    unit=Unit.FOLLOWERS,
    measure=Measure.DIFFERENCE,
    title=Words("净增粉丝", "Followers gained, net"),
    meaning=Words("新增粉丝减去取关。", "New followers less those lost."),
    exclusions=(),
    feed=Feed.FOLLOWS,
    of=("new_followers", "lost_followers"),
)

ALL: Final = (
    COMMENTERS,
    REPEAT_COMMENTERS,
    RETURNING_SHARE,
    RETURNING_COMMENTS,
    NEW_FOLLOWERS,
    LOST_FOLLOWERS,
    NET_FOLLOWERS,
)
