"""What a promise is at a given moment: due times, outcomes and the moments to act on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours
from services.core.sla.types import (
    ClockKind,
    ClockShape,
    ClockState,
    EpisodeSpec,
    Pause,
    PlannedTimer,
    Policy,
    PolicyDraft,
    PolicyMatch,
    Step,
    Subject,
    Target,
    TimerState,
)
from services.core.triage.types import Tier

HOUR = 3600
MISS_PERCENT = 100

# PRODUCT B1: urgent 2 h, important 12 h, routine 24 h target with a 48 h limit. The handbooks
# name no time for closing a case; these leave room for one round of questions.
DEFAULT_TARGETS: dict[Tier, Target] = {
    Tier.URGENT: Target(2 * HOUR, 2 * HOUR, 24 * HOUR),
    Tier.IMPORTANT: Target(12 * HOUR, 12 * HOUR, 48 * HOUR),
    Tier.ROUTINE: Target(24 * HOUR, 24 * HOUR, 72 * HOUR, limit=48 * HOUR),
}
# PRODUCT C1: what the public is told, comments within 4 h and direct messages within 24 h. The
# internal target stands beside it, and the earlier of the two is due.
DEFAULT_PROMISED = {"comment": 4 * HOUR, "dm": 24 * HOUR}
DEFAULT_DRAFT = PolicyDraft(name="default", targets=DEFAULT_TARGETS, promised=DEFAULT_PROMISED)

_TIER_RANK = {Tier.URGENT: 0, Tier.IMPORTANT: 1, Tier.ROUTINE: 2, Tier.SPAM: 3}


def highest(tiers: Iterable[Tier]) -> Tier:
    """The most pressing tier; routine when there is none."""
    return min(tiers, key=_TIER_RANK.__getitem__, default=Tier.ROUTINE)


def pressing(tier: Tier) -> int:
    """Lower is more pressing: for sorting work."""
    return _TIER_RANK[tier]


def choose_policy(policies: Sequence[Policy], subject: Subject) -> Policy:
    """The first policy all of whose conditions hold, in their order; else the default one."""
    for policy in policies:
        if not policy.is_default and not mismatches(policy.match, subject):
            return policy
    return next(policy for policy in policies if policy.is_default)


def mismatches(match: PolicyMatch, subject: Subject) -> list[str]:
    """The conditions that do not hold, by name; none when the policy is for it."""
    conditions: list[tuple[str, Sequence[object], object]] = [
        ("channels", match.channels, subject.channel),
        ("source_ids", match.source_ids, subject.source_id),
        ("tiers", match.tiers, subject.tier),
        ("categories", match.categories, subject.category),
        ("languages", match.languages, subject.language),
        ("post_ids", match.post_ids, subject.post_id),
        ("follower_tiers", match.follower_tiers, subject.follower_tier),
    ]
    return [name for name, wanted, found in conditions if wanted and found not in wanted]


def shape_clock(
    episode: EpisodeSpec, policy: Policy, now: datetime, *, channel: str, hours: Hours = ALWAYS
) -> ClockShape:
    """The whole state of one promise, from its episode alone.

    Decided by when things happened, not by when anybody noticed: a reply up to and including
    the due time meets the promise, whenever its webhook arrives.
    """
    tier = episode.tier_override or highest(tier for _, tier in episode.asks)
    end = episode.settled_at
    target, promise = _aim(episode, policy, channel, hours)
    due = target if promise is None else min(target, promise)
    stood = stood_still(episode.pauses, episode.started_at, due, hours, end)
    pause = next((each for each in episode.pauses if _covers(each, now)), None)
    held = end is None and pause is not None
    overdue = now >= due if end is None else end > due
    if held and pause is not None and pause.until is None:
        # Time stood still since the pause began: only what was due before it is late.
        overdue = due <= pause.start
    state = _state(episode, overdue=overdue, paused=held)
    standing = pause if state is ClockState.PAUSED else None
    return ClockShape(
        state=state,
        tier=tier,
        started_at=episode.started_at,
        due_at=due,
        target_due_at=target,
        promise_due_at=promise,
        limit_at=_limit(episode, policy.target(promised_tier(tier), channel), hours),
        budget_seconds=round((hours.between(episode.started_at, due) - stood).total_seconds()),
        paused_seconds=round(stood.total_seconds()),
        paused_until=standing.until if standing else None,
        pause_reason=standing.reason if standing else None,
        settled_at=end,
        met_at=end if state is ClockState.MET else None,
        missed_at=due if state is ClockState.MISSED else None,
        void_reason=episode.void_reason if state is ClockState.VOID else None,
        counted_seconds=_gone(episode.started_at, end, hours, stood),
    )


def plan_timers(
    shape: ClockShape,
    pauses: Sequence[Pause],
    steps: Sequence[Step],
    now: datetime,
    *,
    grace: timedelta = timedelta(),
    hours: Hours = ALWAYS,
) -> list[PlannedTimer]:
    """The moments on a clock, in order: percent of the budget, with pauses not counted.

    A warning whose moment has passed when it is planned is skipped with a note, never fired
    by surprise. Of the moments at or after the miss that have passed, the last one fires: it
    says all the earlier ones would. It waits for `grace`, when somebody has just looked. A clock
    that stands still for nobody knows how long has no moments until it goes on.
    """
    if is_held(shape):
        return []
    moments = sorted(place_steps(shape, pauses, steps, hours).items())
    return time_steps(moments, now, grace=grace)


def time_steps(
    moments: Sequence[tuple[int, datetime]], now: datetime, *, grace: timedelta = timedelta()
) -> list[PlannedTimer]:
    """Which of a clock's moments will fire, given them in the order of their percents."""
    passed = [percent for percent, at in moments if at <= now and percent >= MISS_PERCENT]
    last_passed = max(passed, default=None)
    planned = []
    for percent, at in moments:
        skipped = at <= now and percent != last_passed
        graced = bool(grace) and percent == last_passed
        note = "already past when it was planned" if skipped or graced else None
        state = TimerState.SKIPPED if skipped else TimerState.PENDING
        planned.append(PlannedTimer(percent, now + grace if graced else at, state, note))
    return planned


