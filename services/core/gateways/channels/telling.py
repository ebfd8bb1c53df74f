"""Turns a parcel's message into what people read, before any platform's own spelling of it.

Nothing here raises: whatever a message lacks or holds by mistake, its alert is told.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from services.core.gateways.channels.port import Parcel
from services.core.kit.text import clean

SENTENCE_CHARACTERS: Final = 1_000
EXCERPT_CHARACTERS: Final = 300
NAME_CHARACTERS: Final = 64
MAX_PEOPLE: Final = 20
SHORT_ID: Final = 8

# Line breaks and other controls, and what is invisible or turns the reading direction.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# No platform takes the wide one for the beginning of a mention, and people read it all the same.
_WIDE: Final = str.maketrans({"@": "＠"})

_TITLES: Final = {
    "hint": ("提示", "Hint"),
    "warning": ("预警", "Warning"),
    "breach": ("超时", "Breach"),
    "escalation": ("升级", "Escalation"),
}
_PURPOSES: Final = {
    "alert.renotify": ("再次提醒", "Again"),
    "alert.escalated": ("请接手", "Step in"),
    "alert.acknowledged": ("已有人处理", "Acknowledged"),
    "alert.resolved": ("已解除", "Resolved"),
    "alert.corrected": ("更正", "Corrected"),
    "channel.test": ("测试", "Test"),
    "report.weekly": ("周报", "Weekly report"),
    "report.monthly": ("月报", "Monthly report"),
}
_LINKS: Final = {
    "acknowledge": ("我来处理", "I have it"),
    "assign": ("分配", "Assign it"),
    "case": ("打开会话", "Open the case"),
    "silence": ("先静音", "Keep it quiet"),
    "resolve": ("已经解决", "It is solved"),
    "message": ("查看留言", "See the message"),
    "alert": ("查看提醒", "See the alert"),
    "objective": ("查看目标", "See the objective"),
}
_OVER: Final = frozenset({"alert.resolved", "alert.acknowledged"})
_TIERS: Final = {"urgent": 0, "important": 1, "routine": 2, "spam": 3}

Built = TypeVar("Built")


class Language(Enum):
    """Which of the two languages a channel speaks; the value picks from (zh, en)."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"

    @classmethod
    def of(cls, config: Mapping[str, Any], default: "Language") -> "Language":
        asked = config.get("language")
        return next((one for one in cls if one.value == asked), default)

    def choose(self, zh: str, en: str, *, between: str = " / ") -> str:
        if self is Language.ZH:
            return zh or en
        if self is Language.EN or not zh:
            return en or zh
        return f"{zh}{between}{en}" if en and en != zh else zh


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody to be mentioned; `contacts` by kind of channel."""

    name: str
    contacts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert of a digest."""

    id: str
    sentence: str
    severity: str
    tier: str
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """What to say, in plain text without control characters, every @ widened.

    `links` are (label, address), addresses only of http and https. `repeat` is the mark of what may
    have arrived before, for sinks that cannot tell a repeat themselves.
    """

    type: str
    severity: str
    title: str
    sentence: str
    excerpt: str
    entries: tuple[Entry, ...]
    links: tuple[tuple[str, str], ...]
    people: tuple[Told, ...]
    repeat: str

    @property
    def is_over(self) -> bool:
        return self.type in _OVER

    def lines(self, detail: int) -> Iterator[str]:
        """The alerts of a digest, each in less room than at the `detail` before: 0, 1, 2."""
        for entry in self.entries:
            # Ids begin with the time: those of one moment differ at their end.
            short = entry.id[-SHORT_ID:] if detail > 1 else entry.id
            yield f"{entry.sentence} #{short}" if detail == 0 else f"#{short}"


def tell(parcel: Parcel, *, default: Language, base_url: str = "") -> Telling:
    """What the parcel's message says in the channel's language; `default` when it names none."""
    message = parcel.message
    language = Language.of(parcel.config, default)
    entries = tuple(_entries(message, language))
    return Telling(
        type=plain(message.get("type"), NAME_CHARACTERS),
        severity=plain(message.get("severity"), NAME_CHARACTERS),
        title=_title(message, language, len(entries)),
        sentence=_sentence(message.get("sentence"), language),
        excerpt=plain(message.get("text"), EXCERPT_CHARACTERS),
        entries=entries,
        links=tuple(_links(message.get("links"), language, base_url)),
        people=tuple(_people(message.get("people"))),
        repeat=f"可能重复 / may repeat #{str(parcel.id)[-SHORT_ID:]}"
        if message.get("repeat")
        else "",
    )


def plain(value: object, limit: int) -> str:
    """One line of text without anything invisible, no longer than `limit`, every @ widened."""
    if value is None:
        return ""
    text = _INVISIBLE.sub("", _CONTROLS.sub(" ", clean(str(value))[0])).strip()
    text = text.translate(_WIDE)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def fit(build: Callable[[int], Built], size: Callable[[Built], int], limit: int) -> Built:
    """The most detailed form within `limit` bytes; of a digest every alert is named in each."""
    built = build(0)
    for detail in (1, 2):
        if size(built) <= limit:
            break
        built = build(detail)
    return built


def _title(message: Mapping[str, Any], language: Language, count: int) -> str:
    kind = str(message.get("type"))
    if kind == "alert.digest":
        return language.choose(f"{count} 条提醒", f"{count} alerts")
    severity = _TITLES.get(str(message.get("severity")), ("提醒", "Alert"))
    zh, en = _PURPOSES.get(kind, severity)
    return language.choose(zh, en)


def _sentence(value: object, language: Language) -> str:
    spoken = value if isinstance(value, Mapping) else {"zh": value}
    zh, en = (plain(spoken.get(one), SENTENCE_CHARACTERS) for one in ("zh", "en"))
    return language.choose(zh, en)


def _entries(message: Mapping[str, Any], language: Language) -> Iterator[Entry]:
    """The alerts of a digest, urgent first."""
    alerts = [one for one in _listed(message.get("alerts")) if isinstance(one, Mapping)]
    for alert in sorted(alerts, key=lambda one: _TIERS.get(str(one.get("tier")), 9)):
        sentence = _sentence(alert.get("sentence"), language)
        identity, severity, tier = (
            plain(alert.get(name), NAME_CHARACTERS) for name in ("id", "severity", "tier")
        )
        yield Entry(identity, sentence, severity, tier, is_over=str(alert.get("type")) in _OVER)


def _links(value: object, language: Language, base_url: str) -> Iterator[tuple[str, str]]:
    links = value if isinstance(value, Mapping) else {}
    known = [name for name in _LINKS if name in links]
    for name in known:
        address = str(links[name])
        if address.startswith("/") and base_url:
            address = base_url.rstrip("/") + address
        if re.fullmatch(r"https?://[!-~]+", address):
            yield language.choose(*_LINKS[name]), address


def _people(value: object) -> Iterator[Told]:
    for one in _listed(value)[:MAX_PEOPLE]:
        if not isinstance(one, Mapping):
            continue
        contacts = one.get("contacts")
        known = contacts if isinstance(contacts, Mapping) else {}
        yield Told(
            plain(one.get("name"), NAME_CHARACTERS),
            {str(kind): str(contact) for kind, contact in known.items() if contact},
        )


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []
