"""Folds what people type into what cues and weights can read; every letter knows its origin.

A whole batch is folded at once, as arrays. Two views of each text: the plain view keeps words,
marks and emoji classes; the contact view drops all but letters and digits and folds the
look-alikes that smuggle contact details past a filter.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.core.triage.letters import (
    ADDRESS,
    BRAND,
    DIGIT,
    DROPPED,
    EDGE,
    EMOTICON,
    SOMEBODY,
    Codes,
    Letters,
)
from services.core.triage.types import MessageKind, TriageInput

# What is read of one message: its first and its last letters. A comment has at most a thousand.
HEAD, TAIL = 4_000, 1_000
_EMOTICON = re.compile(r"[\[［]([^\[\]［］\n]{1,9})[\]］]")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\u2e80-\uffff]{1,200}", re.IGNORECASE)
# A handle ends where the platform puts a space; a name that runs into the sentence is cut short.
_HANDLE = re.compile(r"[@＠]([^\s@＠,，。.!！?？:：;；、~～\[\]()（）#]{1,20})")
_LONGEST_BARE_HANDLE = 8
_SHORTHAND = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9]{1,5}(?![a-z0-9])")
_LETTER_RUN, _MARK_RUN = 2, 1
_IDEOGRAPHS_BEGIN = 0x2E80

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class View:
    """The folded letters of a batch, each message between two edges.

    Letter i belongs to message `owner[i]` and came from `origin[i]` of that message's original;
    `starts[m]` to `ends[m]` are message m's letters, without its edges; `sizes[m]` is how many
    code points the original has.
    """

    codes: Codes
    owner: Places
    origin: Places
    starts: Places
    ends: Places
    sizes: Places

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Give the original half-open span of a half-open span of letters, edges not counted.

        It reaches to the next letter that was kept: all of an emoticon, all of a shouted mark.
        """
        whose = int(self.owner[max(start, 0)]) if start < len(self.owner) else 0
        start, end = max(start, int(self.starts[whose])), min(end, int(self.ends[whose]))
        if start >= end:
            return 0, 0
        closed = end == int(self.ends[whose])
        return int(self.origin[start]), int(self.sizes[whose] if closed else self.origin[end])

    def text(self, message: int) -> Codes:
        return self.codes[self.starts[message] : self.ends[message]]


@dataclass(frozen=True, slots=True)
class Folded:
    """A batch in both views. `brand` and `somebody` say whose handle stands in each message."""

    plain: View
    contact: View
    brand: NDArray[np.bool_]
    somebody: NDArray[np.bool_]


