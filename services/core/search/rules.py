"""How a question is read and where a text answers it; Chinese by letters, the rest by words.

The letters and words here are those of `warmline_search_keys` in the database: a test holds the two
against each other.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from services.core.search.types import Span, Wanted

# Of scripts that write words: they are found by their beginnings.
_LETTERS: Final = "0-9a-z\u00c0-\u1fff"
# Of scripts that do not, and pictures: they are found by two that stand beside each other.
_SIGNS: Final = "\u2e80-\u2fff\u3040-\U0010ffff"
_BETWEEN: Final = re.compile(f"[^{_LETTERS}{_SIGNS}]+")
_AROUND: Final = re.compile(f"^[^{_LETTERS}{_SIGNS}]+|[^{_LETTERS}{_SIGNS}]+$")
_WORD: Final = re.compile(f"[{_LETTERS}]+")
_FIRST_SIGN: Final = "\u2e80"
# How much of a word's beginning is kept: the longest that fits is looked up.
_BEGINNINGS: Final = (8, 4, 2)
MOST_SPANS: Final = 50


def read_question(folded: str) -> Wanted:
    """What to look up, and what to hold each text against; `folded` is as the database folds.

    Parts stand between spaces, and each is looked for as it is written. Without `terms` nothing
    can be looked up; without `parts` there was only punctuation.
    """
    stripped = (_AROUND.sub("", part) for part in folded.split())
    parts = tuple(dict.fromkeys(part for part in stripped if part))
    terms = tuple(dict.fromkeys(term for part in parts for term in _terms(part)))
    return Wanted(parts, terms, tuple(_pattern(part) for part in parts))


def find_spans(text: str, parts: Sequence[str]) -> list[Span]:
    """Where the parts stand in a text, in order, those that touch joined; the first 50."""
    folded, places = _fold(text)
    found = sorted(
        (places[match.start()][0], places[match.end() - 1][1])
        for part in parts
        for match in re.finditer(_beginning(part, "(?<![", "])") + re.escape(part), folded)
    )
    spans: list[Span] = []
    for start, end in found:
        if spans and start <= spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(end, spans[-1].end))
        else:
            spans.append(Span(start, end))
    return spans[:MOST_SPANS]


def _terms(part: str) -> Iterator[str]:
    clean = _BETWEEN.sub(" ", part)
    for before, letter in pairwise(clean):
        if " " not in (before, letter) and max(before, letter) >= _FIRST_SIGN:
            yield before + letter
    for word in _WORD.findall(clean):
        size = next((size for size in _BEGINNINGS if len(word) >= size), None)
        if size is not None:
            yield f"^{word[:size]}"


def _pattern(part: str) -> str:
    """For Postgres: the part itself, at the beginning of a word if it begins with one."""
    return _beginning(part, "(^|[^", "])") + re.escape(part)


def _beginning(part: str, opening: str, closing: str) -> str:
    return f"{opening}{_LETTERS}{closing}" if _WORD.match(part) else ""


def _fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text as it is compared, and of each letter in it where it comes from."""
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        folded = unicodedata.normalize("NFKC", text[start:end]).lower()
        letters.append(folded)
        places += [(start, end)] * len(folded)
    return "".join(letters), places


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """A letter with the marks that stand on it: they may be one letter when folded."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or not unicodedata.combining(text[place]):
            yield start, place
            start = place
