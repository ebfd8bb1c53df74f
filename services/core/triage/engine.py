"""The engine behind the port: evidence, weights, rules, and the words that drove each decision."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from typing_extensions import override

from services.core.triage import rules
from services.core.triage.columns import Columns
from services.core.triage.context import Traits
from services.core.triage.cuebook import CueBook, State, load_cuebook
from services.core.triage.evidence import Evidence, Floats
from services.core.triage.language import languages_of
from services.core.triage.model import HEADS, Model, Weights
from services.core.triage.reasons import Explainer
from services.core.triage.senses import Senses, load_senses
from services.core.triage.shipped import CODE_VERSION, load_weights
from services.core.triage.types import (
    Classifier,
    Decision,
    MessageKind,
    Reason,
    TriageInput,
)

# A batch costs some hundred passes, however small: large ones share them. Much larger ones no
# longer fit into the processor's own memory and gain nothing.
_TOGETHER = 512
_LETTERS_TOGETHER = 32_000
_SPAM_EFFECTS = {"spam", "contact"}


class ModelClassifier(Classifier):
    """Stateless beyond its cue book and weights, so one instance serves every thread."""

    def __init__(
        self,
        book: CueBook,
        senses: Senses,
        weights: Weights,
        *,
        version: str,
        costs: rules.CostTable = rules.DEFAULT_COSTS,
    ) -> None:
        self._book = book
        self._traits = Traits(book)
        self._columns = Columns(book)
        self._model = Model(weights, self._columns, senses)
        self._explainer = Explainer(book, self._columns, self._model)
        self._costs = costs
        self._version = f"{CODE_VERSION}+{version}"
        self._rules_version = f"{rules.RULES_VERSION}+{book.digest}/{costs.name}"
        self._has_flags = np.array([bool(cue.flags) for cue in book.cues], bool)
        self._is_spam = np.array([_argues_spam(cue.argues) for cue in book.cues], bool)

    @property
    @override
    def engine(self) -> str:
        return "linear"

    @property
    @override
    def engine_version(self) -> str:
        """The version of the code that reads messages, and the digest of the weights."""
        return self._version

    @property
    @override
    def rules_version(self) -> str:
        """The version of the rules, the digest of all cue files, and the cost table."""
        return self._rules_version

    @override
    def judge(self, message: TriageInput) -> Decision:
        return self.judge_many([message])[0]

    @override
    def judge_many(
        self, messages: Sequence[TriageInput], *, explained: bool = True
    ) -> list[Decision]:
        """Judge in batches, in time linear in the letters; `explained` adds the reasons."""
        return [
            decision
            for batch in _batches(messages)
            for decision in self.decide(self.read(batch), explained=explained)
        ]

    def read(self, messages: Sequence[TriageInput]) -> Evidence:
        return Evidence(messages, self._book, self._traits)

    def _readings(
        self, evidence: Evidence, chances: Mapping[str, Floats], flags: Sequence[set[str]]
    ) -> rules.Readings:
        count = len(evidence)
        spam_cue = np.zeros(count, bool)
        hits = evidence.cues
        said = hits.states == State.SAID
        spam_cue[hits.owner[said & self._is_spam[hits.cues]]] = True
        return rules.Readings(
            category=chances["category"],
            tier=chances["tier"],
            sentiment=chances["sentiment"],
            reply=chances["needs_reply"][:, 1],
            mention=evidence.of_kind(MessageKind.MENTION),
            forcing=np.array([not each.isdisjoint(rules.FORCING) for each in flags], bool),
            shielded=np.array([not each.isdisjoint(rules.SHIELDING) for each in flags], bool),
            spam_cue=spam_cue,
            quiet=evidence.quiet,
        )

    def _flags(self, evidence: Evidence) -> list[set[str]]:
        """Collect the flags of cues that are said, neither denied nor supposed."""
        hits = evidence.cues
        flags: list[set[str]] = [set() for _ in evidence.messages]
        for at in np.flatnonzero((hits.states == State.SAID) & self._has_flags[hits.cues]).tolist():
            flags[hits.owner[at]].update(self._book.cues[hits.cues[at]].flags)
        return flags

    def decide(
        self,
        evidence: Evidence,
        chances: Mapping[str, Floats] | None = None,
        *,
        explained: bool = True,
    ) -> list[Decision]:
        """Decide all messages of some evidence; training puts in chances of its own."""
        chances = self._model.probabilities(evidence) if chances is None else chances
        flags = self._flags(evidence)
        verdicts = rules.decide(self._readings(evidence, chances, flags), self._costs.costs)
        _add_marks(flags, verdicts)
        reasons: Sequence[tuple[Reason, ...]] = [()] * len(evidence)
        if explained:
            reasons = self._explainer.explain(evidence, verdicts.category.tolist())
        return self._decisions(evidence, chances, verdicts, flags, reasons)

    def _decisions(
        self,
        evidence: Evidence,
        chances: Mapping[str, Floats],
        verdicts: rules.Verdicts,
        flags: Sequence[set[str]],
        reasons: Sequence[tuple[Reason, ...]],
    ) -> list[Decision]:
        subtypes, desks = _topics(chances)
        columns = zip(
            evidence.messages,
            verdicts.tier.tolist(),
            verdicts.category.tolist(),
            verdicts.sentiment.tolist(),
            verdicts.needs_reply.tolist(),
            np.round(verdicts.spam_score, 4).tolist(),
            verdicts.hide.tolist(),
            np.round(verdicts.confidence, 4).tolist(),
            languages_of(evidence.folded.plain),
            subtypes,
            desks,
            flags,
            reasons,
            strict=True,
        )
        versions = (self.engine, self._version, self._rules_version)
        return [
            Decision(
                rules.TIERS[tier],
                (kind := rules.CATEGORIES[category]),
                rules.SENTIMENTS[sentiment],
                reply,
                language,
                spam,
                hide,
                confidence,
                why,
                desk if message.kind is MessageKind.DM else None,
                subtype if kind in rules.SUBTYPED else None,
                tuple(sorted(mine)) if mine else (),
                *versions,
            )
            for (
                message, tier, category, sentiment, reply, spam, hide, confidence, language,
                subtype, desk, mine, why,
            ) in columns
        ]  # fmt: skip


def _add_marks(flags: Sequence[set[str]], verdicts: rules.Verdicts) -> None:
    """Add what the decisions say of themselves to the flags of the cues."""
    for marked, mark in (
        (verdicts.forced, rules.FORCED),
        (verdicts.suspected, rules.SUSPECTED),
        (verdicts.unsure, rules.UNSURE),
    ):
        for at in np.flatnonzero(marked).tolist():
            flags[at].add(mark)


def _topics(chances: Mapping[str, Floats]) -> tuple[list[str], list[str]]:
    """Give each message's likeliest negative sub-type and desk, wanted or not."""
    subtypes, desks = (
        [HEADS[head][at] for at in chances[head].argmax(axis=1).tolist()]
        for head in ("negative_subtype", "dm_category")
    )
    return subtypes, desks


def _argues_spam(effects: Sequence[tuple[str, float]]) -> bool:
    return any(effect in _SPAM_EFFECTS for effect, _ in effects)


def _batches(messages: Sequence[TriageInput]) -> Iterator[Sequence[TriageInput]]:
    begin, letters = 0, 0
    for at, message in enumerate(messages):
        letters += min(len(message.text), _LETTERS_TOGETHER)
        if at + 1 - begin == _TOGETHER or letters >= _LETTERS_TOGETHER:
            yield messages[begin : at + 1]
            begin, letters = at + 1, 0
    if begin < len(messages):
        yield messages[begin:]


@lru_cache(maxsize=1)
def load_classifier() -> ModelClassifier:
    """Give the one classifier of this process; the first call reads the packaged files."""
    weights, version = load_weights()
    return ModelClassifier(load_cuebook(), load_senses(), weights, version=version)
