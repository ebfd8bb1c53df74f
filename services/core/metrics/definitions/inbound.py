"""What came in: how much, of which kind, how many of it deserve an answer, and when."""

from typing import Final

from services.core.metrics.definitions.shared import COMMENTS, INBOUND, SAID, messages
from services.core.metrics.types import Definition, Exclusion, Feed, Measure, Split, Unit, Words

CLEAN: Final = (Exclusion.SPAM, Exclusion.STAFF, Exclusion.HIDDEN, Exclusion.DELETED)
SPLITS: Final = (Split.KIND, Split.TIER, Split.CATEGORY, Split.SENTIMENT, Split.SOURCE)

INBOUND_MESSAGES: Final = Definition(
    name="inbound",
    version=1,
    unit=Unit.MESSAGES,
    measure=Measure.COUNT,
    title=Words("收到的消息", "Messages received"),
    meaning=Words(
        "粉丝发来的评论、私信和提及,按发出的时间计。",
        "Comments, direct messages and mentions by followers, by when they were said.",
    ),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=messages(INBOUND),
    rolled=SPLITS,
)
ALL_COMMENTS: Final = Definition(
    name="comments",
    version=1,
    unit=Unit.MESSAGES,
    measure=Measure.COUNT,
    title=Words("评论", "Comments"),
    meaning=Words("粉丝写的评论。", "Comments written by followers."),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=messages(COMMENTS),
    rolled=(Split.SOURCE,),
)
ARRIVALS: Final = Definition(
    name="arrivals",
    version=1,
    unit=Unit.MESSAGES,
    measure=Measure.COUNT,
    title=Words("到达时段", "When people write"),
    meaning=Words(
        "粉丝消息按星期几和几点分布,星期一是 1。",
        "Followers' messages by hour of the week; Monday is 1.",
    ),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=messages(INBOUND),
    default_by=Split.HOUR_OF_WEEK,
    rolled=(Split.HOUR_OF_WEEK,),
)
SPAM_SHARE: Final = Definition(
    name="spam_share",
    version=1,
    unit=Unit.SHARE,
    measure=Measure.SHARE,
    title=Words("垃圾信息占比", "Share of spam"),
    meaning=Words(
        "所有收到的消息里,被判为垃圾的占多少。",
        "How much of all that came in was judged to be spam.",
    ),
    exclusions=(Exclusion.STAFF, Exclusion.DELETED),
    feed=Feed.MESSAGES,
    rows=messages(f"{SAID} AND m.direction = 'in' AND m.tier IS NOT NULL", mark="m.tier = 'spam'"),
    rolled=(),
)
REPLY_WORTHY_SHARE: Final = Definition(
    name="reply_worthy_share",
    version=1,
    unit=Unit.SHARE,
    measure=Measure.SHARE,
    title=Words("值得回复的占比", "Share worth a reply"),
    meaning=Words(
        "粉丝消息里需要人来回的占多少;道谢、纯表情、@朋友不算。",
        "How many of the followers' messages deserve an answer; thanks and emoji alone do not.",
    ),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=messages(INBOUND, mark="coalesce(m.needs_reply, false)"),
    rolled=(Split.KIND, Split.SOURCE),
)
MENTION_SHARE: Final = Definition(
    name="mention_share",
    version=1,
    unit=Unit.SHARE,
    measure=Measure.SHARE,
    title=Words("带 @ 的评论占比", "Share of comments with an @mention"),
    meaning=Words(
        "评论里 @ 了别人的占多少,看大家是不是在彼此聊天。",
        "How many comments name somebody with @: whether people talk to each other.",
    ),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=messages(COMMENTS, mark="m.text ~ '[@\uff20]\\S'"),
    rolled=(),
)
TOP_CONTRIBUTORS: Final = Definition(
    name="top_contributors",
    version=1,
    unit=Unit.MESSAGES,
    measure=Measure.COUNT,
    title=Words("最活跃的粉丝", "Top contributors"),
    meaning=Words("谁写得最多。", "Who wrote most."),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=messages(INBOUND),
    default_by=Split.FOLLOWER,
)

ALL: Final = (
    INBOUND_MESSAGES,
    ALL_COMMENTS,
    ARRIVALS,
    SPAM_SHARE,
    REPLY_WORTHY_SHARE,
    MENTION_SHARE,
    TOP_CONTRIBUTORS,
)