def place_steps(
    shape: ClockShape, pauses: Sequence[Pause], steps: Sequence[Step], hours: Hours = ALWAYS
) -> dict[int, datetime]:
    """When each step comes, by its percent. An offset is named by the percent it comes to.

    A step that would lie before the start has no place; of two at one percent the first stays.
    """
    budget = timedelta(seconds=shape.budget_seconds)
    pauses = since(pauses, shape.started_at)
    placed: dict[int, datetime] = {}
    for step in steps:
        after = (
            budget * step.percent / MISS_PERCENT
            if step.percent is not None
            else budget + timedelta(seconds=step.offset_seconds or 0)
        )
        percent = step.percent or round(after / budget * MISS_PERCENT)
        if after <= timedelta() or percent in placed:
            continue
        if step.percent is None and percent == MISS_PERCENT and step.offset_seconds:
            continue  # seconds beside the miss itself
        at = hours.advance(shape.started_at, after)
        placed[percent] = push(at, pauses, hours, None)
    return placed


def is_held(shape: ClockShape) -> bool:
    """True while the clock stands still and nobody knows how long."""
    return shape.state is ClockState.PAUSED and shape.paused_until is None


def needs_new_timers(before: ClockShape | None, after: ClockShape) -> bool:
    """True when the moments moved: a new clock, another due time, or one taken up again."""
    if before is None:
        return True
    moved = (before.started_at, before.due_at, before.paused_seconds) != (
        after.started_at,
        after.due_at,
        after.paused_seconds,
    )
    taken_up = is_over(before) and not is_over(after)
    return moved or taken_up or is_held(before) != is_held(after)


def is_over(shape: ClockShape) -> bool:
    """True when nothing more can happen on the clock: answered, closed or withdrawn."""
    return shape.settled_at is not None


def is_correction(before: ClockShape, after: ClockShape) -> bool:
    """True when an outcome already written turns out otherwise, as a late webhook makes it."""
    decided = {ClockState.MET, ClockState.MISSED, ClockState.VOID}
    return before.state in decided and (before.state, before.met_at, before.missed_at) != (
        after.state,
        after.met_at,
        after.missed_at,
    )


def count_from(
    at: datetime, seconds: int, pauses: Sequence[Pause], hours: Hours, end: datetime | None
) -> datetime:
    """When so many counted seconds have gone by since a question, pauses left out.

    Only what stood still after the question was asked moves it.
    """
    due = hours.advance(at, timedelta(seconds=seconds))
    return push(due, since(pauses, at), hours, end) if pauses else due


