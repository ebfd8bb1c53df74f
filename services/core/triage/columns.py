"""Turns evidence into numbers: which columns there are, and the row of every message."""

from functools import cached_property

import numpy as np

from services.core.triage.cuebook import CueBook, State
from services.core.triage.evidence import SHAPES, Evidence, Floats
from services.core.triage.senses import DIRECTIONS

# How much each kind of column counts beside the runs of letters, whose rows have length one.
# Chosen by leaving whole trades out, on a coarse grid; twice or half of any costs under a point.
CUE_SCALE = 0.22
EFFECT_SCALE = 0.22
SHAPE_SCALE = 0.22
KIND_SCALE = 0.6
SENSE_SCALE = 1.0
_KINDS = 3


class Columns:
    """The dense columns of a cue book: cues as they stand, effects, shape, senses."""

    def __init__(self, book: CueBook) -> None:
        self._book = book
        self.effects = sorted(
            {effect for cue in book.cues for state in State for effect, _ in cue.effects(state)}
        )
        self.names = [
            *(f"{cue.name}:{state.name.lower()}" for cue in book.cues for state in State),
            *(f"effect:{effect}" for effect in self.effects),
            *SHAPES,
            *(f"sense:{at}" for at in range(DIRECTIONS)),
        ]

    @cached_property
    def effect_weights(self) -> Floats:
        """How strongly each cue in each state argues for each effect, scaled as its column."""
        weights = np.zeros((len(self._book.cues) * len(State), len(self.effects)), np.float32)
        at = {effect: column for column, effect in enumerate(self.effects)}
        for number, cue in enumerate(self._book.cues):
            for state in State:
                for effect, weight in cue.effects(state):
                    row = number * len(State) + state
                    weights[row, at[effect]] = weight * EFFECT_SCALE
        return weights

    def rows(self, evidence: Evidence, senses: Floats) -> Floats:
        """Give one row a message; `senses` are the messages' mean senses, less the corpus's."""
        hits, count = evidence.cues, len(evidence)
        first = len(self._book.cues) * len(State)
        table = np.zeros((count, len(self.names)), np.float32)
        if len(hits.cues):
            column = hits.cues.astype(np.int64) * len(State) + hits.states
            table[hits.owner, column] = CUE_SCALE
            effects = np.zeros((count, len(self.effects)), np.float32)
            np.maximum.at(effects, hits.owner, self.effect_weights[column])
            table[:, first : first + len(self.effects)] = effects
        first += len(self.effects)
        table[:, first : first + len(SHAPES)] = evidence.shape * self._shape_scale
        lengths = np.sqrt(np.einsum("ij,ij->i", senses, senses))[:, None]
        table[:, -DIRECTIONS:] = senses * (SENSE_SCALE / np.maximum(lengths, np.float32(1e-6)))
        return table

    @cached_property
    def _shape_scale(self) -> Floats:
        return np.array([KIND_SCALE] * _KINDS + [SHAPE_SCALE] * (len(SHAPES) - _KINDS), np.float32)
