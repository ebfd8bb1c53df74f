"""Reads a batch of messages into evidence: runs of letters, cues as they stand, and its shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.core.triage.context import Context, Traits
from services.core.triage.cuebook import CueBook, State, Window
from services.core.triage.grams import Grams, Keys
from services.core.triage.letters import ADDRESS, Codes
from services.core.triage.normalise import Folded, Places, View
from services.core.triage.phrasebook import LONGEST_PREFIX, Hits, Numbers
from services.core.triage.types import MessageKind, TriageInput

LONGEST_GRAM = 4
WORD = np.uint64(0xA0761D6478BD642F)
WORD_PAIR = np.uint64(0xE7037ED1A0B428DB)
_KINDS = list(MessageKind)
_HAN_BEGIN, _HAN_END = 0x3400, 0xA000
_FIRST_EMOJI = 0xE010
_LETTERS_BEGIN = 0xAA
# General punctuation and symbols, Chinese punctuation, our own signs.
_MARKS = ((0x2000, 0x2E80), (0x3000, 0x3040), (0xE000, 0xE100))
# Lengths in folded letters: emoji and a word, a remark, a sentence, several, a letter.
_LENGTHS = (1, 3, 6, 10, 16, 26, 42, 70, 120)
# Letters without which nobody passes contact details on; Latin ones count among Chinese only.
_CONTACT = np.zeros(0x20001, bool)
_CONTACT[[ord(sign) for sign in "微信扣企群绿围纸蝙电飞号"]] = True
_CONTACT_LATIN = np.zeros(0x20001, bool)
_CONTACT_LATIN[[ord(sign) for sign in "vwxqt"]] = True
_MANY_DIGITS = 5

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

SHAPES = (
    *(f"kind:{kind.value}" for kind in _KINDS),
    *(f"length:{longest}" for longest in _LENGTHS),
    "length:more",
    *("brand", "somebody", "address", "digits", "asks", "ends:asks", "shouts", "emoji"),
    *("han", "latin", "mixed", "quiet", "wordless", "brand:comment", "spaced"),
)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of letters by the message they belong to, with their spans in the plain view."""

    owner: Places
    keys: Keys
    starts: Places
    lengths: Places


@dataclass(frozen=True, slots=True)
class CueHits:
    """Cues where they stand; `contact` says in which view the span counts."""

    owner: Places
    cues: Numbers
    states: Numbers
    starts: Places
    ends: Places
    contact: Flags


