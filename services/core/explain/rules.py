"""Why a clock is due when it is: the parts of an explanation, rebuilt from what rows say."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from services.core.explain.types import (
    Chosen,
    ClockFacts,
    Condition,
    Count,
    Due,
    Explanation,
    First,
    NamedDay,
    PassedOver,
    PauseTold,
    Skipped,
    Stretch,
)
from services.core.sla import rules as sla
from services.core.sla.types import ClockKind, ClockShape, Pause, Policy, PolicyMatch, Subject
from services.core.triage.types import Tier

# A promise of a month in a calendar of ten spans a day has 300. Nobody reads more.
MOST_SPANS = 400
DAY = timedelta(days=1)


def explain(facts: ClockFacts) -> Explanation:
    """Tell one clock whole. Nothing here decides: the shape in the row is what holds."""
    clock, count = facts.clock, facts.count
    pauses = _ended(facts)
    reach = _reach(facts)
    open_spans = count.hours.spans(clock.shape.started_at, reach)
    spans = [_stretch(*span) for span in _outside(open_spans, pauses)]
    skipped = tuple(_skipped(clock.shape.started_at, reach, open_spans, count))
    return Explanation(
        clock=clock,
        case_id=facts.case_id,
        as_of=facts.now,
        zone=str(count.zone),
        calendar=count.name,
        calendar_version=count.version,
        policy=choose(facts),
        due=due(facts),
        spans=tuple(spans[:MOST_SPANS]),
        more_spans=max(len(spans) - MOST_SPANS, 0),
        pauses=tuple(tell_pauses(facts)),
        skipped=skipped,
        named_days=tuple(_named_days(facts, reach)),
        elapsed_seconds=_elapsed(facts, pauses),
        started_by=facts.started_by,
        stopped_by=facts.stopped_by,
        steps=tuple(sorted(facts.steps, key=lambda step: (step.generation, step.percent))),
        replans=clock.generation - 1,
        acts=tuple(act for act in facts.acts if act.at <= (clock.shape.settled_at or facts.now)),
        corrections=tuple(clock.corrections),
    )


def choose(facts: ClockFacts) -> Chosen:
    """Which policy it is and why; those tried before it, and which of their conditions failed.

    Policies are compared as they stand now; the one of the clock in the version it has.
    """
    chosen, subject = facts.policy, facts.subject
    passed = [
        PassedOver(policy.id, policy.name, _failed(policy.match, subject))
        for policy in facts.policies
        if policy.id != chosen.id and not policy.is_default and _is_before(policy, chosen)
    ]
    return Chosen(
        id=chosen.id,
        name=chosen.name,
        version=chosen.version,
        is_default=chosen.is_default,
        matched=tuple(_conditions(chosen.match, subject)) if not chosen.is_default else (),
        passed_over=tuple(passed),
    )


def due(facts: ClockFacts) -> Due:
    """Both due times, and what each is made of."""
    shape, policy, channel = facts.clock.shape, facts.policy, facts.subject.channel
    kind, hours = facts.clock.kind, facts.count.hours
    if kind is ClockKind.REPLY_WINDOW:
        return _window(shape)
    episode = facts.episode
    asks: Sequence[tuple[datetime, Tier]] = ((shape.started_at, shape.tier),)
    if episode is not None and episode.tier_override is None and episode.asks:
        asks = episode.asks

    def allowed(tier: Tier) -> int:
        return policy.target(sla.promised_tier(tier), channel).seconds(kind)

    def due_at(ask: tuple[datetime, Tier]) -> datetime:
        pauses = episode.pauses if episode is not None else ()
        return sla.count_from(ask[0], allowed(ask[1]), pauses, hours, shape.settled_at)

    tier = min(asks, key=due_at)[1]
    promise = shape.promise_due_at
    first = First.TARGET if promise is None or shape.target_due_at < promise else First.PROMISE
    if promise == shape.target_due_at:
        first = First.BOTH
    return Due(
        due_at=shape.due_at,
        first=first,
        tier=tier,
        target_due_at=shape.target_due_at,
        target_seconds=allowed(tier),
        promise_due_at=promise,
        promised_seconds=policy.promised.get(channel) if promise is not None else None,
        limit_at=shape.limit_at,
        budget_seconds=shape.budget_seconds,
    )


def _window(shape: ClockShape) -> Due:
    """The platform says until when it takes a reply: no target of ours is in it."""
    return Due(
        due_at=shape.due_at,
        first=First.TARGET,
        tier=shape.tier,
        target_due_at=shape.due_at,
        target_seconds=round((shape.due_at - shape.started_at).total_seconds()),
        promise_due_at=None,
        promised_seconds=None,
        limit_at=None,
        budget_seconds=shape.budget_seconds,
    )


def tell_pauses(facts: ClockFacts) -> Iterator[PauseTold]:
    """Each pause with its own share of what moved; of those that overlap, only what is new."""
    if facts.episode is None:
        return
    shape, hours = facts.clock.shape, facts.count.hours
    before, end = timedelta(), shape.settled_at
    since = sla.since(facts.episode.pauses, shape.started_at)
    # What stood still once it was over is nothing of it.
    pauses = sorted((p for p in since if end is None or p.start < end), key=lambda p: p.start)
    for place, pause in enumerate(pauses):
        told = pauses[: place + 1]
        total = sla.stood_still(told, shape.started_at, shape.due_at, hours, end)
        counted = round((total - before).total_seconds())
        until = pause.until if end is None or pause.until is None else min(pause.until, end)
        yield PauseTold(pause.reason, pause.start, until, counted)
        before = total


def _reach(facts: ClockFacts) -> datetime:
    """How far counting is told: to the due time, or to where it stands still for no one knows."""
    shape = facts.clock.shape
    if not sla.is_held(shape) or facts.episode is None:
        return shape.due_at
    return min(each.start for each in facts.episode.pauses if each.until is None)


def _ended(facts: ClockFacts) -> list[Pause]:
    """The pauses as far as they went: one without an end lasts to the answer, or to now."""
    if facts.episode is None:
        return []
    end = facts.clock.shape.settled_at or facts.now
    return sorted(
        (replace(each, until=each.until or max(end, each.start)) for each in facts.episode.pauses),
        key=lambda each: each.start,
    )


def _elapsed(facts: ClockFacts, pauses: Sequence[Pause]) -> int:
    shape = facts.clock.shape
    until = shape.settled_at or facts.now
    spans = facts.count.hours.spans(shape.started_at, until)
    gone = sum((end - start for start, end in _outside(spans, pauses)), timedelta())
    return round(gone.total_seconds())


def _outside(
    spans: Sequence[tuple[datetime, datetime]], pauses: Sequence[Pause]
) -> Iterator[tuple[datetime, datetime]]:
    """What is left of the spans when the pauses, sorted by their beginnings, are cut out."""
    for start, end in spans:
        at = start
        for pause in pauses:
            until = pause.until or end
            if pause.start >= end or until <= at:
                continue
            if pause.start > at:
                yield at, pause.start
            at = until
        if at < end:
            yield at, end


def _stretch(start: datetime, end: datetime) -> Stretch:
    return Stretch(start, end, round((end - start).total_seconds()))


def _skipped(
    start: datetime, end: datetime, spans: Sequence[tuple[datetime, datetime]], count: Count
) -> Iterator[Skipped]:
    """The gaps between what is open."""
    at = start
    for opens, closes in [*spans, (end, end)]:
        if opens > at:
            seconds = round((opens - at).total_seconds())
            yield Skipped(at, opens, seconds, tuple(_closed_days(at, opens, count)))
        at = closes


def _closed_days(start: datetime, end: datetime, count: Count) -> Iterator[date]:
    """Local dates of a closed stretch on which nothing is open at all."""
    day = start.astimezone(count.zone).date()
    while _midnight(day, count.zone) < end:
        if not _is_worked(day, count):
            yield day
        day += DAY


def _named_days(facts: ClockFacts, end: datetime) -> Iterator[NamedDay]:
    count = facts.count
    first = facts.clock.shape.started_at.astimezone(count.zone).date()
    last = end.astimezone(count.zone).date()
    for day, name in sorted(count.days.items()):
        if first <= day <= last:
            yield NamedDay(day, _is_worked(day, count), name.reason, name.label)


def _is_worked(day: date, count: Count) -> bool:
    start, end = _midnight(day, count.zone), _midnight(day + DAY, count.zone)
    return count.hours.between(start, end) > timedelta()


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _is_before(policy: Policy, chosen: Policy) -> bool:
    return chosen.is_default or (policy.position, policy.id) < (chosen.position, chosen.id)


def _failed(match: PolicyMatch, subject: Subject) -> tuple[Condition, ...]:
    names = sla.mismatches(match, subject)
    return tuple(each for each in _conditions(match, subject) if each.name in names)


def _conditions(match: PolicyMatch, subject: Subject) -> Iterator[Condition]:
    found = {
        "channels": subject.channel,
        "source_ids": subject.source_id,
        "tiers": subject.tier,
        "categories": subject.category,
        "languages": subject.language,
        "post_ids": subject.post_id,
        "follower_tiers": subject.follower_tier,
    }
    for name, value in found.items():
        wanted = getattr(match, name)
        if wanted:
            told = None if value is None else str(value)
            yield Condition(name, tuple(str(each) for each in wanted), told)
