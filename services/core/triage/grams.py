"""Hashes of runs of letters, for all places and lengths of a batch at once.

A run c0 c1 c2 … hashes to Σ ck·Bᵏ modulo 2⁶⁴, so the hash of any run is a difference of two
prefix sums; mixed with the length it is the run's key everywhere: in cues, weights and senses.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.core.triage.letters import Codes
from services.core.triage.normalise import Places, digits_alike

Keys = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_LENGTH_SALT = np.uint64(0xD6E8FEB86659FD93)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(31)
_POWERS_KEPT = 1 << 17
_FILTER_BITS = 20
_FEWEST_BITS = 8


class Grams:
    """The runs of one batch of folded letters; digits count as one and the same letter."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._up, self._down = _powers(len(codes) + 1)
        self._sums = self._prefix_sums(digits_alike(codes))
        self._exact: Keys | None = None

    def windows(self, longest: int) -> Keys:
        """Give the keys of all runs: row L - 1, column i is the run of L letters from letter i.

        A run that would pass the end of the batch has a key that is no run's.
        """
        size = len(self._codes)
        ends = np.minimum(np.arange(size) + np.arange(1, longest + 1)[:, None], size)
        hashes = (self._sums[ends] - self._sums[:size]) * self._down[:size]
        salt = np.arange(1, longest + 1, dtype=np.uint64)[:, None] * _LENGTH_SALT
        return _mixed(hashes + salt)

    def spans(self, starts: Places, ends: Places) -> Keys:
        """Give the keys of some runs, by their half-open spans."""
        hashes = (self._sums[ends] - self._sums[starts]) * self._down[
            np.minimum(starts, len(self._down) - 1)
        ]
        return _mixed(hashes + (ends - starts).astype(np.uint64) * _LENGTH_SALT)

    def exact(self, starts: Places, ends: Places) -> Keys:
        """Give keys that tell the digits apart."""
        if self._exact is None:
            self._exact = self._prefix_sums(self._codes)
        hashes = (self._exact[ends] - self._exact[starts]) * self._down[
            np.minimum(starts, len(self._down) - 1)
        ]
        return _mixed(hashes + (ends - starts).astype(np.uint64) * _LENGTH_SALT)

    def _prefix_sums(self, codes: Codes) -> Keys:
        sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum(codes * self._up[:-1], out=sums[1:])
        return sums


class KeyTable:
    """Looks many keys up among sorted ones: by their first bits, then by comparing."""

    def __init__(self, keys: Keys) -> None:
        """`keys` are sorted and different from one another."""
        self._keys = np.append(keys, np.uint64(0))
        self._shift = np.uint64(64 - max(_FEWEST_BITS, len(keys).bit_length() + 1))
        slots = np.arange((1 << int(64 - self._shift)) + 1, dtype=np.uint64)
        first = np.searchsorted(keys >> self._shift, slots)
        self._first = first[:-1].astype(np.int32)
        self._fullest = int(np.diff(first).max(initial=0))
        self._filter = np.zeros(1 << _FILTER_BITS, bool)
        self._filter[_first_bits(keys)] = True

    def find(self, keys: Keys) -> tuple[Places, Places]:
        """Give where in `keys` a known one stands, and which of the known ones it is."""
        maybe = np.flatnonzero(self._filter[_first_bits(keys)])
        asked = keys[maybe]
        at = self._first[(asked >> self._shift).view(np.int64)].astype(np.int64)
        right = self._keys[at] == asked
        for _ in range(1, self._fullest):
            left = np.flatnonzero(~right)
            at[left] = np.minimum(at[left] + 1, len(self._keys) - 1)
            right[left] = self._keys[at[left]] == asked[left]
        return maybe[right], at[right]


def _first_bits(keys: Keys) -> NDArray[np.int64]:
    return (keys >> np.uint64(64 - _FILTER_BITS)).view(np.int64)


def keys_of(words: Sequence[str], *, digits_apart: bool = False) -> Keys:
    """Give the keys of words as `Grams` gives those of runs."""
    joined = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
    ends = np.cumsum(np.fromiter(map(len, words), np.int64, len(words)))
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1]))
    grams = Grams(joined)
    return grams.exact(starts, ends) if digits_apart else grams.spans(starts, ends)


def _mixed(hashes: Keys) -> Keys:
    hashes ^= hashes >> _HALF
    hashes *= _MIX
    hashes ^= hashes >> _HALF
    return hashes


def _powers(size: int) -> tuple[Keys, Keys]:
    if size <= _POWERS_KEPT:
        up, down = _kept_powers()
        return up[:size], down[:size]
    return _fresh_powers(size)


@lru_cache(maxsize=1)
def _kept_powers() -> tuple[Keys, Keys]:
    return _fresh_powers(_POWERS_KEPT)


def _fresh_powers(size: int) -> tuple[Keys, Keys]:
    def powers(base: int) -> Keys:
        row = np.full(size, base, np.uint64)
        row[:1] = 1
        return np.cumprod(row, dtype=np.uint64)

    return powers(_BASE), powers(_INVERSE)