def push(at: datetime, pauses: Sequence[Pause], hours: Hours, end: datetime | None) -> datetime:
    """Each pause that begins before a moment moves it on by what would have counted in it.

    Overlapping pauses count once. One without an end lasts to `end`, or moves nothing yet.
    """
    for start, until in _apart(pauses, end):
        if start < at:
            at = hours.advance(at, hours.between(start, until))
    return at


def stood_still(
    pauses: Sequence[Pause], start: datetime, due: datetime, hours: Hours, end: datetime | None
) -> timedelta:
    """How much of counted time stood still from one moment to another."""
    if not pauses:
        return timedelta()
    return sum(
        (
            hours.between(begin, min(until, due))
            for begin, until in _apart(since(pauses, start), end)
        ),
        timedelta(),
    )


def _gone(start: datetime, end: datetime | None, hours: Hours, stood: timedelta) -> int | None:
    """What counted from the question to its end, without what stood still before it was due."""
    return None if end is None else round((hours.between(start, end) - stood).total_seconds())


def since(pauses: Sequence[Pause], start: datetime) -> Sequence[Pause]:
    """What of the pauses lies after a moment: an absence may have begun before the question."""
    return [
        pause if pause.start >= start else replace(pause, start=start)
        for pause in pauses
        if pause.until is None or pause.until > start
    ]


def _apart(pauses: Sequence[Pause], end: datetime | None) -> Iterator[tuple[datetime, datetime]]:
    """The stretches that stood still, in order, none touching time another one has."""
    reached: datetime | None = None
    for pause in sorted(pauses, key=lambda each: each.start):
        until = end if pause.until is None else pause.until
        start = pause.start if reached is None else max(pause.start, reached)
        if until is None or start >= until or (end is not None and start >= end):
            continue
        yield start, until
        reached = until


def is_verdict_turned(before: ClockShape, after: ClockShape) -> bool:
    """True when what was held for late was in time after all, or the other way round."""
    return (
        is_over(after)
        and before.state is not after.state
        and {before.state, after.state} == {ClockState.MET, ClockState.MISSED}
    )


def _covers(pause: Pause, now: datetime) -> bool:
    return pause.start <= now and (pause.until is None or now < pause.until)


def _aim(
    episode: EpisodeSpec, policy: Policy, channel: str, hours: Hours
) -> tuple[datetime, datetime | None]:
    """When the tier's target and the public promise are due.

    Every open question keeps its own promise; the clock is due with the earliest.
    """
    if episode.until is not None:
        return episode.until, None  # the platform's moment, in plain time
    asks, pauses, end = episode.asks, episode.pauses, episode.settled_at
    if episode.tier_override is not None:
        asks = ((episode.started_at, episode.tier_override),)
    target = min(
        count_from(at, _target(policy, tier, channel).seconds(episode.kind), pauses, hours, end)
        for at, tier in asks
    )
    promised = policy.promised.get(channel)
    if promised is None or episode.kind is ClockKind.RESOLUTION:
        return target, None
    # The public was told from its first open question; a corrected tier does not change that.
    first = min(at for at, _ in asks)
    return target, count_from(first, promised, pauses, hours, end)


def _target(policy: Policy, tier: Tier, channel: str) -> Target:
    return policy.target(promised_tier(tier), channel)


def promised_tier(tier: Tier) -> Tier:
    """Spam has no promise; a person may still open a case on it, which is then routine."""
    return Tier.ROUTINE if tier is Tier.SPAM else tier


def _limit(episode: EpisodeSpec, target: Target, hours: Hours) -> datetime | None:
    if target.limit is None or episode.kind is ClockKind.RESOLUTION or episode.until is not None:
        return None
    return count_from(episode.started_at, target.limit, episode.pauses, hours, episode.settled_at)


def _state(episode: EpisodeSpec, *, overdue: bool, paused: bool) -> ClockState:
    if overdue:
        return ClockState.MISSED
    if episode.void_reason is not None:
        return ClockState.VOID
    if episode.settled_at is not None:
        return ClockState.MET
    return ClockState.PAUSED if paused else ClockState.RUNNING
