"""Why a decision was made: the parts of its sum, with the words they stand on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.core.triage.columns import CUE_SCALE, Columns
from services.core.triage.cuebook import CueBook, State
from services.core.triage.evidence import CueHits, Evidence, Floats
from services.core.triage.model import Model
from services.core.triage.types import Reason

# Runs of letters shown beside the cues, strongest first, and the least that is worth showing.
_MOST_RUNS = 4
_LEAST_RUN = 0.05
_MOST_CUES = 24
RUN = "text"


@dataclass(frozen=True, slots=True)
class Explainer:
    """Splits the sum behind each decided category into what every cue and run gave to it.

    A weight is what the part adds to the decided category over the mean of all categories, in
    the units of the softmax: with 0.7 the category's odds double.
    """

    book: CueBook
    columns: Columns
    model: Model

    def explain(self, evidence: Evidence, decided: Sequence[int]) -> list[tuple[Reason, ...]]:
        """Give each message's reasons, by their spans; categories are numbers of the head."""
        lead = self.model.leads(decided)
        found: list[list[Reason]] = [[] for _ in decided]
        self._add_cues(evidence, lead, found)
        self._add_runs(evidence, lead, found)
        return [
            tuple(sorted(each, key=lambda reason: (reason.start, -reason.end))) for each in found
        ]

    def _add_cues(self, evidence: Evidence, lead: Floats, found: list[list[Reason]]) -> None:
        hits = evidence.cues
        weights = self._cue_weights(hits, lead)
        told: set[tuple[int, int, int]] = set()
        for at in np.argsort(-np.abs(weights), kind="stable").tolist():
            owner, cue, state = int(hits.owner[at]), int(hits.cues[at]), State(hits.states[at])
            key = (owner, int(hits.starts[at]), cue)
            if key in told or len(found[owner]) >= _MOST_CUES:
                continue
            told.add(key)
            view = evidence.folded.contact if hits.contact[at] else evidence.folded.plain
            start, end = view.original(int(hits.starts[at]), int(hits.ends[at]))
            if start < end:
                name, weight = self.book.cues[cue].name, round(float(weights[at]), 3)
                found[owner].append(
                    Reason(name, start, end, _effect(self.book, cue, state), weight)
                )

    def _cue_weights(self, hits: CueHits, lead: Floats) -> Floats:
        """A cue gives its own column's weight and its share of the effects it argues for."""
        column = hits.cues.astype(np.int64) * len(State) + hits.states
        dense = self.model.dense
        first = len(self.book.cues) * len(State)
        effects = dense[first : first + len(self.columns.effects)]
        direct = dense[column] * np.float32(CUE_SCALE)
        direct += self.columns.effect_weights[column] @ effects
        weights: Floats = np.einsum("ij,ij->i", direct, lead[hits.owner])
        return weights

    def _add_runs(self, evidence: Evidence, lead: Floats, found: list[list[Reason]]) -> None:
        runs = self.model.runs(evidence, lead)
        shown = [0] * len(found)
        for at in np.argsort(-runs.weights, kind="stable").tolist():
            if runs.weights[at] < _LEAST_RUN:
                break
            owner = int(runs.owner[at])
            if shown[owner] >= _MOST_RUNS:
                continue
            start, end = evidence.folded.plain.original(int(runs.starts[at]), int(runs.ends[at]))
            if start < end and not any(_overlap(reason, start, end) for reason in found[owner]):
                shown[owner] += 1
                found[owner].append(Reason(RUN, start, end, RUN, round(float(runs.weights[at]), 3)))


def _effect(book: CueBook, cue: int, state: State) -> str:
    """Name what a cue argues for most, as it stands; a cue that is silenced argues for nothing."""
    effects = book.cues[cue].effects(state)
    return max(effects, key=lambda pair: pair[1])[0] if effects else state.name.lower()


def _overlap(reason: Reason, start: int, end: int) -> bool:
    return reason.cue == RUN and reason.start < end and start < reason.end
