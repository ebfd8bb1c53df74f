"""How promises were kept and how long answers took, by the one definition objectives have of it.

A promise belongs to the day it was due, however early it was kept.
"""

from typing import Final

from services.core.metrics.definitions.shared import moments
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
from services.core.objectives import statements
from services.core.objectives.definition import (
    CLOCK,
    IS_RESPONSE,
    IS_TIMED,
    PROMISE,
    TARGET,
    met,
    missed,
)
from services.core.objectives.types import By as KeptBy

WALL: Final = "extract(epoch FROM c.settled_at - c.started_at)"
ROLLED: Final = (Split.TIER, Split.CHANNEL, Split.SOURCE, Split.MEMBER)
SPLITS: Final = {
    Split.TIER: KeptBy.TIER,
    Split.MEMBER: KeptBy.MEMBER,
    Split.SOURCE: KeptBy.SOURCE,
    Split.CHANNEL: KeptBy.CHANNEL,
    Split.KIND: KeptBy.KIND,
}
KEYS: Final = {**moments("c.due_at"), **{by: statements.KEYS[of] for by, of in SPLITS.items()}}
JOINS: Final = {by: statements.JOINS.get(of, "") for by, of in SPLITS.items()}


def promises(condition: str, *, mark: str = "false", value: str = "NULL") -> Rows:
    return Rows(
        subject="clock",
        relation="clocks c",
        id="c.id",
        at="c.due_at",
        where=f"{statements.DUE} AND {condition}",
        keys=KEYS,
        joins=JOINS,
        mark=mark,
        value=value,
    )


def attainment(name: str, moment: str, title: Words, meaning: Words) -> Definition:
    """Of the responses decided so far, those kept against one of their due times.

    Only a clock's own due time has a timer that tells of its passing: the other two become missed
    without anybody noting it, and are not summed up by days.
    """
    decided = f"{IS_RESPONSE} AND ({met(moment)} OR {missed(moment)})"
    return Definition(
        name=name,
        version=1,
        unit=Unit.SHARE,
        measure=Measure.SHARE,
        title=title,
        meaning=meaning,
        exclusions=(Exclusion.REPLY_WINDOWS,),
        feed=Feed.MESSAGES,
        rows=promises(decided, mark=met(moment)),
        rolled=ROLLED if moment == CLOCK else None,
    )


def response_times(name: str, condition: str, title: Words, meaning: Words) -> Definition:
    return Definition(
        name=name,
        version=1,
        unit=Unit.SECONDS,
        measure=Measure.TIMES,
        title=title,
        meaning=meaning,
        exclusions=(Exclusion.REPLY_WINDOWS,),
        feed=Feed.MESSAGES,
        rows=promises(f"{condition} AND {IS_TIMED}", value=WALL),
        rolled=ROLLED,
    )


ALL: Final = (
    attainment(
        "attainment",
        CLOCK,
        Words("承诺兑现率", "Promises kept"),
        Words(
            "到期的回复承诺里按时兑现的占多少;内部目标和公开承诺,以先到期的为准。",
            "How many of the answers that were due came in time, by the target or the public"
            " promise, whichever was due first.",
        ),
    ),
    attainment(
        "attainment_target",
        TARGET,
        Words("内部目标兑现率", "Targets kept"),
        Words("同样的承诺,只看优先级的目标。", "The same answers against the tier's target."),
    ),
    attainment(
        "attainment_promise",
        PROMISE,
        Words("公开承诺兑现率", "Public promises kept"),
        Words(
            "同样的承诺,只看对外公开的时限。",
            "The same answers against what the public was told, where anything was.",
        ),
    ),
    response_times(
        "response_time",
        IS_RESPONSE,
        Words("回复用时", "Response time"),
        Words(
            "从粉丝开口到我们回复的时间,首次和后续一起算,昼夜不停。",
            "From the question to our answer, first and next ones, around the clock.",
        ),
    ),
    response_times(
        "first_response",
        "c.kind = 'first_response'",
        Words("首次回复用时", "First response time"),
        Words("工单里第一次回复用了多久。", "How long the first answer of a case took."),
    ),
    response_times(
        "next_response",
        "c.kind = 'next_response'",
        Words("后续回复用时", "Next response time"),
        Words("粉丝追问以后,回复用了多久。", "How long the answer to a further question took."),
    ),
    Definition(
        name="reopen_rate",
        version=1,
        unit=Unit.SHARE,
        measure=Measure.SHARE,
        title=Words("重开率", "Reopened cases"),
        meaning=Words(
            "办结过的工单里又被打开的占多少,按首次回复到期的那天计。",
            "How many of the cases that were done once were opened again, by the day their first"
            " answer was due.",
        ),
        exclusions=(),
        feed=Feed.MESSAGES,
        rows=Rows(
            subject="case",
            relation=f"clocks c {statements.IN_CASE}",
            id="k.id",
            at="min(c.due_at)",
            where=f"{statements.DUE} AND c.kind = 'first_response'"
            " AND (k.resolved_at IS NOT NULL OR k.reopened > 0)",
            keys={
                **moments("c.due_at"),
                Split.TIER: "k.tier",
                Split.CHANNEL: "k.channel",
                Split.SOURCE: "CAST(k.source_id AS text)",
                Split.CATEGORY: "k.category",
            },
            mark="bool_or(k.reopened > 0)",
            group="k.id",
        ),
    ),
)
