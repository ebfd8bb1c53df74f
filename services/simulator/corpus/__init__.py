"""What simulated followers say: a hand-written bilingual corpus, drawn without repeats."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

ANY_TRADE = "any"
# The made-up brand the texts tag; replaced by the source's own account when a plan is made.
BRAND_IN_TEXTS = "慢半拍小铺"


@dataclass(frozen=True, slots=True)
class Line:
    """One message as somebody might write it; `tone` says what it was written for, no verdict."""

    text: str
    kind: str
    lang: str
    tone: str
    trade: str


@dataclass(frozen=True, slots=True)
class BrandReply:
    text: str
    lang: str
    tone: str


@dataclass(frozen=True, slots=True)
class PostTitle:
    text: str
    lang: str
    trade: str


@cache
def messages() -> tuple[Line, ...]:
    return tuple(Line(**row) for row in _rows("messages.jsonl"))


@cache
def brand_replies() -> tuple[BrandReply, ...]:
    return tuple(BrandReply(**row) for row in _rows("brand_replies.jsonl"))


@cache
def post_titles() -> tuple[PostTitle, ...]:
    return tuple(PostTitle(**row) for row in _rows("post_titles.jsonl"))


class Voices:
    """Draws texts that fit the moment, each one once before any comes again."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._bags: dict[tuple[str, ...], list[str]] = {}

    def message(self, *, kind: str, tone: str, trade: str, english: bool) -> str:
        """A text of that kind and tone; trade, then language, give way when nothing fits all."""
        langs = _langs(english=english)
        steps: tuple[Callable[[Line], bool], ...] = (
            lambda line: line.trade in {trade, ANY_TRADE} and line.lang in langs,
            lambda line: line.lang in langs,
            lambda _: True,
        )

        def fitting() -> Sequence[str]:
            pool = [line for line in messages() if line.kind == kind and line.tone == tone]
            return _first_not_empty(pool, steps)

        return self._draw((kind, tone, trade, str(english)), fitting)

    def brand_reply(self, *, tone: str, english: bool) -> str:
        langs = _langs(english=english)

        def fitting() -> Sequence[str]:
            spoken = [reply for reply in brand_replies() if reply.lang in langs]
            exact = [reply.text for reply in spoken if reply.tone == tone]
            return exact or [reply.text for reply in spoken if reply.tone == "praise"]

        return self._draw(("reply", tone, str(english)), fitting)

    def post_title(self) -> PostTitle:
        by_text = {title.text: title for title in post_titles()}
        return by_text[self._draw(("title",), lambda: list(by_text))]

    def _draw(self, key: tuple[str, ...], fill: Callable[[], Sequence[str]]) -> str:
        bag = self._bags.get(key)
        if not bag:
            bag = list(fill())
            self._rng.shuffle(bag)
            self._bags[key] = bag
        return bag.pop()


def _first_not_empty(pool: Sequence[Line], steps: Sequence[Callable[[Line], bool]]) -> list[str]:
    for fits in steps:
        found = [line.text for line in pool if fits(line)]
        if found:
            return found
    raise LookupError("the corpus has no message of that kind and tone")


def _langs(*, english: bool) -> set[str]:
    return {"en"} if english else {"zh", "mixed"}


def _rows(name: str) -> list[dict[str, Any]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
