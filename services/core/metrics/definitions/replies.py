"""What we gave back: replies, who gave them, and whether those who deserved one got one."""

from dataclasses import replace
from typing import Final

from services.core.metrics.definitions.inbound import CLEAN
from services.core.metrics.definitions.shared import INBOUND, OURS, REPLY_KEYS, messages
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

ALL: Final = (REPLY_RATE, REPLIES, HANDLED)
