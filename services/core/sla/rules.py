"""What a promise is at a given moment: due times, outcomes and the moments to act on."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from services.core.sla.types import (
    ClockKind,
    ClockShape,
    ClockState,
    EpisodeSpec,
    PlannedTimer,
    Policy,
    PolicyDraft,
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
DEFAULT_DRAFT = PolicyDraft(name="default", targets=DEFAULT_TARGETS)

_TIER_RANK = {Tier.URGENT: 0, Tier.IMPORTANT: 1, Tier.ROUTINE: 2, Tier.SPAM: 3}


def highest(tiers: Iterable[Tier]) -> Tier:
    """The most pressing tier; routine when there is none."""
    return min(tiers, key=_TIER_RANK.__getitem__, default=Tier.ROUTINE)


def pressing(tier: Tier) -> int:
    """Lower is more pressing: for sorting work."""
    return _TIER_RANK[tier]


def choose_policy(policies: Sequence[Policy], *, channel: str, source_id: object) -> Policy:
    """The first policy whose conditions hold, in their order; else the default one."""
    for policy in policies:
        conditions = policy.match
        if policy.is_default:
            continue
        if conditions.channels and channel not in conditions.channels:
            continue
        if conditions.source_ids and source_id not in conditions.source_ids:
            continue
        return policy
    return next(policy for policy in policies if policy.is_default)


def shape_clock(episode: EpisodeSpec, policy: Policy, now: datetime) -> ClockShape:
    """The whole state of one promise, from its episode alone.

    Decided by when things happened, not by when anybody noticed: a reply up to and including
    the due time meets the promise, whenever its webhook arrives.
    """
    tier = episode.tier_override or highest(tier for _, tier in episode.asks)
    due = _due(episode, policy)
    end = episode.settled_at
    due, paused_seconds = _push_by_pauses(due, episode.pauses, end)
    limit = _limit(episode, policy, tier, paused_seconds)
    pause = next((until for start, until in episode.pauses if start <= now < until), None)
    overdue = (end if end is not None else now) > due or (end is None and now >= due)
    state = _state(episode, overdue=overdue, paused=end is None and pause is not None)
    return ClockShape(
        state=state,
        tier=tier,
        started_at=episode.started_at,
        due_at=due,
        limit_at=limit,
        budget_seconds=round((due - episode.started_at).total_seconds()) - paused_seconds,
        paused_seconds=paused_seconds,
        paused_until=pause if state is ClockState.PAUSED else None,
        settled_at=end,
        met_at=end if state is ClockState.MET else None,
        missed_at=due if state is ClockState.MISSED else None,
        void_reason=episode.void_reason if state is ClockState.VOID else None,
    )


def plan_timers(
    shape: ClockShape,
    pauses: Sequence[tuple[datetime, datetime]],
    steps: Sequence[int],
    now: datetime,
    grace: timedelta = timedelta(),
) -> list[PlannedTimer]:
    """The moments on a clock, in order: percent of the budget, with pauses not counted.

    A warning whose moment has passed when it is planned is skipped with a note, never fired
    by surprise. Of the moments at or after the miss that have passed, the last one fires: it
    says all the earlier ones would. It waits for `grace`, when somebody has just looked.
    """
    moments = [(percent, _moment(shape, pauses, percent)) for percent in sorted(steps)]
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
    return moved or taken_up


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


def _due(episode: EpisodeSpec, policy: Policy) -> datetime:
    """Every open question keeps its own promise; the clock is due with the earliest."""
    if episode.tier_override is not None:
        budget = policy.targets[_promised(episode.tier_override)].seconds(episode.kind)
        return episode.started_at + timedelta(seconds=budget)
    return min(
        at + timedelta(seconds=policy.targets[_promised(tier)].seconds(episode.kind))
        for at, tier in episode.asks
    )


def _promised(tier: Tier) -> Tier:
    # Spam has no promise; a person may still open a case on it, which is then routine.
    return Tier.ROUTINE if tier is Tier.SPAM else tier


def _push_by_pauses(
    due: datetime, pauses: Sequence[tuple[datetime, datetime]], end: datetime | None
) -> tuple[datetime, int]:
    """Each pause that begins before the due time moves it on by its length."""
    total = timedelta()
    for start, until in sorted(pauses):
        if start >= due or (end is not None and start >= end):
            continue
        length = until - start
        due += length
        total += length
    return due, round(total.total_seconds())


def _limit(
    episode: EpisodeSpec, policy: Policy, tier: Tier, paused_seconds: int
) -> datetime | None:
    limit = policy.targets[_promised(tier)].limit
    if limit is None or episode.kind is ClockKind.RESOLUTION:
        return None
    return episode.started_at + timedelta(seconds=limit + paused_seconds)


def _state(episode: EpisodeSpec, *, overdue: bool, paused: bool) -> ClockState:
    if overdue:
        return ClockState.MISSED
    if episode.void_reason is not None:
        return ClockState.VOID
    if episode.settled_at is not None:
        return ClockState.MET
    return ClockState.PAUSED if paused else ClockState.RUNNING


def _moment(
    shape: ClockShape, pauses: Sequence[tuple[datetime, datetime]], percent: int
) -> datetime:
    """A pause moves the steps that lie behind its beginning, and leaves the earlier ones."""
    budget = timedelta(seconds=shape.budget_seconds)
    at = shape.started_at + budget * percent / MISS_PERCENT
    return _push_by_pauses(at, pauses, None)[0]
