"""What a silence may say, which alert is held by what, and when quiet hours end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.core.calendars.rules import known_zones
from services.core.kit.errors import FieldProblem
from services.core.kit.ids import derived_id
from services.core.silences.types import (
    EVERY_DAY,
    MINUTES_OF_A_DAY,
    Conditions,
    Hold,
    Holdable,
    HoldKind,
    Inhibition,
    InhibitionDraft,
    Inhibitor,
    Quiet,
    QuietHours,
    QuietSpan,
    Sameness,
    Silence,
    SilenceDraft,
    SilenceState,
    Source,
    Target,
    Traits,
)
from services.core.triage.types import Category, Tier

MOST_SILENCES: Final = 200
MOST_INHIBITIONS: Final = 50
MOST_SPANS: Final = 20
MOST_REASON: Final = 500
LONGEST: Final = timedelta(days=30)
FURTHEST_AHEAD: Final = timedelta(days=90)
# A clock that is a little off, and a form that was filled in slowly.
LONGEST_AGO: Final = timedelta(hours=1)
# While nobody knows how long a hold lasts.
LOOK_AGAIN: Final = timedelta(seconds=60)

_TIERS: Final[Mapping[str, int]] = {
    Tier.SPAM: 0,
    Tier.ROUTINE: 1,
    Tier.IMPORTANT: 2,
    Tier.URGENT: 3,
}
_SEVERITIES: Final[Mapping[str, int]] = {"hint": 0, "warning": 1, "breach": 2, "escalation": 3}
_MINUTES_OF_A_WEEK: Final = len(EVERY_DAY) * MINUTES_OF_A_DAY
_SAME: Final = {
    Sameness.GROUP: lambda traits: traits.group_key,
    Sameness.POST: lambda traits: traits.post_id,
    Sameness.THREAD: lambda traits: traits.thread_id,
    Sameness.FOLLOWER: lambda traits: traits.follower_id,
}
_NO_CONDITIONS: Final = Conditions()
_NO_SOURCE: Final = Source()


def problems_of_silence(draft: SilenceDraft, now: datetime) -> list[FieldProblem]:
    """Everything wrong with a draft, by field; not whether what it names exists."""
    return [*_problems_of_time(draft, now), *_problems_of_extent(draft)]


def state_of(silence: Silence, now: datetime) -> SilenceState:
    if silence.ends_at <= now:
        return SilenceState.EXPIRED
    return SilenceState.UPCOMING if silence.starts_at > now else SilenceState.ACTIVE


def holds(silence: Silence | SilenceDraft, traits: Traits) -> bool:
    """Whether a silence is about this alert, whatever the time is."""
    if traits.tier is Tier.URGENT and not silence.also_urgent:
        return False
    conditions = silence.conditions
    if conditions == _NO_CONDITIONS:
        return silence.everything
    at_most = conditions.tier_at_most
    if at_most is not None and _TIERS[traits.tier] > _TIERS[at_most]:
        return False
    return all(
        wanted is None or wanted == found
        for wanted, found in (
            (conditions.kind, traits.kind),
            (conditions.category, traits.category),
            (conditions.channel, traits.channel),
            (conditions.source_id, traits.source_id),
            (conditions.post_id, traits.post_id),
            (conditions.thread_id, traits.thread_id),
            (conditions.follower_id, traits.follower_id),
            (conditions.rule_id, traits.rule_id),
            (conditions.case_id, traits.case_id),
            (conditions.group, traits.group_key),
        )
    )


def hold_of(
    traits: Traits, quiet: Quiet, inhibitors: Iterable[Inhibitor], now: datetime, *, own_id: UUID
) -> Hold | None:
    """What keeps an alert quiet at `now`: a silence, else a louder alert, else the hour.

    Of several silences it is the one that lasts longest. `inhibitors` are those this alert shares
    something with; `own_id` names the workspace's quiet hours.
    """
    active = [one for one in quiet.silences if state_of(one, now) is SilenceState.ACTIVE]
    silent = [one for one in active if holds(one, traits)]
    if silent:
        longest = max(silent, key=lambda one: (one.ends_at, one.id))
        return Hold(HoldKind.SILENCE, longest.id, longest.reason, longest.ends_at)
    held_by = _inhibited_by(traits, quiet.inhibitions, inhibitors)
    if held_by is not None:
        return Hold(HoldKind.INHIBITION, held_by.id, held_by.name, None)
    until = quiet_until(quiet.hours, now) if traits.tier in {Tier.ROUTINE, Tier.SPAM} else None
    if until is None:
        return None
    return Hold(HoldKind.QUIET_HOURS, own_id, "quiet hours", until)


def look_again_at(hold: Hold, now: datetime) -> datetime:
    """When to ask once more whether the alert is held: at the end, if somebody knows it."""
    return hold.until or now + LOOK_AGAIN


def keys_held(traits: Traits, inhibitions: Sequence[Inhibition]) -> list[tuple[UUID, str]]:
    """Where to look for who holds this alert back: (inhibition, what is shared)."""
    if _is_loud(traits, inhibitions):
        return []
    found = []
    for rule in inhibitions:
        shared = shared_key(traits, rule.same)
        if rule.enabled and shared and is_target(rule.target, traits):
            found.append((rule.id, shared))
    return found


def keys_holding(traits: Traits, inhibitions: Sequence[Inhibition]) -> list[tuple[UUID, str]]:
    """What this alert holds back while it is open: (inhibition, what is shared)."""
    found = []
    for rule in inhibitions:
        shared = shared_key(traits, rule.same)
        if rule.enabled and shared and is_source(rule.source, traits):
            found.append((rule.id, shared))
    return found


def shared_key(traits: Traits, same: Sameness) -> str | None:
    found = _SAME[same](traits)
    return f"{same.value}:{found}" if found else None


def is_source(source: Source, traits: Traits) -> bool:
    """Whether an alert holds others back. A rule that asks for nothing holds nothing back."""
    if source == _NO_SOURCE or (source.crisis and not traits.crisis):
        return False
    if not _reaches(traits.tier, source.tier_at_least, _TIERS):
        return False
    if not _reaches(traits.severity, source.severity_at_least, _SEVERITIES):
        return False
    return _is_about(source, traits)


def is_target(target: Target, traits: Traits) -> bool:
    tier, severity = target.tier_at_most, target.severity_at_most
    if tier is not None and _TIERS[traits.tier] > _TIERS[tier]:
        return False
    if severity is not None and _SEVERITIES[traits.severity] > _SEVERITIES[severity]:
        return False
    return _is_about(target, traits)


def problems_of_inhibition(draft: InhibitionDraft) -> list[FieldProblem]:
    """Everything wrong with a draft, by field; not whether the rules it names exist."""
    if draft.source == _NO_SOURCE:
        detail = "Say which alerts hold others back: every alert would silence its neighbours."
        return [FieldProblem("/source", "empty", detail)]
    return []


def built_in(workspace_id: UUID) -> Inhibition:
    """A crisis is one matter: while it is open, single alerts of the same post wait."""
    return Inhibition(
        id=derived_id("inhibition", "crisis", workspace_id),
        name="crisis",
        source=Source(crisis=True),
        target=Target(),
        same=Sameness.POST,
        enabled=True,
        is_built_in=True,
    )


def traits_of(alert: Holdable, about: Mapping[str, Any]) -> Traits:
    """An alert with what was looked up of its case or message; a detector names things itself."""
    named = dict.fromkeys(("source_id", "post_id"))
    if alert.case_id is None and alert.message_id is None:
        named |= {name: _id_in(alert.detail, name) for name in named}
    return Traits(
        alert_id=alert.id,
        kind=str(alert.kind),
        tier=Tier(alert.tier),
        severity=str(alert.severity),
        group_key=alert.group_key,
        case_id=alert.case_id,
        rule_id=alert.rule_id,
        category=about["category"],
        source_id=about["source_id"] or named["source_id"],
        post_id=about["post_id"] or named["post_id"],
        thread_id=about["thread_id"],
        follower_id=about["follower_id"],
        channel=about["channel"],
        crisis=is_crisis(alert.kind, about["category"], alert.detail),
    )


def is_crisis(kind: str, category: str | None, detail: Mapping[str, Any] | None) -> bool:
    """A message that may become one, a fall of the mood, or a rule that says so."""
    detail = detail or {}
    if category == Category.PR_CRISIS or detail.get("crisis") is True:
        return True
    return kind == "detector" and "sentiment_dip" in {detail.get("kind"), detail.get("detector")}


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """When the quiet hours that hold at `now` end; None when it is none of them.

    Spans that touch are one, and last from one local time to the next, however long that is. One
    that ends within an hour that comes twice ends the second time: the night is not over between.
    """
    until = None
    # So many at most, since what is validated leaves a gap within the week.
    for _ in range(len(hours.spans) * (len(EVERY_DAY) + 1)):
        ends = [end for start, end in _stretches(hours, until or now) if start <= (until or now)]
        later = [end for end in ends if end > (until or now)]
        if not later:
            break
        until = max(later)
    return until


def problems_of_quiet_hours(hours: QuietHours) -> list[FieldProblem]:
    """Everything wrong with quiet hours, by field."""
    problems = []
    if hours.zone not in known_zones():
        problems.append(FieldProblem("/zone", "unknown_zone", "There is no such time zone."))
    if len(hours.spans) > MOST_SPANS:
        detail = f"Quiet hours have at most {MOST_SPANS} spans."
        return [*problems, FieldProblem("/spans", "too_many", detail)]
    for place, span in enumerate(hours.spans):
        problems += _problems_of_span(span, f"/spans/{place}")
    if not problems and _covers_the_week(hours.spans):
        detail = "There is no hour left: what waits would never be told."
        problems.append(FieldProblem("/spans", "never_end", detail))
    return problems


def _id_in(detail: Mapping[str, Any] | None, name: str) -> UUID | None:
    try:
        return UUID(str((detail or {})[name]))
    except (KeyError, ValueError):
        return None


def _reaches(found: str, wanted: str | None, order: Mapping[str, int]) -> bool:
    return wanted is None or order[found] >= order[wanted]


def _is_about(wanted: Source | Target, traits: Traits) -> bool:
    return all(
        one is None or one == found
        for one, found in (
            (wanted.kind, traits.kind),
            (wanted.category, traits.category),
            (wanted.rule_id, traits.rule_id),
        )
    )


def _is_loud(traits: Traits, inhibitions: Sequence[Inhibition]) -> bool:
    """Whoever holds others back is never held back: no circle of two can keep both quiet."""
    return any(rule.enabled and is_source(rule.source, traits) for rule in inhibitions)


def _inhibited_by(
    traits: Traits, inhibitions: Sequence[Inhibition], inhibitors: Iterable[Inhibitor]
) -> Inhibition | None:
    wanted = set(keys_held(traits, inhibitions))
    met = {
        one.inhibition_id
        for one in inhibitors
        if one.alert_id != traits.alert_id and (one.inhibition_id, one.key) in wanted
    }
    return next((rule for rule in inhibitions if rule.id in met), None)


def _problems_of_time(draft: SilenceDraft, now: datetime) -> Iterator[FieldProblem]:
    if draft.ends_at <= draft.starts_at:
        yield FieldProblem("/until", "inverted", "It ends after it begins.")
    elif draft.ends_at - draft.starts_at > LONGEST:
        detail = f"A silence lasts {LONGEST.days} days at most."
        yield FieldProblem("/until", "beyond_limit", detail)
    if draft.ends_at <= now:
        yield FieldProblem("/until", "past", "It ends in the future.")
    if draft.starts_at < now - LONGEST_AGO:
        detail = "It begins now or later: what was told cannot be taken back."
        yield FieldProblem("/from", "past", detail)
    if draft.starts_at > now + FURTHEST_AHEAD:
        detail = f"It begins within {FURTHEST_AHEAD.days} days."
        yield FieldProblem("/from", "too_far_ahead", detail)


def _problems_of_extent(draft: SilenceDraft) -> Iterator[FieldProblem]:
    is_empty = draft.conditions == _NO_CONDITIONS
    if is_empty and not draft.everything:
        detail = "No condition means every alert. If that is meant, say `everything`: true."
        yield FieldProblem("/conditions", "empty", detail)
    if draft.everything and not is_empty:
        detail = "Everything has no conditions."
        yield FieldProblem("/everything", "not_allowed", detail)
    if draft.conditions.tier_at_most is Tier.URGENT and not draft.also_urgent:
        detail = "Urgent alerts are held only with `also_urgent`: true."
        yield FieldProblem("/conditions/tier_at_most", "not_allowed", detail)
    if not draft.reason.strip():
        yield FieldProblem("/reason", "empty", "Say why: others will wonder.")
    elif len(draft.reason) > MOST_REASON:
        detail = f"A reason has at most {MOST_REASON} characters."
        yield FieldProblem("/reason", "too_long", detail)


def _problems_of_span(span: QuietSpan, pointer: str) -> Iterator[FieldProblem]:
    if not (0 <= span.start < MINUTES_OF_A_DAY and 0 < span.end <= MINUTES_OF_A_DAY):
        yield FieldProblem(pointer, "outside_the_day", "A span lies between 00:00 and 24:00.")
    elif span.start == span.end:
        yield FieldProblem(pointer, "empty", "A span ends at another time than it begins.")
    if not span.days or not set(span.days) <= set(EVERY_DAY):
        yield FieldProblem(f"{pointer}/days", "invalid", "A span begins on some day of the week.")


def _covers_the_week(spans: Sequence[QuietSpan]) -> bool:
    quiet: set[int] = set()
    for span in spans:
        for day in span.days:
            first = day * MINUTES_OF_A_DAY + span.start
            lasts = (span.end - span.start - 1) % MINUTES_OF_A_DAY + 1
            quiet |= {minute % _MINUTES_OF_A_WEEK for minute in range(first, first + lasts)}
    return len(quiet) == _MINUTES_OF_A_WEEK


def _stretches(hours: QuietHours, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans that begin on the local day of a moment and on the one before, in UTC."""
    zone = ZoneInfo(hours.zone)
    today = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for day in (today - timedelta(days=1), today):
        for span in hours.spans:
            if day.weekday() not in span.days:
                continue
            overnight = MINUTES_OF_A_DAY if span.end <= span.start else 0
            yield (
                _moments(day + timedelta(minutes=span.start), zone)[0],
                max(_moments(day + timedelta(minutes=span.end + overnight), zone)),
            )


def _moments(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A local time the first time, and the second time where the clocks go back."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
