"""What a line said in a chat means, in Chinese and English, and what is said back."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from services.core.commands.types import Order, Verb

MOST_CHARACTERS: Final = 1_000
# A day of rest or silence at most: a chat is no place for holidays.
MOST_MINUTES: Final = 24 * 60
FEWEST_DIGITS: Final = 4
DEFAULT_MINUTES: Final = {Verb.ACKNOWLEDGE: 30, Verb.SILENCE: 60}

_WORDS: Final = {
    Verb.ACKNOWLEDGE: ("ack", "acknowledge", "收到", "认领", "我来", "知道了"),
    Verb.RESOLVE: ("resolve", "resolved", "done", "解决", "已解决", "搞定"),
    Verb.ASSIGN: ("assign", "转给", "分配给", "交给"),
    Verb.SILENCE: ("silence", "mute", "静音", "别吵"),
    Verb.WHO: ("who", "oncall", "谁值班", "值班"),
    Verb.HELP: ("help", "?", "帮助", "怎么用"),
}
_VERBS: Final = {word: verb for verb, words in _WORDS.items() for word in words}
# Chinese puts no space behind a verb: the longest that fits is meant.
_CHINESE: Final = sorted((word for word in _VERBS if not word.isascii()), key=len, reverse=True)
_ALERT: Final = re.compile(r"[0-9a-f]{4,32}", re.IGNORECASE)
_SPAN: Final = re.compile(
    r"(?P<n>\d{1,5}|半|一|两|二|三)\s?(?:个)?(?P<unit>m|min|mins|minutes?|分钟?|h|hours?|小时|钟头)(?![a-z0-9])",
    re.IGNORECASE,
)
_NUMBERS: Final = {"半": 0.5, "一": 1.0, "两": 2.0, "二": 2.0, "三": 3.0}
# What is said back of somebody's own words.
_MOST_REPEATED: Final = 200
_WIDE: Final = str.maketrans("@<>&[]*`|", "＠＜＞＆［］＊｀｜")
_ADDRESS: Final = re.compile(r"^(?:/|@\S+\s+)")

_REPLIES: Final[Mapping[str, tuple[str, str]]] = {
    "help": (
        (
            "可以说：收到 编号 30分钟 备注｜解决 编号｜转给 @成员 编号｜静音 编号 1小时｜谁值班。"
            "只有一条提醒时可以不写编号。"
        ),
        (
            "You can say: ack ID 30m note | resolve ID | assign ID @member | silence ID 1h | who. "
            "While only one alert is open the ID may be left out."
        ),
    ),
    "unknown_verb": (
        "没听懂。说“帮助”看看可以怎么说。",
        "I did not get that. Say “help” to see what can be said.",
    ),
    "no_handle": (
        "转给谁？请写 @成员，例如：转给 @lin 3f9a7c。",
        "To whom? Name a member: assign 3f9a7c @lin.",
    ),
    "unknown_member": ("没有 @{handle} 这位成员。", "There is no member @{handle}."),
    "too_long": ("最长 24 小时。", "24 hours at most."),
    "not_found": ("没有编号 {alert} 的提醒在响。", "No open alert has {alert} in its id."),
    "ambiguous": (
        "有 {count} 条提醒的编号含 {alert}，请多写几位。",
        "{count} open alerts have {alert} in their ids; write more of it.",
    ),
    "none_open": ("现在没有提醒在响。", "No alert is open now."),
    "many_open": (
        "现在有 {count} 条提醒在响，请写上编号。",
        "{count} alerts are open: say which one.",
    ),
    "no_case": ("提醒 {alert} 没有对应的会话，不能分配。", "Alert {alert} has no case to assign."),
    "refused": ("现在做不了。", "It could not be done."),
    "acknowledged": (
        "好的，提醒 {alert} 由 {who} 处理，{minutes} 分钟内不再催。",
        "{who} has alert {alert}; it stays quiet for {minutes} min.",
    ),
    "resolved": (
        "提醒 {alert} 已解决，谢谢 {who}。",
        "Alert {alert} is resolved. Thank you, {who}.",
    ),
    "assigned": (
        "提醒 {alert} 的会话已分配给 {name}。",
        "The case of alert {alert} is {name}'s now.",
    ),
    "silenced": (
        "提醒 {alert} 这一组静音 {minutes} 分钟。",
        "The group of alert {alert} is silent for {minutes} min.",
    ),
    "on_call": ("现在值班：{names}。", "On call now: {names}."),
    "nobody_on_call": ("现在没有排班。", "Nobody is on call now."),
}


def read(text: str) -> Order | None:
    """Take a line apart; None when no verb begins it. Order of words is as people write them."""
    line = _ADDRESS.sub("", unicodedata.normalize("NFKC", text).strip(), count=1).strip()
    verb, rest = _verb_of(line)
    if verb is None:
        return None
    rest, handle = _take_handle(rest) if verb is Verb.ASSIGN else (rest, None)
    takes_span = verb in DEFAULT_MINUTES
    rest, minutes = _take_span(rest) if takes_span else (rest, None)
    words = rest.split()
    alert = None
    if words and _ALERT.fullmatch(words[0]):
        alert = words.pop(0).lower()
    if takes_span and minutes is None and words:
        # The time stands behind the id as well.
        left, minutes = _take_span(" ".join(words))
        words = left.split()
    note = " ".join(words) or None
    return Order(verb, alert, minutes or DEFAULT_MINUTES.get(verb), handle, note)


def span_of(minutes: int | None) -> timedelta:
    return timedelta(minutes=minutes or DEFAULT_MINUTES[Verb.SILENCE])


def say(code: str, **values: object) -> dict[str, str]:
    """The sentence of a code in both languages; what somebody wrote calls nobody in it."""
    zh, en = _REPLIES[code]
    calm = {name: _calm(one) if isinstance(one, str) else one for name, one in values.items()}
    return {"zh": zh.format(**calm), "en": en.format(**calm)}


def _calm(value: str) -> str:
    """In characters no chat takes for a mention or markup, and not for pages."""
    return value[:_MOST_REPEATED].translate(_WIDE)


def _verb_of(line: str) -> tuple[Verb | None, str]:
    word, _, rest = line.partition(" ")
    verb = _VERBS.get(word.lower().rstrip(":,!"))
    if verb is not None:
        return verb, rest.strip()
    for each in _CHINESE:
        if line.startswith(each):
            return _VERBS[each], line[len(each) :].strip(" ,:!?。")
    return None, ""


def _take_handle(rest: str) -> tuple[str, str | None]:
    """The word behind an @; without one the only word that is no id."""
    words = rest.split()
    named = [word for word in words if word.startswith("@") and len(word) > 1]
    plain = [word for word in words if not word.startswith("@") and not _ALERT.fullmatch(word)]
    chosen = (named or plain)[:1]
    left = " ".join(word for word in words if word not in chosen)
    return left, chosen[0].removeprefix("@") if chosen else None


def _take_span(rest: str) -> tuple[str, int | None]:
    """A time at the beginning of what is left, in minutes."""
    found = _SPAN.match(rest)
    if found is None:
        return rest, None
    written = found["n"]
    number = _NUMBERS[written] if written in _NUMBERS else float(written)
    is_hours = found["unit"].lower()[0] in "h小钟"
    return rest[found.end() :].strip(" ,"), max(1, int(number * (60 if is_hours else 1)))
