"""The first engine: named cues, weighed in context; each decision keeps the words that drove it."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from services.core.triage import rules
from services.core.triage.context import Context
from services.core.triage.cuebook import Cue, CueBook, Effects, load_cuebook
from services.core.triage.language import language_of
from services.core.triage.normalise import Folded, View
from services.core.triage.types import Classifier, Decision, MessageKind, Reason, TriageInput

_HANDLE = re.compile(r"[@＠]([^\s@＠,，。!！?？:：;；、]{1,30})")
_MOST_REASONS = 48
# A message longer than this says something, whatever it is made of.
_QUIET_LONGEST = 200
_KINDS_WITH_A_TAG = {MessageKind.COMMENT, MessageKind.MENTION}


class CueClassifier:
    """Stateless beyond its cue book, so one instance serves every thread."""

    def __init__(self, book: CueBook) -> None:
        self._book = book
        self._rules_version = f"{rules.RULES_VERSION}+{book.digest}"

    @property
    def engine(self) -> str:
        return "cues"

    @property
    def rules_version(self) -> str:
        """Changes with every cue, so that a replay judges anew what other cues judged."""
        return self._rules_version

    @property
    def engine_version(self) -> str:
        return "1"

    def judge(self, message: TriageInput) -> Decision:
        """Judge any string, in time linear in its length; equal messages get equal decisions."""
        folded = self._book.normaliser.fold(message.text)
        weighed = _Weighed()
        for cue, start, end, effects in self._weigh(folded):
            view = folded.contact if cue.view == "contact" else folded.plain
            weighed.add(cue, view.original(start, end), effects)
        evidence = self._evidence(message, folded, weighed)
        return self._decision(evidence, weighed)

    def judge_many(self, messages: Sequence[TriageInput]) -> list[Decision]:
        """Judge one after the other; a text costs the same alone and in company."""
        return [self.judge(message) for message in messages]

    def _weigh(self, folded: Folded) -> Iterator[tuple[Cue, int, int, Effects]]:
        context = Context(folded.plain.text, self._book)
        for cue, start, end in self._book.hits("plain", folded.plain.text):
            yield cue, start, end, context.effects(cue, start, end)
        for cue, start, end in self._book.hits("contact", folded.contact.text):
            yield cue, start, end, cue.argues

    def _evidence(
        self, message: TriageInput, folded: Folded, weighed: "_Weighed"
    ) -> rules.Evidence:
        own = {handle.lstrip("@＠").casefold() for handle in message.brand_handles}
        handles = [found.casefold() for found in _HANDLE.findall(message.text)]
        quiet = self._quiet_span(folded.plain)
        if quiet is not None:
            weighed.note("quiet", quiet, "quiet")
        tagged = [handle for handle in handles if self._is_the_brand(handle, own)]
        return rules.Evidence(
            kind=message.kind,
            language=language_of(message.text),
            scores=weighed.scores(),
            flags=frozenset(weighed.flags),
            tags_brand=message.kind in _KINDS_WITH_A_TAG and bool(tagged),
            tags_somebody=len(handles) > len(tagged),
            wordless=not folded.contact.text,
            quiet=quiet is not None,
            letters=len(folded.contact.text),
        )

    def _is_the_brand(self, handle: str, own: set[str]) -> bool:
        if own:
            return any(handle.startswith(name) for name in own if name)
        return self._book.brand_words.search(handle.encode(errors="replace")) is not None

    def _quiet_span(self, view: View) -> tuple[int, int] | None:
        text = view.text
        if (
            not text
            or len(text) > _QUIET_LONGEST
            or self._book.quiet.fullmatch(text.encode()) is None
        ):
            return None
        return view.original(0, len(text))

    def _decision(self, evidence: rules.Evidence, weighed: "_Weighed") -> Decision:
        verdict = rules.decide(evidence)
        return Decision(
            tier=verdict.tier,
            category=verdict.category,
            sentiment=verdict.sentiment,
            needs_reply=verdict.needs_reply,
            language=evidence.language,
            spam_score=round(verdict.spam_score, 4),
            hide=verdict.hide,
            confidence=round(verdict.confidence, 4),
            reasons=tuple(weighed.reasons),
            dm_category=verdict.dm_category,
            negative_subtype=verdict.negative_subtype,
            flags=tuple(sorted(evidence.flags)),
            engine=self.engine,
            engine_version=self.engine_version,
            rules_version=self._rules_version,
        )


class _Weighed:
    """What the cues of one message argue for, each cue counted once for each effect."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self.flags: set[str] = set()
        self._weights: dict[str, dict[str, float]] = {}

    def add(self, cue: Cue, span: tuple[int, int], effects: Effects) -> None:
        for effect, weight in effects:
            by_cue = self._weights.setdefault(effect, {})
            by_cue[cue.name] = max(weight, by_cue.get(cue.name, 0.0))
            self.note(cue.name, span, effect)
        if cue.flags and effects == cue.argues:
            self.flags.update(cue.flags)
            for flag in cue.flags:
                self.note(cue.name, span, f"flag:{flag}")

    def note(self, cue: str, span: tuple[int, int], effect: str) -> None:
        if len(self.reasons) < _MOST_REASONS:
            self.reasons.append(Reason(cue, span[0], span[1], effect))

    def scores(self) -> dict[str, float]:
        return {effect: rules.either(*by_cue.values()) for effect, by_cue in self._weights.items()}


@lru_cache(maxsize=1)
def load_classifier() -> Classifier:
    """Give the one classifier of this process; the first call reads the packaged cue files."""
    return CueClassifier(load_cuebook())
