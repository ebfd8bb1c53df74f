"""The weights at work: evidence in, probabilities of every head out, with what each part gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.core.triage.columns import Columns
from services.core.triage.evidence import Evidence, Floats
from services.core.triage.grams import Keys
from services.core.triage.lexicon import NONE, Lexicon
from services.core.triage.normalise import Places
from services.core.triage.senses import Senses
from services.core.triage.types import Category, Sentiment, Tier

HEADS: Mapping[str, tuple[str, ...]] = {
    "category": tuple(Category),
    "tier": tuple(Tier),
    "sentiment": tuple(Sentiment),
    "needs_reply": ("no", "yes"),
    "negative_subtype": (
        "product_did_not_work",
        "customer_service",
        "shipping_delay",
        "pricing",
        "other",
    ),
    "dm_category": ("product", "partnership", "support", "other"),
}
OUTPUTS = sum(map(len, HEADS.values()))
_SIZES = [len(names) for names in HEADS.values()]
_BEGINS = np.cumsum([0, *_SIZES[:-1]])


def head_slice(head: str) -> slice:
    """Give the columns of the outputs that belong to a head."""
    begin = 0
    for name, classes in HEADS.items():
        if name == head:
            break
        begin += len(classes)
    return slice(begin, begin + len(HEADS[head]))


@dataclass(frozen=True, slots=True)
class Weights:
    """All that training found. `gram_weights` are bytes, to be multiplied by `gram_scale`.

    A message's outputs are `(Σ gram weights) / |grams| + dense row · dense_weights + bias`, where
    `|grams|` is the length of its vector of `gram_rarity`; a head's probabilities are the softmax
    of `outputs · final + final_bias`, in its own columns.
    """

    gram_keys: Keys
    gram_weights: NDArray[np.int8]
    gram_scale: Floats
    gram_rarity: Floats
    dense_weights: Floats
    dense_names: tuple[str, ...]
    middle: Floats
    bias: Floats
    final: Floats
    final_bias: Floats


@dataclass(frozen=True, slots=True)
class WeighedRuns:
    """Runs where they stand in the plain view, with what each gave to what was decided."""

    owner: Places
    starts: Places
    ends: Places
    weights: Floats


class Model:
    """Weights laid over a cue book's columns; a column the weights do not know counts nothing."""

    def __init__(self, weights: Weights, columns: Columns, senses: Senses) -> None:
        self._weights = weights
        self._columns = columns
        self._senses = senses
        self._lexicon = Lexicon(weights.gram_keys, senses.keys)
        at = {name: row for row, name in enumerate(weights.dense_names)}
        rows = [at.get(name, len(at)) for name in columns.names]
        padded = np.vstack((weights.dense_weights, np.zeros((1, OUTPUTS), np.float32)))
        self.dense: Floats = padded[rows]

    def probabilities(self, evidence: Evidence) -> dict[str, Floats]:
        """Give, for every head, one row a message."""
        finals = self.outputs(evidence) @ self._weights.final + self._weights.final_bias
        # Far beyond what any message reaches, and well inside what a power can be.
        powers = np.exp(np.clip(finals, -40, 40))
        shares = powers / np.repeat(np.add.reduceat(powers, _BEGINS, axis=1), _SIZES, axis=1)
        return {head: shares[:, head_slice(head)] for head in HEADS}

    def outputs(self, evidence: Evidence) -> Floats:
        """Give the raw outputs of all heads, one row a message."""
        known = self._lexicon.known(evidence)
        sensed = np.flatnonzero(known.senses != NONE)
        senses = self._senses.means(known.owner[sensed], known.senses[sensed], len(evidence))
        total = self._columns.rows(evidence, senses - self._weights.middle) @ self.dense
        total += self._weights.bias
        kept = np.flatnonzero(known.grams != NONE)
        owner, rows = known.owner[kept], known.grams[kept]
        if len(rows):
            begins = np.flatnonzero(np.diff(owner, prepend=-1))
            sums = np.add.reduceat(self._weights.gram_weights[rows], begins, axis=0, dtype=np.int32)
            rarity = self._weights.gram_rarity[rows]
            lengths = np.sqrt(np.add.reduceat(rarity * rarity, begins))
            total[owner[begins]] += sums * self._weights.gram_scale / lengths[:, None]
        outputs: Floats = total
        return outputs

    def leads(self, classes: Sequence[int]) -> Floats:
        """Give for each decided category how much every output speaks for it over the others."""
        final = self._weights.final[:, head_slice("category")]
        lead: Floats = (final - final.mean(axis=1, keepdims=True))[:, classes].T
        return lead

    def runs(self, evidence: Evidence, lead: Floats) -> WeighedRuns:
        """Give what each known run gave to what `lead` speaks for, one row a message."""
        runs, known = self._lexicon.places(evidence), self._lexicon.known(evidence)
        kept = np.flatnonzero(known.grams != NONE)
        rarity = self._weights.gram_rarity[known.grams[kept]].astype(np.float64)
        lengths = np.sqrt(np.bincount(known.owner[kept], rarity**2, len(evidence)))
        scaled = lead * self._weights.gram_scale
        weights = np.einsum("ij,ij->i", self._weights.gram_weights[runs.grams], scaled[runs.owner])
        weights = (weights / lengths[runs.owner]).astype(np.float32)
        return WeighedRuns(runs.owner, runs.starts, runs.ends, weights)
