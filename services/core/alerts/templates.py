"""A workspace's own words for its alerts: names in double braces, and nothing that runs.

A template gives plain text; each channel escapes it as it does every sentence.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.core.alerts.types import Purpose
from services.core.alerts.wording import describe_span
from services.core.kit.errors import FieldProblem

LANGUAGES: Final = ("zh", "en")
TEMPLATE_CHARACTERS: Final = 500
FILLED_CHARACTERS: Final = 1_000
EXCERPT_CHARACTERS: Final = 300
NAME_CHARACTERS: Final = 64
# What a template may name. `text` only where messages' words may leave.
FIELDS: Final = (
    *("sentence", "severity", "tier", "promise", "percent", "late", "due_at", "fired_at"),
    *("alert", "case", "follower", "text"),
)
TEXT_FIELD: Final = "text"

# Braces in pairs around anything short, so that a wrong name is found and not printed.
_NAMED: Final = re.compile(r"\{\{([^{}]{0,64})\}\}")
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "hint": ("提示", "hint"),
    "warning": ("预警", "warning"),
    "breach": ("超时", "breach"),
    "escalation": ("升级", "escalation"),
    "urgent": ("紧急", "urgent"),
    "important": ("重要", "important"),
    "routine": ("日常", "routine"),
    "spam": ("疑似垃圾", "likely spam"),
    "first_response": ("首次回复", "first reply"),
    "next_response": ("后续回复", "next reply"),
    "resolution": ("解决", "solution"),
    "reply_window": ("平台回复窗口", "reply window"),
}

Templates = Mapping[Purpose, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class AlertTexts:
    """What a workspace says in its alerts; without a template the product's own sentence."""

    templates: Templates = field(default_factory=dict)
    message_text_leaves: bool = False
    version: int = 0

    @property
    def needs_words(self) -> bool:
        """Whether somebody must look up whom and what an alert is about."""
        said = [one for by_language in self.templates.values() for one in by_language.values()]
        return self.message_text_leaves or any("follower" in names_in(one) for one in said)


@dataclass(frozen=True, slots=True)
class Words:
    """Whom an alert is about, and what they wrote."""

    follower: str | None
    text: str | None


def names_in(template: str) -> list[str]:
    return [found.strip() for found in _NAMED.findall(template)]


def find_problems(texts: AlertTexts) -> Iterator[FieldProblem]:
    """What keeps the templates from being kept, each with its place."""
    for purpose, by_language in texts.templates.items():
        for language, template in by_language.items():
            pointer = f"/templates/{purpose.value}/{language}"
            allowed = texts.message_text_leaves
            yield from _problems_of(template, pointer, text_leaves=allowed)


def _problems_of(template: str, pointer: str, *, text_leaves: bool) -> Iterator[FieldProblem]:
    for name in names_in(template):
        if name not in FIELDS:
            detail = f"A template may name: {', '.join(FIELDS)}."
            yield FieldProblem(pointer, "unknown_field", detail)
        elif name == TEXT_FIELD and not text_leaves:
            detail = "Messages' words do not leave: message_text_leaves is off."
            yield FieldProblem(pointer, "text_stays", detail)


def word(
    texts: AlertTexts, purpose: Purpose, message: Mapping[str, Any], words: Words | None
) -> dict[str, Any]:
    """The parts of a message that are said in the workspace's own way.

    Text that is left empty is the product's own sentence: no alert is lost over its words.
    """
    own = dict(message.get("sentence") or {})
    templates = texts.templates.get(purpose, {})
    for language in LANGUAGES:
        if template := templates.get(language):
            filled = _fill(template, _fields(message, language, words, texts)).strip()
            own[language] = filled[:FILLED_CHARACTERS] or own.get(language, "")
    said: dict[str, Any] = {"sentence": own}
    if texts.message_text_leaves and words is not None and words.text:
        said["text"] = words.text[:EXCERPT_CHARACTERS]
    return said


def _fill(template: str, fields: Mapping[str, str]) -> str:
    """Once: what a field brings in is not read for names again."""
    return _NAMED.sub(lambda found: fields.get(found[1].strip(), ""), template)


def _fields(
    message: Mapping[str, Any], language: str, words: Words | None, texts: AlertTexts
) -> dict[str, str]:
    place = LANGUAGES.index(language)

    def named(key: str) -> str:
        value = str(message.get(key) or "")
        return _WORDS[value][place] if value in _WORDS else value

    text = words.text if words is not None and texts.message_text_leaves else None
    follower = words.follower if words is not None else None
    return {
        "sentence": str((message.get("sentence") or {}).get(language, "")),
        "severity": named("severity"),
        "tier": named("tier"),
        "promise": named("clock_kind"),
        "percent": str(message.get("percent", "")),
        "late": describe_span(int(message.get("late_by_seconds") or 0))[place],
        "due_at": _moment(message.get("due_at")),
        "fired_at": _moment(message.get("fired_at")),
        "alert": str(message.get("alert_id") or ""),
        "case": str(message.get("case_id") or ""),
        "follower": (follower or "")[:NAME_CHARACTERS],
        "text": (text or "")[:EXCERPT_CHARACTERS],
    }


def _moment(value: object) -> str:
    """2026-11-21 12:00 UTC, from what is written to the second and always in UTC."""
    return f"{str(value)[:16].replace('T', ' ')} UTC" if value else ""
