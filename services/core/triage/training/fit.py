"""Makes weights from labelled rows: runs and columns, a ridge, a calibrated softmax on top."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.core.triage.columns import Columns
from services.core.triage.evidence import Evidence, Floats
from services.core.triage.grams import Keys
from services.core.triage.letters import EDGE
from services.core.triage.lexicon import NONE, Lexicon
from services.core.triage.model import HEADS, OUTPUTS, Weights, head_slice
from services.core.triage.senses import Senses
from services.core.triage.training.corpus import Row
from services.core.triage.training.solve import (
    Indices,
    Matrix,
    kernel_of_runs,
    left_out,
    ridge,
    softmax,
    softmax_fit,
)

# A run that stands in one message alone says more of that message than of any other.
FEWEST_MESSAGES = 2
PENALTY = 0.7
FINAL_PENALTY = 1.0
_FULL = 127
_CALIBRATION_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs that stand in several messages, and which message has which, each once."""

    keys: Keys
    rarity: Floats
    owner: Indices
    columns: Indices


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights, and for every row the probabilities it gets when others like it are left out.

    `by_trade` leaves out all rows of its trade, `by_author` all rows its author wrote.
    """

    weights: Weights
    by_trade: dict[str, Floats]
    by_author: dict[str, Floats]


def fit(rows: Sequence[Row], evidence: Evidence, columns: Columns, senses: Senses) -> Fit:
    """Fit all heads. The evidence is of the rows' messages, in their order."""
    runs = collect_runs(evidence)
    lengths = np.sqrt(np.bincount(runs.owner, runs.rarity[runs.columns] ** 2, len(rows)))
    values = runs.rarity[runs.columns] / lengths[runs.owner]
    known = Lexicon(runs.keys, senses.keys).known(evidence)
    sensed = np.flatnonzero(known.senses != NONE)
    meant = senses.means(known.owner[sensed], known.senses[sensed], len(rows))
    middle = meant.mean(axis=0)
    dense = columns.rows(evidence, meant - middle).astype(np.float64)
    kernel = kernel_of_runs(runs.owner, runs.columns, values.astype(np.float64), len(rows))
    kernel += dense @ dense.T
    targets, bias = targets_of(rows)
    shares, inverse = ridge(kernel, targets, PENALTY)
    trades = groups_of([row.trade for row in rows])
    said = left_out(shares, inverse, targets, trades) + bias
    authors = groups_of([row.author for row in rows])
    unread = left_out(shares, inverse, targets, authors) + bias
    final, final_bias = _final(rows, said)
    grams = np.zeros((len(runs.keys), OUTPUTS))
    for output in range(OUTPUTS):
        grams[:, output] = np.bincount(
            runs.columns, values * shares[runs.owner, output], len(runs.keys)
        )
    grams *= runs.rarity[:, None]
    scale = np.maximum(np.abs(grams).max(axis=0), 1e-9) / _FULL
    weights = Weights(
        gram_keys=runs.keys,
        gram_weights=np.round(grams / scale).astype(np.int8),
        gram_scale=scale.astype(np.float32),
        gram_rarity=runs.rarity,
        dense_weights=np.round(dense.T @ shares, 5).astype(np.float32),
        dense_names=tuple(columns.names),
        middle=middle,
        bias=np.round(bias, 6).astype(np.float32),
        final=np.round(final, 5).astype(np.float32),
        final_bias=np.round(final_bias, 5).astype(np.float32),
    )
    return Fit(weights, _calibrated(rows, said, trades), _calibrated(rows, unread, authors))


def collect_runs(evidence: Evidence) -> Runs:
    """Collect the runs of one to four letters, and the words, that several messages share."""
    view, words = evidence.folded.plain, evidence.words
    edge = view.codes == EDGE
    owners, keys = [words.owner], [words.keys]
    for length, row in enumerate(evidence.windows, start=1):
        starts = np.arange(len(view.codes) - length + 1)
        inner = range(1, length - 1) if length > 1 else range(1)
        held = np.zeros(len(starts), bool)
        for at in inner:
            held |= edge[starts + at]
        starts = starts[~held]
        owners.append(view.owner[starts])
        keys.append(row[starts])
    known, columns = np.unique(np.concatenate(keys), return_inverse=True)
    pairs = np.unique(np.concatenate(owners) * len(known) + columns)
    owner, columns = np.divmod(pairs, len(known))
    counts = np.bincount(columns, minlength=len(known))
    kept = counts >= FEWEST_MESSAGES
    number = np.cumsum(kept) - 1
    shared = kept[columns]
    rarity = np.log((1 + len(evidence)) / (1 + counts[kept])) + 1
    return Runs(known[kept], rarity.astype(np.float32), owner[shared], number[columns[shared]])


def targets_of(rows: Sequence[Row]) -> tuple[Matrix, Matrix]:
    """Give the outputs wanted of each row, less their means; a missing label asks for nothing."""
    targets, bias = np.zeros((len(rows), OUTPUTS)), np.zeros(OUTPUTS)
    for head, names in HEADS.items():
        at = np.array([names.index(row.labels[head]) if head in row.labels else -1 for row in rows])
        known = at >= 0
        wanted = np.eye(len(names))[at[known]]
        bias[head_slice(head)] = wanted.mean(axis=0)
        targets[known, head_slice(head)] = wanted - wanted.mean(axis=0)
    return targets, bias


def groups_of(names: Sequence[str]) -> list[Indices]:
    """Give the rows of each name, names in order."""
    each = np.array(names)
    return [np.flatnonzero(each == name) for name in sorted(set(names))]


def _final(rows: Sequence[Row], said: Matrix) -> tuple[Matrix, Matrix]:
    final, bias = np.zeros((OUTPUTS, OUTPUTS)), np.zeros(OUTPUTS)
    spread = said.std(axis=0)
    for head, names in HEADS.items():
        known, classes = _labelled(rows, head)
        fitted = softmax_fit(said[known] / spread, classes, len(names), FINAL_PENALTY)
        final[:, head_slice(head)] = fitted[:-1] / spread[:, None]
        bias[head_slice(head)] = fitted[-1]
    return final, bias


def _calibrated(rows: Sequence[Row], said: Matrix, groups: Sequence[Indices]) -> dict[str, Floats]:
    """Probabilities from outputs that left the trade out, by a softmax that did so as well."""
    spread = said.std(axis=0)
    chances = {head: np.zeros((len(rows), len(names))) for head, names in HEADS.items()}
    for turn in range(min(_CALIBRATION_FOLDS, len(groups))):
        held = np.concatenate(groups[turn::_CALIBRATION_FOLDS])
        for head, names in HEADS.items():
            known, classes = _labelled(rows, head)
            used = ~np.isin(known, held)
            fitted = softmax_fit(
                said[known[used]] / spread, classes[used], len(names), FINAL_PENALTY
            )
            chances[head][held] = softmax(said[held] / spread @ fitted[:-1] + fitted[-1])
    return {head: chance.astype(np.float32) for head, chance in chances.items()}


def _labelled(rows: Sequence[Row], head: str) -> tuple[Indices, Indices]:
    names = HEADS[head]
    known = np.array([at for at, row in enumerate(rows) if head in row.labels], np.int64)
    return known, np.array([names.index(rows[at].labels[head]) for at in known], np.int64)
