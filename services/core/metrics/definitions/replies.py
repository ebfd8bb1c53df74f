"""What we gave back: replies, who gave them, and whether those who deserved one got one."""

from dataclasses import replace
from typing import Final

from services.core.metrics.definitions.inbound import CLEAN
from services.core.metrics.definitions.shared import (
    INBOUND,
    OURS,
    REPLY_KEYS,
    SAID,
    messages,
    moments,
)
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
from services.core.objectives.definition import IS_RESPONSE

# By the promise's own word, so that a reply and its withdrawal are seen by both in one moment.
ANSWERED: Final = f"""EXISTS (
  SELECT FROM clocks c
  WHERE c.workspace_id = :workspace_id AND c.case_id = m.case_id AND {IS_RESPONSE}
    AND c.settling_message_id IS NOT NULL
    AND c.started_at <= m.occurred_at AND c.settled_at >= m.occurred_at
)"""

REPLY_RATE: Final = Definition(
    name="reply_rate",
    version=1,
    unit=Unit.SHARE,
    measure=Measure.SHARE,
    title=Words("回复率", "Reply rate"),
    meaning=Words(
        "值得回复的消息里,到现在为止得到回复的占多少;按消息发出的那天计,不看回得快不快。",
        "How many of the messages that deserve a reply have got one so far, soon or late;"
        " by the day of the message.",
    ),
    exclusions=(*CLEAN, Exclusion.HISTORY),
    feed=Feed.MESSAGES,
    rows=messages(f"{INBOUND} AND m.needs_reply AND NOT m.historical", mark=ANSWERED),
    rolled=(Split.KIND, Split.TIER, Split.SOURCE),
)
REPLIES: Final = Definition(
    name="replies",
    version=1,
    unit=Unit.MESSAGES,
    measure=Measure.COUNT,
    title=Words("我们的回复", "Our replies"),
    meaning=Words(
        "品牌方发出的评论和私信,按发出的时间计。",
        "Comments and direct messages by the brand, by when they were said.",
    ),
    exclusions=(Exclusion.DELETED,),
    feed=Feed.MESSAGES,
    rows=replace(messages(OURS), keys=REPLY_KEYS),
    rolled=(Split.MEMBER, Split.SOURCE),
)
HANDLED: Final = Definition(
    name="handled",
    version=1,
    unit=Unit.CASES,
    measure=Measure.COUNT,
    title=Words("处理的工单", "Cases handled"),
    meaning=Words(
        "每位成员在这段时间里回复过多少个工单;一个工单有两人回复,两人各记一个。",
        "In how many cases each member replied; a case two of them replied to counts for both.",
    ),
    exclusions=(Exclusion.DELETED,),
    feed=Feed.MESSAGES,
    rows=Rows(
        subject="case",
        relation="messages m",
        id="m.case_id",
        at="min(m.occurred_at)",
        where=f"{OURS} AND m.case_id IS NOT NULL",
        keys=REPLY_KEYS,
        value="count(*)",
        group="m.case_id",
    ),
    default_by=Split.MEMBER,
)
# What was said in cases of direct messages, by either side.
_TALKED: Final = Rows(
    subject="case",
    relation="""messages m JOIN cases k
    ON k.workspace_id = :workspace_id AND k.id = m.case_id AND k.channel = 'dm'""",
    id="m.case_id",
    at="min(m.occurred_at)",
    where=f"{SAID} AND (m.direction = 'out' OR m.tier <> 'spam' AND NOT m.hidden)",
    keys={**moments("m.occurred_at"), Split.SOURCE: "CAST(m.source_id AS text)"},
    value="count(*)",
    group="m.case_id",
)
CONVERSATIONS: Final = Definition(
    name="conversations",
    version=1,
    unit=Unit.CASES,
    measure=Measure.COUNT,
    title=Words("私信对话", "Conversations by direct message"),
    meaning=Words(
        "这段时间里有人说过话的私信工单有多少个。",
        "In how many cases of direct messages something was said.",
    ),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=_TALKED,
)
MESSAGES_PER_CONVERSATION: Final = Definition(
    name="messages_per_conversation",
    version=1,
    unit=Unit.RATIO,
    measure=Measure.MEAN,
    title=Words("每个私信对话的消息数", "Messages per conversation"),
    meaning=Words(
        "一个私信工单平均说了几句,双方的都算。",
        "How many things were said in a case of direct messages on average, by both sides.",
    ),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=_TALKED,
)

ALL: Final = (REPLY_RATE, REPLIES, HANDLED, CONVERSATIONS, MESSAGES_PER_CONVERSATION)