class Normaliser:
    """Folds with tables: letters, platform emoticons, abbreviations, words of brands' handles."""

    def __init__(
        self,
        letters: Letters,
        *,
        emoticons: Mapping[str, int],
        shorthand: Mapping[str, str],
        brand_words: Sequence[str],
    ) -> None:
        self.letters = letters
        self._emoticons = {name.casefold(): sign for name, sign in emoticons.items()}
        self._shorthand = {
            short: [ord(letter) for letter in meaning] for short, meaning in shorthand.items()
        }
        self._brand_word = re.compile("|".join(brand_words), re.IGNORECASE)

    def fold(self, messages: Sequence[TriageInput]) -> Folded:
        """Fold any strings; time and space are linear in what is read of them."""
        texts = [_read(message.text) for message in messages]
        joined = "\n".join(texts)
        codes = self.letters.read(joined)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        begins = np.concatenate(([0], np.cumsum(lengths + 1)[:-1]))
        self._shorten(joined, codes)
        brand, somebody = self._handles(messages, joined, codes, begins)
        owner = np.repeat(np.arange(len(texts)), lengths + 1)[: len(codes)]
        origin = np.arange(len(codes)) - begins[owner]
        if lengths.max(initial=0) > HEAD:
            origin = self._past_the_gap(messages, origin, owner)
        inside = _inside(begins, lengths, len(codes))
        sizes = np.fromiter((len(message.text) for message in messages), np.int64, len(texts))
        plain = self.letters.fold(codes)
        contact = self.letters.unwrap(codes)
        return Folded(
            plain=_view(_calmed(plain, owner, inside), owner, origin, sizes),
            contact=_view(np.where(inside, contact, DROPPED), owner, origin, sizes),
            brand=brand,
            somebody=somebody,
        )

    def _shorten(self, joined: str, codes: Codes) -> None:
        """Put one sign for each emoticon and address, and the meaning for each abbreviation."""
        for found in _EMOTICON.finditer(joined):
            sign = self._emoticon(found.group(1))
            if sign:
                _put(codes, found.start(), found.end(), [sign])
        for found in _ADDRESS.finditer(joined):
            _put(codes, found.start(), found.end(), [ADDRESS])
        for found in _SHORTHAND.finditer(joined.lower() if joined.isascii() else _lowered(joined)):
            meaning = self._shorthand.get(found.group())
            if meaning is not None:
                _put(codes, found.start(), found.end(), meaning)

    def _emoticon(self, name: str) -> int:
        folded = name.casefold()
        sign = self._emoticons.get(folded, 0)
        return sign or (EMOTICON if folded[-1] in "rh" and len(folded) > 1 else 0)

    def _handles(
        self, messages: Sequence[TriageInput], joined: str, codes: Codes, begins: Places
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        brand, somebody = np.zeros(len(messages), bool), np.zeros(len(messages), bool)
        for found in _HANDLE.finditer(joined):
            at = int(np.searchsorted(begins, found.start(), side="right")) - 1
            message, name = messages[at], found.group(1)
            length = self._brand_length(message, name, first=not brand[at] and not somebody[at])
            sign = BRAND if length else SOMEBODY
            (brand if length else somebody)[at] = True
            length = length or (
                len(name) if name.isascii() else min(len(name), _LONGEST_BARE_HANDLE)
            )
            _put(codes, found.start(), found.start() + 1 + length, [sign])
        return brand, somebody

    def _brand_length(self, message: TriageInput, name: str, *, first: bool) -> int:
        """How many letters of a name are the brand's handle; 0 when it is somebody else's."""
        own = [handle.lstrip("@＠").casefold() for handle in message.brand_handles]
        if any(own):
            folded = name.casefold()
            fitting = (handle for handle in own if handle and folded.startswith(handle))
            return max(map(len, fitting), default=0)
        if name.isascii():
            known = self._brand_word.search(name) is not None
            return len(name) if known or (first and message.kind is MessageKind.MENTION) else 0
        ends = [found.end() for found in self._brand_word.finditer(name)]
        if ends:
            return ends[-1]
        if first and message.kind is MessageKind.MENTION:
            return min(len(name), _LONGEST_BARE_HANDLE)
        return 0

    @staticmethod
    def _past_the_gap(messages: Sequence[TriageInput], origin: Places, owner: Places) -> Places:
        gaps = np.array([max(0, len(message.text) - HEAD - TAIL) for message in messages])
        return np.where((origin >= HEAD) & (gaps[owner] > 0), origin + gaps[owner], origin)


def digits_alike(codes: Codes) -> Codes:
    """Give every digit the same sign."""
    return np.where((codes >= ord("0")) & (codes <= ord("9")), DIGIT, codes).astype(np.uint32)


def _read(text: str) -> str:
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:]


def _lowered(joined: str) -> str:
    """Lower case letter for letter, since a few letters grow when they are lowered."""
    lowered = joined.lower()
    if len(lowered) == len(joined):
        return lowered
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in joined)


def _put(codes: Codes, start: int, end: int, signs: Sequence[int]) -> None:
    codes[start:end] = DROPPED
    codes[start : start + len(signs)] = signs


def _inside(begins: Places, lengths: Places, size: int) -> NDArray[np.bool_]:
    inside = np.ones(size, bool)
    between = begins + lengths
    inside[between[between < size]] = False
    return inside


def _calmed(codes: Codes, owner: Places, inside: NDArray[np.bool_]) -> Codes:
    """Drop what is shouted: a third equal letter, a second equal mark, blanks in a row."""
    codes = np.where(inside, codes, DROPPED).astype(np.uint32)
    kept = np.flatnonzero(codes)
    if not len(kept):
        return codes
    seen, whose = codes[kept], owner[kept]
    fresh = np.ones(len(kept), bool)
    fresh[1:] = (seen[1:] != seen[:-1]) | (whose[1:] != whose[:-1])
    turn = np.arange(len(kept))
    run = turn - np.maximum.accumulate(np.where(fresh, turn, 0))
    digit = (seen >= ord("0")) & (seen <= ord("9"))
    letter = (seen >= ord("a")) & (seen <= ord("z")) | (seen >= _IDEOGRAPHS_BEGIN) & (seen < EDGE)
    limit = np.where(letter, _LETTER_RUN, _MARK_RUN)
    codes[kept[(run >= limit) & ~digit]] = DROPPED
    return codes


def _view(codes: Codes, owner: Places, origin: Places, sizes: Places) -> View:
    """Lay the letters that remain between edges: edge, message, edge, message, edge."""
    count = len(sizes)
    kept = np.flatnonzero(codes)
    whose = owner[kept]
    counts = np.bincount(whose, minlength=count)
    ends = np.cumsum(counts + 1)
    starts = ends - counts
    laid = np.full(len(kept) + count + 1, EDGE, np.uint32)
    places = np.arange(len(kept)) + whose + 1
    laid[places] = codes[kept]
    owners = np.append(np.repeat(np.arange(count), counts + 1), max(count - 1, 0))
    origins = np.zeros(len(laid), np.int64)
    origins[places] = origin[kept]
    return View(laid, owners, origins, starts, ends, sizes)
