"""Finds spelled-out phrases in a whole batch at once: hashed look-ups, no scanning per phrase.

The work is a fixed number of array passes over the letters plus work per word found, so it is
linear in the text whatever the phrases are and whoever wrote them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.core.triage.grams import Grams, Keys, KeyTable, keys_of
from services.core.triage.letters import Codes
from services.core.triage.normalise import Places, View
from services.core.triage.patterns import BORDER, DIGIT_SIGN, Chain

# Longer words are found by their first letters, and then compared whole.
LONGEST_PREFIX = 6
# Of several words that begin within one gap, so many are followed further.
_FOLLOWED = 4
_DIGITS = set("0123456789")

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Hits:
    """Where phrases stand: of which list, and from which letter to which of the batch."""

    lists: Numbers
    starts: Places
    ends: Places

    def of(self, number: int) -> tuple[Places, Places]:
        """Give the spans of one list, by their beginning."""
        mine = self.lists == number
        return self.starts[mine], self.ends[mine]


_NO_HITS = Hits(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class _Ragged:
    """Rows of different lengths, one behind the other."""

    begins: Places
    counts: Places
    values: Numbers

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> "_Ragged":
        counts = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = [value for row in rows for value in row]
        return cls(np.cumsum(counts) - counts, counts, np.array(flat, np.int32))

    @classmethod
    def of_counts(cls, counts: Sequence[int]) -> "_Ragged":
        """Rows that number through what they hold."""
        lengths = np.array(counts, np.int64)
        return cls(np.cumsum(lengths) - lengths, lengths, np.arange(lengths.sum(), dtype=np.int32))

    def spread(self, rows: NDArray[np.integer]) -> tuple[Places, Numbers]:
        """Give, for all values of these rows, which of `rows` they belong to, and themselves."""
        counts = self.counts[rows]
        whose = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts)
        return whose, self.values[self.begins[rows][whose] + within]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A word of a set: with digits alike, where it needs borders, and with its digits if any."""

    number: int
    alike: str
    left: bool
    right: bool
    exact: str

    @classmethod
    def of(cls, number: int, word: str) -> "_Entry":
        bare = word.strip(BORDER)
        alike = "".join(DIGIT_SIGN if each in _DIGITS else each for each in bare)
        exact = bare if alike != bare and DIGIT_SIGN not in bare else ""
        return cls(number, alike, word.startswith(BORDER), word.endswith(BORDER), exact)


@dataclass(slots=True)
class _Draft:
    """The phrases while they are being collected."""

    sets: dict[frozenset[str], int] = field(default_factory=dict)
    lists_of_set: list[list[int]] = field(default_factory=list)
    chains_of_set: list[list[int]] = field(default_factory=list)
    chains: list[tuple[int, list[int], Chain]] = field(default_factory=list)

    def number(self, link: frozenset[str]) -> int:
        if link not in self.sets:
            self.sets[link] = len(self.sets)
            self.lists_of_set.append([])
            self.chains_of_set.append([])
        return self.sets[link]

    def add(self, number: int, chain: Chain) -> None:
        links = [self.number(link) for link in chain.links]
        if not chain.gaps:
            self.lists_of_set[links[0]].append(number)
            return
        self.chains_of_set[links[0]].append(len(self.chains))
        self.chains.append((number, links, chain))


