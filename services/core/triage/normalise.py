"""Folds what people type into what cues can read, and remembers where every letter came from.

Two views of one text. The plain view keeps words, marks and emoji classes; the contact view drops
all but letters and digits and folds the look-alikes that smuggle contact details past a filter.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import opencc

_EMOTICON_LONGEST = 8
_LONE_SURROGATES = range(0xD800, 0xE000)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_HAN_FIRST = 0x2E80
# NFKC leaves these apart from their plain forms.
_MARKS = {"’": "'", "‘": "'", "“": '"', "”": '"', "⟦": "[", "⟧": "]", "〜": "~", "—": "-"}
_simplify = opencc.OpenCC("t2s").convert


@dataclass(frozen=True, slots=True)
class View:
    """A folded text; letter i came from the original's code points `starts[i]` to `ends[i]`."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Give the original half-open span of this view's half-open, non-empty span."""
        return self.starts[start], self.ends[end - 1]


@dataclass(frozen=True, slots=True)
class Folded:
    plain: View
    contact: View


@dataclass(slots=True)
class _Strip:
    """A view while it is being written."""

    pieces: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    last: str = ""
    run: int = 0

    def put(self, piece: str, start: int, end: int) -> None:
        self.pieces.append(piece)
        self.starts.extend([start] * len(piece))
        self.ends.extend([end] * len(piece))

    def put_once(self, piece: str, start: int, end: int) -> None:
        """Write a piece; a third equal letter or a second equal mark only stretches the last."""
        self.run = self.run + 1 if piece == self.last else 1
        self.last = piece
        allowed = 2 if piece.isalpha() else 1
        if self.run > allowed and not piece.isdigit():
            self.ends[-1] = end
            return
        self.put(piece, start, end)

    def view(self) -> View:
        return View("".join(self.pieces), tuple(self.starts), tuple(self.ends))


class Normaliser:
    """Folds with three tables: emoji and emoticons to their class, look-alikes to letters."""

    def __init__(
        self,
        *,
        emoji: Mapping[str, str],
        emoticons: Mapping[str, str],
        lookalikes: Mapping[str, str],
        simplify: Callable[[str], str] = _simplify,
    ) -> None:
        self._simplify = simplify
        self._emoji = dict(emoji)
        self._emoticons = {name.casefold(): kind for name, kind in emoticons.items()}
        self._lookalikes = dict(lookalikes)
        self._fold = lru_cache(maxsize=16_384)(self._fold_uncached)

    def fold(self, text: str) -> Folded:
        """Fold any string; time and space are linear in its length."""
        source = self._simplified(text)
        plain, contact = _Strip(), _Strip()
        index, length = 0, len(source)
        while index < length:
            emoticon = self._emoticon_at(source, index) if source[index] in "[［" else None
            if emoticon is not None:
                token, end = emoticon
                plain.put_once(token, index, end)
                index = end
                continue
            seen, smuggled = self._fold(source[index])
            if seen:
                plain.put_once(seen, index, index + 1)
            if smuggled:
                contact.put(smuggled, index, index + 1)
            index += 1
        return Folded(plain.view(), contact.view())

    def _simplified(self, text: str) -> str:
        """Turn traditional into simplified letter for letter, so that positions stay."""
        if all(ord(letter) < _HAN_FIRST for letter in text):
            return text
        # NUL and lone surrogates do not survive the way through C++, so they stay at home.
        clean = "".join(each if each.isprintable() else " " for each in text)
        simplified = self._simplify(clean)
        if len(simplified) != len(text):
            simplified = "".join(self._simplified_letter(letter) for letter in clean)
        return "".join(
            new if old.isprintable() else old for old, new in zip(text, simplified, strict=True)
        )

    def _simplified_letter(self, letter: str) -> str:
        simplified = self._simplify(letter)
        return simplified if len(simplified) == 1 else letter

    def _emoticon_at(self, source: str, index: int) -> tuple[str, int] | None:
        window = source[index + 1 : index + 2 + _EMOTICON_LONGEST].replace("］", "]")
        close = window.find("]")
        if close < 1:
            return None
        kind = self._emoticons.get(window[:close].casefold())
        if kind is None and window[close - 1] in "RHrh":
            kind = "sign"
        return None if kind is None else (_token(kind), index + close + 2)

    def _fold_uncached(self, letter: str) -> tuple[str, str]:
        code = ord(letter)
        if code in _LONE_SURROGATES:
            return "\ufffd", ""
        category = unicodedata.category(letter)
        if letter in "\r\n\u2028\u2029":
            return "\n", ""
        if category in {"Cf", "Mn", "Me", "Cs"} or code in _SKIN_TONES:
            return "", ""
        kind = self._emoji.get(letter)
        plain = _token(kind) if kind else _folded_letter(letter, category)
        smuggled = self._lookalikes.get(letter) or self._lookalikes.get(plain)
        if smuggled is None:
            smuggled = "" if kind else "".join(each for each in plain if each.isalnum())
        return plain, smuggled


def _token(kind: str) -> str:
    """Capitals, since folded text has none: a pattern for the word love never meets the class."""
    return f"⟦{kind.upper()}⟧"


def _folded_letter(letter: str, category: str) -> str:
    if category.startswith("Z") or category in {"Cc", "Cn", "Co"}:
        return " "
    folded = _MARKS.get(letter) or unicodedata.normalize("NFKC", letter).casefold()
    if not folded.isalnum() and unicodedata.category(folded[0]) == "So":
        return " "
    return folded