class Evidence:
    """All that is read from one batch; what costs time is read when it is first asked for."""

    def __init__(self, messages: Sequence[TriageInput], book: CueBook, traits: Traits) -> None:
        self.messages = messages
        self._book = book
        self._traits = traits
        self.folded: Folded = book.normaliser.fold(messages)
        self.grams = Grams(self.folded.plain.codes)
        self._windows = self.grams.windows(LONGEST_PREFIX)
        self._hits = book.plain.find(self.folded.plain, self.grams, self._windows)

    def __len__(self) -> int:
        return len(self.messages)

    def of_kind(self, kind: MessageKind) -> Flags:
        marked: Flags = self._kinds == _KINDS.index(kind)
        return marked

    @cached_property
    def _kinds(self) -> Places:
        return np.array([_KINDS.index(message.kind) for message in self.messages], np.int64)

    @property
    def windows(self) -> Keys:
        """The keys of runs of one to four letters: row L - 1, a column for each letter."""
        return self._windows[:LONGEST_GRAM]

    @cached_property
    def words(self) -> Runs:
        """Latin words and pairs of neighbours; their keys are no run's."""
        view = self.folded.plain
        starts, ends = _latin_words(view)
        owner = view.owner[starts]
        pairs = np.flatnonzero((starts[1:] == ends[:-1] + 1) & (owner[1:] == owner[:-1]))
        alone = self.grams.spans(starts, ends) ^ WORD
        paired = self.grams.spans(starts[pairs], ends[pairs + 1]) ^ WORD_PAIR
        return Runs(
            np.concatenate((owner, owner[pairs])),
            np.concatenate((alone, paired)),
            np.concatenate((starts, starts[pairs])),
            np.concatenate((ends - starts, ends[pairs + 1] - starts[pairs])),
        )

    @cached_property
    def cues(self) -> CueHits:
        """Every cue that stands in a message, and how it stands there."""
        plain = self.folded.plain
        hits = self._hits
        mine = hits.lists < len(self._book.cues)
        cues, starts, ends = hits.lists[mine], hits.starts[mine], hits.ends[mine]
        context = Context(plain, self._book, hits)
        states = context.states(cues, starts, ends, self._traits)
        smuggled = self._contact_hits()
        count, other = len(cues), len(smuggled.lists)
        return CueHits(
            np.concatenate((plain.owner[starts], self.folded.contact.owner[smuggled.starts])),
            np.concatenate((cues, smuggled.lists)),
            np.concatenate((states, np.full(other, State.SAID, np.int32))),
            np.concatenate((starts, smuggled.starts)),
            np.concatenate((ends, smuggled.ends)),
            np.concatenate((np.zeros(count, bool), np.ones(other, bool))),
        )

    def _contact_hits(self) -> Hits:
        """Look for contact details, where there is anything to make them of."""
        if not self._suspicious.any():
            return Hits(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64))
        view = self.folded.contact
        grams = Grams(view.codes)
        return self._book.contact.find(view, grams, grams.windows(LONGEST_PREFIX))

    @cached_property
    def _suspicious(self) -> Flags:
        view = self.folded.contact
        signs = np.minimum(view.codes, len(_CONTACT) - 1)
        drawn, latin = _in_each(view, _CONTACT[signs], _CONTACT_LATIN[signs]) > 0
        suspicious: Flags = drawn | (latin & self._seen.han) | self._digits
        return suspicious

    @cached_property
    def _digits(self) -> Flags:
        view = self.folded.contact
        many: Flags = _in_each(view, _is_digit(view.codes))[0] >= _MANY_DIGITS
        return many

    @cached_property
    def quiet(self) -> Flags:
        """Messages made of thanks, laughter, goodbyes, bookmarks, names and signs alone."""
        view = self.folded.plain
        starts, ends = self._hits.of(self._book.window(Window.QUIET))
        depth = np.zeros(len(view.codes) + 1, np.int64)
        np.add.at(depth, starts, 1)
        np.add.at(depth, ends, -1)
        said = _is_wordlike(view) & (np.cumsum(depth)[:-1] == 0)
        quiet: Flags = (_in_each(view, said)[0] == 0) & (view.ends > view.starts)
        return quiet

    @cached_property
    def _seen(self) -> "_Seen":
        view, codes = self.folded.plain, self.folded.plain.codes
        found = _in_each(
            view,
            (codes >= _HAN_BEGIN) & (codes < _HAN_END),
            _is_latin_letter(view),
            codes == ADDRESS,
            codes == ord("?"),
            codes == ord("!"),
            (codes >= _FIRST_EMOJI) & (codes < _FIRST_EMOJI + 0x40),
            _is_wordlike(view),
            codes == ord(" "),
        )
        return _Seen(*(found > 0))

    @cached_property
    def shape(self) -> Floats:
        """One row a message, one column for each of `SHAPES`."""
        view, folded, seen = self.folded.plain, self.folded, self._seen
        lengths = view.ends - view.starts
        table = np.zeros((len(SHAPES), len(self)), np.float32)
        each = np.arange(len(self))
        table[self._kinds, each] = 1
        table[len(_KINDS) + np.searchsorted(_LENGTHS, lengths), each] = 1
        table[len(_KINDS) + len(_LENGTHS) + 1 :] = (
            folded.brand,
            folded.somebody,
            seen.address,
            self._digits,
            seen.asks,
            view.codes[np.maximum(view.ends - 1, 0)] == ord("?"),
            seen.shouts,
            seen.emoji,
            seen.han,
            seen.latin,
            seen.han & seen.latin,
            self.quiet,
            ~seen.words,
            folded.brand & self.of_kind(MessageKind.COMMENT),
            seen.blank & seen.han,
        )
        return table.T


@dataclass(frozen=True, slots=True)
class _Seen:
    """What stands anywhere in a message."""

    han: Flags
    latin: Flags
    address: Flags
    asks: Flags
    shouts: Flags
    emoji: Flags
    words: Flags
    blank: Flags


def _in_each(view: View, *marked: Flags) -> NDArray[np.int64]:
    """Count for each kind of mark, row by row, how many letters of each message have it."""
    sums = np.zeros((len(marked), len(view.codes) + 1), np.int64)
    np.cumsum(marked, axis=1, out=sums[:, 1:])
    counts: NDArray[np.int64] = sums[:, view.ends] - sums[:, view.starts]
    return counts


def _is_digit(codes: Codes) -> Flags:
    digit: Flags = (codes >= ord("0")) & (codes <= ord("9"))
    return digit


def _latin_words(view: View) -> tuple[Places, Places]:
    latin = _is_latin_letter(view) | (view.codes == ord("'"))
    change = np.flatnonzero(latin[1:] != latin[:-1]) + 1
    return change[::2], change[1::2]


def _is_latin_letter(view: View) -> Flags:
    return (view.codes >= ord("a")) & (view.codes <= ord("z"))


def _is_wordlike(view: View) -> Flags:
    """Letters and digits of any script, but no marks, signs, names or emoji."""
    codes = view.codes
    digit = _is_digit(codes)
    other = codes >= _LETTERS_BEGIN
    for begin, end in _MARKS:
        other &= (codes < begin) | (codes >= end)
    wordlike: Flags = digit | _is_latin_letter(view) | other
    return wordlike
