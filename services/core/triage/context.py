"""What stands around a cue: a negator, a supposition, another brand; each may change its mind."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.core.triage.cuebook import CueBook, State, Window
from services.core.triage.letters import Codes
from services.core.triage.normalise import Places, View
from services.core.triage.phrasebook import Hits, Numbers

_BREAKS = np.zeros(0x3100, bool)
_BREAKS[[ord(mark) for mark in ",.!?;:。、\n~"]] = True
_HAN_BEGIN, _HAN_END = 0x3400, 0xA000
_LAST_ASCII = 0x7F
_BAD = "sentiment:negative"


class Context:
    """The windows of one batch, asked about all cues in it; places are of the plain view."""

    def __init__(self, view: View, book: CueBook, hits: Hits) -> None:
        self._view = view
        self._book = book
        self._breaks = _clause_begins(view)
        self._spans = {window: hits.of(book.window(window)) for window in Window}
        self._negators = self._true_negators()

    def states(self, cues: Numbers, starts: Places, ends: Places, traits: "Traits") -> Numbers:
        """Say how each hit of a cue stands: said, negated, doubted or of another brand."""
        negated = traits.negatable[cues] & self._is_negated(starts)
        doubted = traits.doubtable[cues] & self._is_doubted(starts, ends)
        elsewhere = traits.bad[cues] & self._is_elsewhere(starts)
        if not (negated.any() or doubted.any() or elsewhere.any()):
            return np.zeros(len(cues), np.int32)
        states = np.where(elsewhere, State.ELSEWHERE, State.SAID)
        states = np.where(negated, State.NEGATED, states)
        return np.where(doubted, State.DOUBTED, states).astype(np.int32)

    def _true_negators(self) -> Places:
        """The ends of negators that negate: no longer word holds them, no phrase spares them."""
        starts, ends = self._spans[Window.NEGATOR]
        if not len(starts):
            return ends
        furthest = np.maximum.accumulate(ends)
        alone = np.ones(len(starts), bool)
        alone[1:] = starts[1:] >= furthest[:-1]
        spared = _covered(self._spans[Window.NO_NEGATOR], len(self._view.codes))
        return ends[alone & ~spared[starts]]

    def _begin(self, window: Window, starts: Places) -> Places:
        """Where a window in front of each place begins: at its reach, or where the clause does."""
        reach = self._book.reach[window]
        latin = self._view.codes[np.minimum(starts, len(self._view.codes) - 1)] <= _LAST_ASCII
        begins = starts - np.where(latin, reach.before_ascii, reach.before)
        clause = self._breaks[np.maximum(np.searchsorted(self._breaks, starts, "right") - 1, 0)]
        return np.maximum(begins, clause)

    def _is_negated(self, starts: Places) -> NDArray[np.bool_]:
        if not len(self._negators):
            return np.zeros(len(starts), bool)
        count = _count(self._negators, self._begin(Window.NEGATOR, starts), starts)
        odd: NDArray[np.bool_] = count % 2 == 1
        return odd

    def _is_doubted(self, starts: Places, ends: Places) -> NDArray[np.bool_]:
        if not (len(self._spans[Window.DOUBT][1]) or len(self._spans[Window.DOUBT_AFTER][1])):
            return np.zeros(len(starts), bool)
        begins = self._begin(Window.DOUBT, starts)
        told = _count(self._spans[Window.TOLD][1], begins, starts) > 0
        doubted = _count(self._spans[Window.DOUBT][1], begins, starts) > 0
        reach = self._book.reach[Window.DOUBT].after
        at = np.searchsorted(self._breaks, ends, side="right")
        clause_end = np.append(self._breaks, len(self._view.codes))[at]
        after_starts, after_ends = self._spans[Window.DOUBT_AFTER]
        first = np.searchsorted(after_starts, ends)
        found = np.append(after_ends, np.iinfo(np.int64).max)[first]
        asked = found <= np.minimum(clause_end, ends + reach)
        doubtful: NDArray[np.bool_] = ~told & (doubted | asked)
        return doubtful

    def _is_elsewhere(self, starts: Places) -> NDArray[np.bool_]:
        if not len(self._spans[Window.ELSEWHERE][1]):
            return np.zeros(len(starts), bool)
        begins = self._begin(Window.ELSEWHERE, starts)
        return _count(self._spans[Window.ELSEWHERE][1], begins, starts) > 0


class Traits:
    """What each cue of a book can be turned into, as arrays by cue number."""

    def __init__(self, book: CueBook) -> None:
        self.negatable = np.array([cue.negated is not None for cue in book.cues], bool)
        self.doubtable = np.array([cue.doubted is not None for cue in book.cues], bool)
        self.bad = np.array([_argues_bad(cue.argues) for cue in book.cues], bool)


def _argues_bad(effects: Sequence[tuple[str, float]]) -> bool:
    return any(effect == _BAD for effect, _ in effects)


def _clause_begins(view: View) -> Places:
    """Where clauses begin. A space between two Chinese words is a comma; in English it is none."""
    codes = view.codes
    breaks = _BREAKS[np.minimum(codes, len(_BREAKS) - 1)]
    han = _is_han(codes)
    breaks[1:-1] |= (codes[1:-1] == ord(" ")) & han[:-2] & han[2:]
    breaks[view.starts - 1] = True
    return np.flatnonzero(breaks) + 1


def _is_han(codes: Codes) -> NDArray[np.bool_]:
    return (codes >= _HAN_BEGIN) & (codes < _HAN_END)


def _covered(spans: tuple[Places, Places], size: int) -> NDArray[np.bool_]:
    depth = np.zeros(size + 1, np.int64)
    np.add.at(depth, spans[0], 1)
    np.add.at(depth, np.minimum(spans[1], size), -1)
    return np.cumsum(depth)[:size] > 0


def _count(ends: Places, begins: Places, stops: Places) -> Places:
    """How many of some spans end behind `begins` and not behind `stops`."""
    ordered = np.sort(ends)
    after = np.searchsorted(ordered, stops, side="right")
    before = np.searchsorted(ordered, begins, side="right")
    counts: Places = np.maximum(after - before, 0)
    return counts
