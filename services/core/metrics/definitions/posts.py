"""Posts and the talk under them: how many comments each draws, and how deep people go."""

from dataclasses import replace
from typing import Final

from services.core.metrics.definitions.inbound import CLEAN
from services.core.metrics.definitions.shared import COMMENTS, messages, moments, text_of
from services.core.metrics.types import (
    Definition,
    Exclusion,
    Feed,
    Measure,
    Rows,
    Split,
    Unit,
    Words,
)

# A ring of comments that answer each other ends somewhere.
DEEPEST: Final = 50

POSTS: Final = Definition(
    name="posts",
    version=1,
    unit=Unit.POSTS,
    measure=Measure.COUNT,
    title=Words("发布的笔记", "Posts published"),
    meaning=Words(
        "品牌自己发布、没有删除的笔记。", "The brand's own posts that were published and stayed."
    ),
    exclusions=(Exclusion.DELETED,),
    feed=Feed.POSTS,
    rows=Rows(
        subject="post",
        relation="""posts p
  LEFT JOIN followers w ON w.workspace_id = :workspace_id AND w.id = p.author_id
  LEFT JOIN sources s ON s.workspace_id = :workspace_id AND s.id = p.source_id""",
        id="p.id",
        at="p.published_at",
        where="""p.workspace_id = :workspace_id
  AND p.published_at >= :start AND p.published_at < :end AND p.deleted_at IS NULL
  AND (w.id IS NULL OR w.external_id = ANY(s.own_accounts) OR w.handle = ANY(s.own_accounts))""",
        keys={**moments("p.published_at"), Split.SOURCE: "CAST(p.source_id AS text)"},
    ),
    rolled=(Split.SOURCE,),
)
COMMENTS_PER_POST: Final = Definition(
    name="comments_per_post",
    version=1,
    unit=Unit.RATIO,
    measure=Measure.RATIO,
    title=Words("每篇笔记的评论", "Comments per post"),
    meaning=Words(
        "这段时间的评论数除以这段时间发布的笔记数。",
        "Comments written in the range for each post published in it.",
    ),
    exclusions=CLEAN,
    feed=Feed.POSTS,
    of=("posts", "comments"),
)
BUSIEST_POSTS: Final = Definition(
    name="busiest_posts",
    version=1,
    unit=Unit.MESSAGES,
    measure=Measure.COUNT,
    title=Words("最热闹的笔记", "Busiest posts"),
    meaning=Words("哪些笔记下面评论最多。", "Which posts drew most comments."),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=messages(f"{COMMENTS} AND m.post_id IS NOT NULL"),
    default_by=Split.POST,
)

# Comments under posts, and our replies to them.
TALK: Final = """m.workspace_id = :workspace_id
    AND m.occurred_at >= :start AND m.occurred_at < :end
    AND m.content_at IS NOT NULL AND m.deleted_at IS NULL AND NOT m.hidden
    AND m.kind IN ('comment', 'reply') AND m.tier IS DISTINCT FROM 'spam'"""
UNDER_POSTS: Final = (
    "JOIN threads h ON h.workspace_id = :workspace_id AND h.id = m.thread_id"
    " AND h.channel = 'comment'"
)
ABOVE: Final = "coalesce({0}.in_reply_to, {0}.parent_external_id)"
TALK_KEYS: Final = {
    **moments("m.occurred_at"),
    Split.SOURCE: "CAST(m.source_id AS text)",
    Split.POST: text_of("m.post_id"),
}


def _talk(condition: str) -> Rows:
    rows = messages(f"{TALK} AND {condition}")
    return replace(rows, relation=f"messages m {UNDER_POSTS}", keys=TALK_KEYS)


# Each thing said, with the comment its thread began with, and how many steps it is below it.
CLIMBED: Final = f"""(
  WITH RECURSIVE climbed AS (
    SELECT m.id AS leaf, m.id, m.source_id, m.post_id, m.occurred_at, 1 AS depth,
      {ABOVE.format("m")} AS above
    FROM messages m {UNDER_POSTS} WHERE {TALK}
    UNION ALL
    SELECT c.leaf, p.id, c.source_id, coalesce(c.post_id, p.post_id), c.occurred_at, c.depth + 1,
      {ABOVE.format("p")}
    FROM climbed c
    JOIN messages p ON p.workspace_id = :workspace_id AND p.source_id = c.source_id
      AND p.external_id = c.above AND p.kind IN ('comment', 'reply')
    WHERE c.above IS NOT NULL AND c.depth < {DEEPEST}
  )
  SELECT DISTINCT ON (leaf) leaf, id AS root, source_id, post_id, occurred_at, depth
  FROM climbed ORDER BY leaf, depth DESC, id
) AS m"""


def _threads(name: str, title: Words, meaning: Words, value: str) -> Definition:
    return Definition(
        name=name,
        version=1,
        unit=Unit.RATIO,
        measure=Measure.MEAN,
        title=title,
        meaning=meaning,
        exclusions=(Exclusion.SPAM, Exclusion.HIDDEN, Exclusion.DELETED),
        feed=Feed.MESSAGES,
        rows=Rows(
            subject="message",
            relation=CLIMBED,
            id="m.root",
            at="min(m.occurred_at)",
            where="true",
            keys=TALK_KEYS,
            value=value,
            group="m.root",
        ),
    )


def _counted(name: str, title: Words, meaning: Words, condition: str) -> Definition:
    return Definition(
        name=name,
        version=1,
        unit=Unit.MESSAGES,
        measure=Measure.COUNT,
        title=title,
        meaning=meaning,
        exclusions=(Exclusion.SPAM, Exclusion.HIDDEN, Exclusion.DELETED),
        feed=Feed.MESSAGES,
        rows=_talk(condition),
    )


ALL: Final = (
    POSTS,
    COMMENTS_PER_POST,
    BUSIEST_POSTS,
    _threads(
        "thread_length",
        Words("评论串长度", "Thread length"),
        Words(
            "一串评论里平均说了几句,我们的回复也算。",
            "How many things were said in a thread of comments on average, our replies included.",
        ),
        "count(*)",
    ),
    _threads(
        "thread_depth",
        Words("评论串深度", "Thread depth"),
        Words("一串评论平均有几层。", "How many levels a thread of comments has on average."),
        "max(m.depth)",
    ),
    _counted(
        "opening_comments",
        Words("开头的评论", "Opening comments"),
        Words("直接写在笔记下面的评论。", "Comments that answer no other comment."),
        f"m.kind = 'comment' AND {ABOVE.format('m')} IS NULL",
    ),
    _counted(
        "comment_replies",
        Words("评论的回复", "Replies to comments"),
        Words(
            "回复别人评论的话,我们的和粉丝的都算。",
            "What answers a comment, by us or by followers.",
        ),
        f"(m.kind = 'reply' OR {ABOVE.format('m')} IS NOT NULL)",
    ),
    Definition(
        name="reply_to_comment",
        version=1,
        unit=Unit.RATIO,
        measure=Measure.RATIO,
        title=Words("回复与评论之比", "Replies to each comment"),
        meaning=Words(
            "每条开头的评论引出几条回复。", "How many replies there are for each opening comment."
        ),
        exclusions=(Exclusion.SPAM, Exclusion.HIDDEN, Exclusion.DELETED),
        feed=Feed.MESSAGES,
        of=("opening_comments", "comment_replies"),
    ),
)
