"""Decide what a workspace's rules make of a message: in order, once each, within a budget."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.core.learning.rules import settle
from services.core.learning.types import Correction, Labels
from services.core.rulebook.patterns import Prepared, compile_pattern, prepare
from services.core.rulebook.types import (
    Author,
    Conditions,
    Effects,
    Rule,
    Ruled,
    Run,
    RunOutcome,
    Subject,
    TimeWindow,
)
from services.core.triage.types import Category, Tier

MOST_RULES = 200
# Bytes of text times what the pattern may cost a byte: measured at up to 2 ns each in RE2's worst
# case on a busy machine, so that a message costs no more than 5 ms, whoever wrote the patterns.
BUDGET = 2_500_000
# A condition that looks at no text, in the same units: some microseconds of calls.
PLAIN_WORK = 3_000
# A rule acts on one message so often, over all versions of its text, and no more.
MOST_RUNS_A_MESSAGE = 5
# Alarms of one rule in an hour; what is more is counted, not sent.
MOST_ALERTS_AN_HOUR = 60

# What names harm, law or press is never lowered or hidden by a rule.
GUARDED_FLAGS = frozenset({"harm", "legal", "journalist", "counterfeit"})
_PRESSING = {tier: place for place, tier in enumerate(Tier)}


def apply(book: Sequence[Rule], subject: Subject, *, budget: int = BUDGET) -> Ruled:
    """Try each rule once, in order; a later one sees what an earlier one made of the message.

    When the work of the next rule no longer fits the budget, the book stops there and the run is
    marked, so that somebody sees which rule was not looked at.
    """
    text = prepare(subject.text) if any(rule.draft.conditions.patterns for rule in book) else None
    state, ruled = subject, Ruled(subject.labels, subject.hide)
    for rule in book:
        work = ruled.work + _work(rule.draft.conditions, text)
        if work > budget:
            stopped = Run(rule, RunOutcome.STOPPED, (0, 0))
            return replace(ruled, runs=(*ruled.runs, stopped))
        ruled = replace(ruled, work=work)
        span = meets(rule.draft.conditions, state, text)
        if span is None:
            continue
        ruled = _act(ruled, rule, state, span)
        state = replace(state, labels=ruled.labels, hide=ruled.hide)
        if rule.draft.effects.stop:
            break
    return ruled


def meets(
    conditions: Conditions, subject: Subject, text: Prepared | None
) -> tuple[int, int] | None:
    """Where the pattern stands, or the whole text without one; None when a condition fails."""
    if not (_fits_message(conditions, subject) and _fits_author(conditions, subject.author)):
        return None
    if conditions.window is not None and not _is_inside(conditions.window, subject):
        return None
    if not conditions.patterns:
        return 0, len(subject.text)
    text = text or prepare(subject.text)
    found = (compile_pattern(pattern).find(text) for pattern in conditions.patterns)
    return next((span for span in found if span is not None), None)


def _work(conditions: Conditions, text: Prepared | None) -> int:
    if text is None:
        return PLAIN_WORK
    size = sum(compile_pattern(pattern).size for pattern in conditions.patterns)
    return PLAIN_WORK + size * (len(text.data) + 1)


def _fits_message(conditions: Conditions, subject: Subject) -> bool:
    labels = subject.labels
    allowed = (
        (conditions.kinds, subject.kind),
        (conditions.languages, subject.language),
        (conditions.tiers, labels.tier),
        (conditions.categories, labels.category),
        (conditions.sentiments, labels.sentiment),
        (conditions.posts, subject.post),
    )
    if any(values and value not in values for values, value in allowed):
        return False
    lacks_flags = conditions.flags and subject.flags.isdisjoint(conditions.flags)
    cues = conditions.cues
    if lacks_flags or (cues and not any(_has_cue(subject, wanted) for wanted in cues)):
        return False
    if conditions.min_spam_score is not None and subject.spam_score < conditions.min_spam_score:
        return False
    return conditions.max_confidence is None or subject.confidence <= conditions.max_confidence


def _has_cue(subject: Subject, wanted: str) -> bool:
    """A name that ends in a dot stands for the whole group."""
    if wanted.endswith("."):
        return any(cue.startswith(wanted) for cue in subject.cues)
    return wanted in subject.cues


def _fits_author(conditions: Conditions, author: Author | None) -> bool:
    """What is not known of somebody fulfils no condition."""
    asked = (conditions.min_followers, conditions.verified, conditions.following)
    if not conditions.authors and asked == (None, None, None):
        return True
    if author is None:
        return False
    if conditions.authors:
        names = {name.casefold() for name in (author.external_id, author.handle) if name}
        if names.isdisjoint(conditions.authors):
            return False
    if conditions.min_followers is not None and (author.followers or 0) < conditions.min_followers:
        return False
    verified = conditions.verified is None or author.verified is conditions.verified
    following = conditions.following is None or author.following is conditions.following
    return verified and following


def _is_inside(window: TimeWindow, subject: Subject) -> bool:
    local = subject.occurred_at.astimezone(_zone(window.zone))
    minute = local.hour * 60 + local.minute
    night = window.ends <= window.starts
    # What lies behind midnight belongs to the evening it began in.
    began = local - timedelta(days=1) if night and minute < window.ends else local
    if window.days and began.weekday() not in window.days:
        return False
    if night:
        return minute >= window.starts or minute < window.ends
    return window.starts <= minute < window.ends


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _act(ruled: Ruled, rule: Rule, state: Subject, span: tuple[int, int]) -> Ruled:
    effects = rule.draft.effects
    labels = labels_after(state.labels, effects)
    hide = ruled.hide or effects.hide
    harmless = _PRESSING[labels.tier] <= _PRESSING[state.labels.tier] and hide == ruled.hide
    if _is_guarded(state) and not harmless:
        held = Run(rule, RunOutcome.HELD, span)
        return replace(ruled, runs=(*ruled.runs, held))
    run = Run(rule, RunOutcome.APPLIED, span)
    tags = tuple(dict.fromkeys((*ruled.tags, *effects.tags)))
    return replace(ruled, labels=labels, hide=hide, tags=tags, runs=(*ruled.runs, run))


def labels_after(labels: Labels, effects: Effects) -> Labels:
    if effects.tier is None and effects.category is None:
        return labels
    return settle(labels, Correction(tier=effects.tier, category=effects.category))


def _is_guarded(subject: Subject) -> bool:
    crisis = subject.labels.category is Category.PR_CRISIS
    return crisis or not GUARDED_FLAGS.isdisjoint(subject.flags)
