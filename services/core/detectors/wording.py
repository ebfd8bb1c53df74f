"""What people read when a detector goes off: in Chinese and English, with the figures."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.core.detectors.types import DetectorDraft, DetectorKind, Judged

Kind = DetectorKind

_HOUR: Final = 60
_DAY: Final = 24 * _HOUR

_ZH: Final = {
    Kind.SENTIMENT_DIP: "过去{span}里负面消息占 {value}%（{hits}/{total} 条），"
    "平时这个时段约 {usual}%，请看看发生了什么。",
    Kind.VOLUME_SPIKE: "过去{span}收到 {value} 条消息，平时这个时段约 {usual} 条，"
    "请看看是否需要增派人手。",
    Kind.SILENCE: "“{subject}”过去{span}只收到 {value} 条消息，平时这个时段约 {usual} 条，"
    "请检查这个来源是否断开。",
    Kind.MASS_UNFOLLOW: "过去{span}有 {value} 人取消关注，平时这个时段约 {usual} 人，请看看原因。",
    Kind.KEYWORD_SURGE: "过去{span}有 {value} 条消息提到“{name}”关注的内容，请看一看。",
    Kind.FAILING_SIGNATURES: "“{subject}”过去{span}有 {value} 次推送签名不通过，可能漏收消息，"
    "请检查密钥和时钟。",
    Kind.ROTA_GAP: "值班表“{subject}”接下来{span}里有 {value} 分钟没有人值班，请安排人手。",
    Kind.STUCK_STAGE: "处理环节“{subject}”已经停了 {value} 秒，提醒可能会晚到，请联系技术同事。",
}
_EN: Final = {
    Kind.SENTIMENT_DIP: "{value}% of the messages of the last {span} are negative ({hits} of"
    " {total}), usually about {usual}% at this hour; please look at what happened.",
    Kind.VOLUME_SPIKE: "{value} messages came in the last {span}, usually about {usual} at this"
    " hour; please see whether more hands are needed.",
    Kind.SILENCE: "“{subject}” sent {value} messages in the last {span}, usually about {usual} at"
    " this hour; please check whether the source is still connected.",
    Kind.MASS_UNFOLLOW: "{value} people unfollowed in the last {span}, usually about {usual} at"
    " this hour; please look for the reason.",
    Kind.KEYWORD_SURGE: "{value} messages of the last {span} say what “{name}” looks for; please"
    " have a look.",
    Kind.FAILING_SIGNATURES: "{value} deliveries of “{subject}” were refused for their signatures"
    " in the last {span}, so messages may be missing; please check its secret and its clock.",
    Kind.ROTA_GAP: "Nobody is on call in “{subject}” for {value} min of the next {span}; please"
    " find somebody.",
    Kind.STUCK_STAGE: "The stage “{subject}” has stood still for {value} s, so alerts may come"
    " late; please tell the people who run Warmline.",
}


# What is seen late is put before the sentence, which speaks of then.
_LATE_ZH: Final = "（补报：当时没有人在看，以下是 {span}的情况。）"
_LATE_EN: Final = "(Seen late, nobody was looking: this is how it was {span}.) "


def late_figures(
    figures: Mapping[str, Any], began: datetime, ended: datetime | None, now: datetime
) -> dict[str, Any]:
    """The same for what is seen only now: since when it was, or until when, and how late."""
    first, last = f"{began:%Y-%m-%d %H:%M}", f"{ended:%m-%d %H:%M}" if ended else None
    zh = f"{first} 至 {last}（UTC）" if last else f"{first}（UTC）起"
    en = f"from {first} to {last} UTC" if last else f"from {first} UTC on"
    said = figures["sentence"]
    sentence = {
        "zh": _LATE_ZH.format(span=zh) + said["zh"],
        "en": _LATE_EN.format(span=en) + said["en"],
    }
    late = int((now - began).total_seconds())
    return {**figures, "seen_late_seconds": late, "sentence": sentence}


def figures_of(draft: DetectorDraft, judged: Judged, subject: str) -> dict[str, Any]:
    """The figures of a firing, and its sentence by language. `subject` is a name, or empty.

    No text of any message is in them: names are those the team gave.
    """
    figures: dict[str, Any] = {
        "name": draft.name,
        "window_minutes": draft.window_minutes,
        "threshold": draft.threshold,
        "value": judged.value,
        "usual": judged.usual,
        "total": judged.total,
        "hits": judged.hits,
        "subject": subject or None,
    }
    return figures | {"sentence": sentences(draft, judged, subject)}


def sentences(draft: DetectorDraft, judged: Judged, subject: str) -> Mapping[str, str]:
    """What is said, in `zh` and `en`."""
    told = {
        "name": draft.name,
        "subject": subject,
        "value": f"{judged.value:g}",
        "usual": f"{judged.usual or 0:g}",
        "hits": str(judged.hits),
        "total": str(judged.total),
    }
    zh, en = _span(draft.window_minutes)
    return {
        "zh": _ZH[draft.kind].format(**told, span=zh),
        "en": _EN[draft.kind].format(**told, span=en),
    }


def _span(minutes: int) -> tuple[str, str]:
    """A length of time in both languages, in the largest unit that needs no fraction."""
    if minutes % _DAY == 0:
        return f" {minutes // _DAY} 天", f"{minutes // _DAY} d"
    if minutes % _HOUR == 0:
        return f" {minutes // _HOUR} 小时", f"{minutes // _HOUR} h"
    return f" {minutes} 分钟", f"{minutes} min"