class PhraseBook:
    """Numbered lists of phrases, looked up together."""

    def __init__(self, phrases: Iterable[tuple[int, Chain]]) -> None:
        draft = _Draft()
        for number, chain in phrases:
            draft.add(number, chain)
        self._lists_of_set = _Ragged.of(draft.lists_of_set)
        self._chains_of_set = _Ragged.of(draft.chains_of_set)
        self._lay_chains(draft)
        self._lay_words(draft.sets)

    def _lay_chains(self, draft: _Draft) -> None:
        longest = max((len(links) for _, links, _ in draft.chains), default=1)
        count = len(draft.chains)
        self._links = np.zeros((count, longest), np.int32)
        self._low, self._high = np.zeros((2, count, longest), np.int64)
        self._chain_list = np.array([number for number, _, _ in draft.chains], np.int32)
        self._chain_length = np.array([len(links) for _, links, _ in draft.chains], np.int64)
        for at, (_, links, chain) in enumerate(draft.chains):
            self._links[at, : len(links)] = links
            for step, (low, high) in enumerate(chain.gaps, start=1):
                self._low[at, step], self._high[at, step] = low, high

    def _lay_words(self, sets: dict[frozenset[str], int]) -> None:
        """Lay the words by the keys of their first letters, with what a match has to fulfil."""
        entries: dict[str, list[_Entry]] = {}
        for link, number in sets.items():
            for word in sorted(link):
                entry = _Entry.of(number, word)
                entries.setdefault(entry.alike[:LONGEST_PREFIX], []).append(entry)
        prefixes = sorted(entries)
        order = np.argsort(keys_of(prefixes))
        rows = [entries[prefixes[at]] for at in order.tolist()]
        flat = [entry for row in rows for entry in row]
        self._table = KeyTable(keys_of(prefixes)[order])
        self._entries = _Ragged.of_counts([len(row) for row in rows])
        self._entry_set = np.array([entry.number for entry in flat], np.int32)
        self._entry_left = np.array([entry.left for entry in flat], bool)
        self._entry_right = np.array([entry.right for entry in flat], bool)
        self._entry_length = np.array([len(entry.alike) for entry in flat], np.int64)
        whole = keys_of([entry.alike for entry in flat])
        self._entry_whole = np.where(self._entry_length > LONGEST_PREFIX, whole, np.uint64(0))
        exact = keys_of([entry.exact for entry in flat], digits_apart=True)
        self._entry_exact = np.where([bool(entry.exact) for entry in flat], exact, np.uint64(0))

    def find(self, view: View, grams: Grams, windows: Keys) -> Hits:
        """Find all phrases in a batch; `windows` are those of `LONGEST_PREFIX` letters."""
        sets, starts, ends = self._find_words(view, grams, windows)
        lists_at, lists = self._lists_of_set.spread(sets)
        chained = self._find_chains(view, sets, starts, ends)
        return _unique(
            np.concatenate((lists, chained.lists)),
            np.concatenate((starts[lists_at], chained.starts)),
            np.concatenate((ends[lists_at], chained.ends)),
            len(view.codes) + 1,
        )

    def _find_words(
        self, view: View, grams: Grams, windows: Keys
    ) -> tuple[Numbers, Places, Places]:
        places, at = self._table.find(windows.ravel())
        whose, entries = self._entries.spread(at)
        starts = places[whose] % windows.shape[1]
        ends = starts + self._entry_length[entries]
        fits = ends <= len(view.codes)
        for asked, seen_by in ((self._entry_whole, grams.spans), (self._entry_exact, grams.exact)):
            some = np.flatnonzero((asked[entries] > 0) & fits)
            if len(some):
                fits[some] = seen_by(starts[some], ends[some]) == asked[entries[some]]
        bordered = np.flatnonzero((self._entry_left | self._entry_right)[entries] & fits)
        if len(bordered):
            mine = entries[bordered]
            before = _is_latin(view.codes[np.maximum(starts[bordered] - 1, 0)])
            after = _is_latin(view.codes[np.minimum(ends[bordered], len(view.codes) - 1)])
            fits[bordered] = ~(self._entry_left[mine] & before | self._entry_right[mine] & after)
        kept = np.flatnonzero(fits)
        return self._entry_set[entries[kept]], starts[kept], ends[kept]

    def _find_chains(self, view: View, sets: Numbers, starts: Places, ends: Places) -> Hits:
        size = len(view.codes) + 1
        whose, chains = self._chains_of_set.spread(sets)
        if not len(chains):
            return _NO_HITS
        place = sets.astype(np.int64) * size + starts
        order = np.argsort(place, kind="stable")
        place, word_ends = place[order], ends[order]
        begun, reached = starts[whose], ends[whose]
        limit = view.ends[view.owner[np.minimum(begun, len(view.owner) - 1)]]
        done: list[tuple[Numbers, Places, Places]] = []
        for step in range(1, self._links.shape[1]):
            following = self._links[chains, step].astype(np.int64) * size
            first = np.searchsorted(place, following + reached + self._low[chains, step])
            furthest = np.minimum(reached + self._high[chains, step], limit)
            last = np.searchsorted(place, following + furthest, side="right")
            counts = np.clip(last - first, 0, _FOLLOWED)
            row = np.repeat(np.arange(len(chains)), counts)
            turn = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
            chains, begun, limit = chains[row], begun[row], limit[row]
            reached = word_ends[first[row] + turn]
            _, kept = np.unique(chains.astype(np.int64) * size + reached, return_index=True)
            chains, begun, limit, reached = chains[kept], begun[kept], limit[kept], reached[kept]
            over = self._chain_length[chains] == step + 1
            done.append((self._chain_list[chains[over]], begun[over], reached[over]))
            chains, begun, limit, reached = (
                column[~over] for column in (chains, begun, limit, reached)
            )
            if not len(chains):
                break
        lists, begins, finishes = (np.concatenate(column) for column in zip(*done, strict=True))
        return Hits(lists, begins, finishes)


def _unique(lists: Numbers, starts: Places, ends: Places, size: int) -> Hits:
    """Keep the longest of the hits of one list that begin at one letter, in the text's order."""
    order = np.lexsort((-ends, starts, lists))
    lists, starts, ends = lists[order], starts[order], ends[order]
    place = lists.astype(np.int64) * size + starts
    fresh = np.ones(len(place), bool)
    fresh[1:] = place[1:] != place[:-1]
    return Hits(lists[fresh], starts[fresh], ends[fresh])


def _is_latin(codes: Codes) -> NDArray[np.bool_]:
    letter = (codes >= ord("a")) & (codes <= ord("z"))
    digit = (codes >= ord("0")) & (codes <= ord("9"))
    return letter | digit
