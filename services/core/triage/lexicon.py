"""One look-up for all that has weights or a sense: runs of letters, words, pairs of words."""

from dataclasses import dataclass

import numpy as np

from services.core.triage.evidence import Evidence
from services.core.triage.grams import Keys, KeyTable
from services.core.triage.normalise import Places
from services.core.triage.phrasebook import Numbers

NONE = -1


@dataclass(frozen=True, slots=True)
class Known:
    """What each message has, each once, in the messages' order; `NONE` where a row is missing."""

    owner: Places
    grams: Numbers
    senses: Numbers


@dataclass(frozen=True, slots=True)
class StandingRuns:
    """Where known runs stand: from which letter to which of the plain view."""

    owner: Places
    grams: Numbers
    starts: Places
    ends: Places


class Lexicon:
    """The keys of two tables laid together, so that a batch is looked up once."""

    def __init__(self, gram_keys: Keys, sense_keys: Keys) -> None:
        """Both are sorted, and their rows are numbered in that order."""
        keys = np.union1d(gram_keys, sense_keys)
        self._table = KeyTable(keys)
        self._size = len(keys)
        self._gram_of = _rows(keys, gram_keys)
        self._sense_of = _rows(keys, sense_keys)

    def known(self, evidence: Evidence) -> Known:
        """Look a batch up, each run counted once in a message."""
        windows, words = evidence.windows, evidence.words
        at, rows = self._table.find(windows.ravel())
        owner = evidence.folded.plain.owner[at % windows.shape[1]]
        pairs = owner * self._size + rows
        if len(words.keys):
            at, rows = self._table.find(words.keys)
            pairs = np.concatenate((pairs, words.owner[at] * self._size + rows))
        pairs.sort()
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        owner = pairs // self._size
        rows = pairs - owner * self._size
        return Known(owner, self._gram_of[rows], self._sense_of[rows])

    def places(self, evidence: Evidence) -> StandingRuns:
        """Look a batch up, each run where it stands; only those that have weights."""
        windows, words = evidence.windows, evidence.words
        at, rows = self._table.find(windows.ravel())
        lengths, starts = np.divmod(at, windows.shape[1])
        among, word_rows = self._table.find(words.keys)
        owner = np.concatenate((evidence.folded.plain.owner[starts], words.owner[among]))
        begins = np.concatenate((starts, words.starts[among]))
        ends = begins + np.concatenate((lengths + 1, words.lengths[among]))
        grams = self._gram_of[np.concatenate((rows, word_rows))]
        kept = np.flatnonzero(grams != NONE)
        return StandingRuns(owner[kept], grams[kept], begins[kept], ends[kept])


def _rows(keys: Keys, some: Keys) -> Numbers:
    rows = np.full(len(keys), NONE, np.int32)
    rows[np.searchsorted(keys, some)] = np.arange(len(some))
    return rows
