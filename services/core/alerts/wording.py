"""The one sentence of an alert, in Chinese and English: who waits for what, and since when."""

from typing import Final

from services.core.alerts.types import Alert, AlertKind, Purpose, Severity
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier

_TIERS: Final = {
    Tier.URGENT: ("紧急", "Urgent"),
    Tier.IMPORTANT: ("重要", "Important"),
    Tier.ROUTINE: ("日常", "Routine"),
    Tier.SPAM: ("疑似垃圾", "Likely spam"),
}
_PROMISES: Final = {
    ClockKind.FIRST_RESPONSE: ("首次回复", "the first reply"),
    ClockKind.NEXT_RESPONSE: ("后续回复", "the next reply"),
    ClockKind.RESOLUTION: ("解决", "the solution"),
    ClockKind.REPLY_WINDOW: ("平台回复窗口", "the platform's reply window"),
}
# Seconds; what comes sooner than this is as good as on time.
WORTH_A_WORD: Final = 60
# What a corrected outcome is, as the resolution says it.
IN_TIME: Final = "in time after all"
LATE: Final = "late after all"
_UNITS: Final = (
    (86_400, "天", "d"),
    (3_600, "小时", "h"),
    (60, "分钟", "min"),
    (1, "秒", "s"),
)


def sentences(alert: Alert, purpose: Purpose, *, late_by: int, left: int) -> dict[str, str]:
    """`late_by` and `left` are in seconds; one of them is 0."""
    tier_zh, tier_en = _TIERS[alert.tier]
    if alert.kind is AlertKind.RULE:
        zh, en = _matched(purpose)
    elif purpose is Purpose.CORRECTED:
        zh, en = _corrected(alert)
    elif purpose is Purpose.RESOLVED:
        zh, en = _over(alert)
    else:
        zh, en = _owed(alert, late_by=late_by, left=left)
    if purpose in {Purpose.RENOTIFY, Purpose.ESCALATED}:
        tier_zh, tier_en = f"再次提醒 · {tier_zh}", f"Again: {tier_en.lower()}"
    return {"zh": f"{tier_zh}：{zh}", "en": f"{tier_en}: {en}"}


def with_lateness(said: dict[str, str], seconds: int) -> dict[str, str]:
    """The sentence with a word about the notice itself when that comes late."""
    if seconds < WORTH_A_WORD:
        return said
    span_zh, span_en = describe_span(seconds)
    return {
        "zh": f"{said['zh']}（抱歉，这条提醒晚到了 {span_zh}。）",
        "en": f"{said['en']} (This notice itself is late by {span_en}, sorry.)",
    }


def _matched(purpose: Purpose) -> tuple[str, str]:
    if purpose is Purpose.RESOLVED:
        return "规则提醒已解除，谢谢。", "the alert of your rule is over, thank you."
    return "有一条留言符合您设的规则，请看一看。", "a message meets one of your rules, please look."


def _over(alert: Alert) -> tuple[str, str]:
    promise_zh, promise_en = _promise(alert)
    return f"{promise_zh}的提醒已解除，谢谢。", f"the alert about {promise_en} is over, thank you."


def _corrected(alert: Alert) -> tuple[str, str]:
    """News that came late changed the outcome: nobody shall go on believing the first one."""
    promise_zh, promise_en = _promise(alert)
    if alert.resolution == IN_TIME:
        return (
            f"迟到的消息表明，{promise_zh}其实是按时的。之前的提醒作废，打扰了。",
            f"news that came late shows that {promise_en} was in time after all; sorry.",
        )
    return (
        f"迟到的消息表明，{promise_zh}其实超时了，请留意。",
        f"news that came late shows that {promise_en} was late after all, please take note.",
    )


def _promise(alert: Alert) -> tuple[str, str]:
    return _PROMISES[alert.clock_kind or ClockKind.FIRST_RESPONSE]


def _owed(alert: Alert, *, late_by: int, left: int) -> tuple[str, str]:
    if alert.clock_kind is ClockKind.REPLY_WINDOW:
        return _closing(left)
    promise_zh, promise_en = _promise(alert)
    if left > 0:
        span_zh, span_en = describe_span(left)
        return (
            f"{promise_zh}时限已用 {alert.step}%，还剩 {span_zh}。",
            f"{alert.step} % of the time for {promise_en} is used, {span_en} left.",
        )
    span_zh, span_en = describe_span(late_by)
    zh = f"{promise_zh}已超时 {span_zh}" if late_by else f"{promise_zh}的时限到了"
    en = f"{promise_en} is {span_en} overdue" if late_by else f"{promise_en} is due now"
    if alert.severity is Severity.ESCALATION:
        return f"{zh}，请马上接手。", f"{en}; please step in."
    return f"{zh}，有人还在等。", f"{en}, somebody is waiting."


def _closing(left: int) -> tuple[str, str]:
    """The platform shuts the door: afterwards nobody can answer there."""
    if left <= 0:
        return (
            "平台的回复窗口已关闭，现在无法再私信回复，请换个方式联系。",
            "the platform's reply window has closed; please reach them another way.",
        )
    span_zh, span_en = describe_span(left)
    return (
        f"平台的回复窗口将在 {span_zh}后关闭，请趁现在回复。",
        f"the platform's reply window closes in {span_en}; please answer before it does.",
    )


def describe_span(seconds: int) -> tuple[str, str]:
    """Seconds in the two largest units, in both languages: ("2 小时 5 分钟", "2 h 5 min")."""
    parts_zh: list[str] = []
    parts_en: list[str] = []
    rest = seconds
    for size, unit_zh, unit_en in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts_zh.append(f"{count} {unit_zh}")
            parts_en.append(f"{count} {unit_en}")
    return " ".join(parts_zh[:2]) or "0 秒", " ".join(parts_en[:2]) or "0 s"
