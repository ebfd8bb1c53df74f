"""What the findings of staffing say to a manager, in Chinese and English."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.core.calendars.types import DAYS_OF_A_WEEK
from services.core.staffing.types import (
    Advice,
    Estimate,
    Finding,
    Handling,
    Look,
    Outlook,
    Promise,
    Words,
)
from services.core.triage.types import Tier

_UNITS: Final = ((86_400, "天", "d"), (3_600, "小时", "h"), (60, "分钟", "min"))
_CHANNELS: Final = {
    "comment": ("评论", "comments"),
    "dm": ("私信", "direct messages"),
    "mention": ("@提及", "mentions"),
}
_TIERS: Final = {
    Tier.URGENT: ("紧急", "urgent"),
    Tier.IMPORTANT: ("重要", "important"),
    Tier.ROUTINE: ("日常", "routine"),
    Tier.SPAM: ("垃圾", "spam"),
}
DAYS: Final = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)
_PUBLIC: Final = "public"


def span(seconds: float) -> tuple[str, str]:
    """In whole minutes, days from the third on: 42 hours are told as hours."""
    rest = max(round(seconds / 60), 1) * 60
    parts = []
    for size, zh, en in _UNITS:
        if size == _UNITS[0][0] and rest < 2 * size:
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append((f"{count} {zh}", f"{count} {en}"))
    return " ".join(zh for zh, _ in parts), " ".join(en for _, en in parts)


def finding(found: Finding, zone: ZoneInfo) -> Words:
    """Whether a promise can be kept, when it cannot, by how much, and what would do."""
    what_zh, what_en = _promise(found.promise)
    wait_zh, wait_en = span(found.wait_seconds)
    if found.kept:
        return {
            "zh": f"{what_zh}：守得住，最久 {wait_zh}就能回上。",
            "en": f"{what_en}: kept; the longest wait is {wait_en}.",
        }
    asked_zh, asked_en = _moment(found.asked_at, zone)
    short_zh, short_en = span(found.short_by_seconds)
    help_zh, help_en = _help(found.looks)
    return {
        "zh": f"{what_zh}：守不住。{asked_zh}来的要等 {wait_zh}，超出 {short_zh}。{help_zh}",
        "en": f"{what_en}: cannot be kept. Who writes {asked_en} waits {wait_en}, {short_en} too"
        f" long. {help_en}",
    }


def workload(
    arrivals: int, days: float, handling: Handling, *, needed: float, planned: float
) -> Words:
    """Hours needed against hours planned, and what the figure rests on."""
    each_zh, each_en = _handling(handling)
    if not arrivals:
        return {
            "zh": f"最近 {days:.0f} 天没有需要回复的留言；排了每周 {planned:.1f} 小时。",
            "en": f"Nothing worth a reply came in the last {days:.0f} days; {planned:.1f} h a week"
            " are planned.",
        }
    enough_zh, enough_en = ("够用", "enough") if planned >= needed else ("不够", "too little")
    return {
        "zh": f"每周需要 {needed:.1f} 小时，排了 {planned:.1f} 小时，{enough_zh}。"
        f"依据：{days:.0f} 天 {arrivals} 条，{each_zh}。",
        "en": f"{needed:.1f} h a week are needed and {planned:.1f} h planned: {enough_en}."
        f" From {arrivals} questions in {days:.0f} days and {each_en}.",
    }


def forecast(
    handling: Handling, ahead: Outlook, shift: Outlook | None, advice: Advice, *, days: int
) -> Words:
    """What is likely to come and to be kept, and how many people would reach the goal."""
    each_zh, each_en = _handling(handling)
    come = ahead.arrivals
    zh = [f"未来 {days} 天约 {come.expected:.0f} 条（{come.low:.0f}–{come.high:.0f}），{each_zh}。"]
    low, high = f"{come.low:.0f}", f"{come.high:.0f}"
    en = [f"About {come.expected:.0f} questions in {days} days ({low} to {high}), {each_en}."]
    for outlook, name_zh, name_en in (
        (shift, "到下一班结束", "Until the end of the next block"),
        (ahead, f"{days} 天", f"In {days} days"),
    ):
        if outlook is not None and outlook.attainment is not None:
            share = _share(outlook.attainment)
            zh.append(f"{name_zh}，准时率预计 {share}。")
            en.append(f"{name_en}, {share} are likely to be in time.")
    goal, best = f"{advice.goal:.0%}", f"{advice.best:.0%}"
    if advice.people is None:
        zh.append(f"这些时段再多人也到不了 {goal}，最多 {best}：要加的是时段，不是人。")
        en.append(
            f"No number of people in these blocks reaches {goal}, {best} is the most:"
            " add blocks, not people."
        )
    else:
        zh.append(f"每班 {advice.people} 人可到 {goal}。")
        en.append(f"{advice.people} in every block would reach {goal}.")
    return {"zh": "".join(zh), "en": " ".join(en)}


def _share(estimate: Estimate) -> str:
    return f"{estimate.expected:.0%} ({estimate.low:.0%}–{estimate.high:.0%})"


def _handling(handling: Handling) -> tuple[str, str]:
    minutes = f"{handling.minutes:.1f}"
    if handling.measured:
        return (
            f"每条 {minutes} 分钟（实测 {handling.measured} 次）",
            f"{minutes} min a reply (measured {handling.measured} times)",
        )
    return (
        f"每条按 {minutes} 分钟估算（还没有实测）",
        f"{minutes} min a reply (assumed, not measured yet)",
    )


def _promise(promise: Promise) -> tuple[str, str]:
    where_zh, where_en = _CHANNELS.get(promise.channel, (promise.channel, promise.channel))
    allowed_zh, allowed_en = span(promise.seconds)
    if _PUBLIC in promise.names:
        return f"公开承诺{where_zh} {allowed_zh}内回复", f"Public: {where_en} within {allowed_en}"
    tier_zh, tier_en = _TIERS[promise.tiers[0]]
    return (
        f"{tier_zh}{where_zh} {allowed_zh}内回复",
        f"{tier_en.capitalize()} {where_en} within {allowed_en}",
    )


def _moment(moment: datetime | None, zone: ZoneInfo) -> tuple[str, str]:
    if moment is None:
        return "随时", "at any time"
    local = moment.astimezone(zone)
    zh, en = DAYS[local.weekday()]
    return f"{zh} {local:%H:%M} ", f"on {en} at {local:%H:%M}"


def _help(looks: Sequence[Look]) -> tuple[str, str]:
    if not looks:
        return (
            "加几次查看不够，需要有人一直值守。",
            "A few more looks will not do: somebody must be there.",
        )
    # Looks on the same days are told in one breath.
    grouped: dict[tuple[int, ...], list[str]] = {}
    for look in looks:
        grouped.setdefault(look.weekdays, []).append(_clock(look.at))
    zh = "，".join(f"{_days(days)[0]} {'、'.join(at)} " for days, at in grouped.items())
    en = ", ".join(f"at {', '.join(at)} {_days(days)[1]}" for days, at in grouped.items())
    word = "A look" if len(looks) == 1 else "Looks"
    return f"{zh}多看一眼就够了。", f"{word} {en} would do."


def _days(weekdays: Sequence[int]) -> tuple[str, str]:
    if len(weekdays) == DAYS_OF_A_WEEK:
        return "每天", "every day"
    names = [DAYS[day] for day in weekdays]
    return "".join(zh for zh, _ in names), "on " + "/".join(en for _, en in names)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
