"""How people feel about the brand, and what those who are unhappy are unhappy about."""

from dataclasses import replace
from typing import Final

from services.core.metrics.definitions.inbound import CLEAN
from services.core.metrics.definitions.shared import INBOUND, MESSAGE_KEYS, messages, text_of
from services.core.metrics.types import Definition, Feed, Measure, Split, Unit, Words

SHARES: Final = {
    "positive": (Words("正面占比", "Share of positive messages"), "正面"),
    "neutral": (Words("中性占比", "Share of neutral messages"), "中性"),
    "negative": (Words("负面占比", "Share of negative messages"), "负面"),
}


def _share(sentiment: str, title: Words, word: str) -> Definition:
    return Definition(
        name=f"{sentiment}_share",
        version=1,
        unit=Unit.SHARE,
        measure=Measure.SHARE,
        title=title,
        meaning=Words(
            f"粉丝消息里{word}的占多少;分母是所有不是垃圾的消息。",
            f"How many of the followers' messages are {sentiment}, of all that are not spam.",
        ),
        exclusions=CLEAN,
        feed=Feed.MESSAGES,
        rows=messages(INBOUND, mark=f"m.sentiment = '{sentiment}'"),
        rolled=(Split.KIND, Split.SOURCE),
    )


NEGATIVE_BREAKDOWN: Final = Definition(
    name="negative_breakdown",
    version=1,
    unit=Unit.MESSAGES,
    measure=Measure.COUNT,
    title=Words("负面原因", "What people are unhappy about"),
    meaning=Words(
        "负面消息按原因分:产品没效果、客服、物流、价格;看不出原因的记为 unknown。",
        "Negative messages by their cause: the product, the service, shipping, the price;"
        " unknown where none was seen.",
    ),
    exclusions=CLEAN,
    feed=Feed.MESSAGES,
    rows=replace(
        messages(f"{INBOUND} AND m.sentiment = 'negative'"),
        keys={**MESSAGE_KEYS, Split.SUBTYPE: text_of("j.negative_subtype")},
        joins={
            Split.SUBTYPE: "LEFT JOIN judgements j"
            " ON j.workspace_id = :workspace_id AND j.id = m.judgement_id"
        },
    ),
    default_by=Split.SUBTYPE,
    rolled=(Split.SUBTYPE,),
)

ALL: Final = (
    *(_share(sentiment, *words) for sentiment, words in SHARES.items()),
    NEGATIVE_BREAKDOWN,
)
