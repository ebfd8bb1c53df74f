"""Decide how an alert climbs its ladder: which steps are due, which are told, and when it goes on.

A ladder's steps and their repetitions are one schedule, counted from the raising. Where an alert
was kept at rest the rest of its schedule moves on by that time. Nothing here reads a clock or row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.core.alerts.ladder_types import GroupBy, LadderStep, StepClock, StepOutcome
from services.core.alerts.types import Alert, AlertState
from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours
from services.core.rotas.types import Audience, AudienceKind
from services.core.triage.types import Tier
from services.core.workspaces.types import Role

# Rounds of one position: what is queued for them is told apart by position * 1000 + round.
ROUNDS: Final = 1000
# Rest of whoever says they have it without saying for how long, in minutes. Then it goes on.
REST_MINUTES: Final[Mapping[Tier, int]] = {
    Tier.URGENT: 30,
    Tier.IMPORTANT: 2 * 60,
    Tier.ROUTINE: 8 * 60,
    Tier.SPAM: 24 * 60,
}
# Open for so long it wakes nobody any more.
EXPIRES_AFTER: Final = timedelta(days=30)

_RANK: Final = {Tier.URGENT: 0, Tier.IMPORTANT: 1, Tier.ROUTINE: 2, Tier.SPAM: 3}
_INSTANT: Final = timedelta(microseconds=1)

# Whom to ask when a step finds nobody, in this order.
WIDER: Final[tuple[tuple[str, Audience], ...]] = (
    ("moderators", Audience(AudienceKind.ROLE, role=Role.MODERATOR)),
    ("managers", Audience(AudienceKind.ROLE, role=Role.MANAGER)),
    ("everybody", Audience(AudienceKind.EVERYBODY)),
)


class Reason:
    """Why a step told nobody; what holds an alert back is named by its own kind."""

    GROUPED: Final = "grouped"
    LOUDER: Final = "louder_alert"
    OUT_OF_HOURS: Final = "out_of_hours"
    BELOW_TIER: Final = "below_tier"
    NEXT_ROUND: Final = "next_round"
    NO_CHANNEL: Final = "no_channel"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One moment of a schedule: a step, and which of its rounds."""

    position: int
    round: int
    at: datetime

    @property
    def key(self) -> tuple[int, int]:
        return self.position, self.round


# What was done of a climb for good, by position and round; what was held is not among it.
Past = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps an alert quiet, and when to ask again."""

    kind: str
    id: UUID
    reason: str
    until: datetime | None
    again_at: datetime


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around an alert when it is looked at."""

    now: datetime
    enabled: tuple[UUID, ...]
    hours: Hours = ALWAYS
    held: Held | None = None
    grouped_with: UUID | None = None
    louder_step: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one occasion; `channel_ids` are those that are told."""

    position: int
    round: int
    outcome: StepOutcome
    due_at: datetime
    late_by: int
    reason: str | None = None
    channel_ids: tuple[UUID, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sequence(self) -> int:
        return self.position * ROUNDS + self.round


@dataclass(frozen=True, slots=True)
class Move:
    """How an alert goes on: what was done, and where and when it stands afterwards."""

    done: tuple[Done, ...]
    position: int
    round: int
    climb_at: datetime | None
    climb_from: datetime
    resumed: bool = False

    @property
    def told(self) -> tuple[Done, ...]:
        return tuple(one for one in self.done if one.outcome is StepOutcome.TOLD)


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step of an alert's climb as it was written down."""

    position: int
    round: int
    outcome: StepOutcome
    reason: str | None
    detail: Mapping[str, Any]
    due_at: datetime
    done_at: datetime
    late_by_seconds: int


@dataclass(frozen=True, slots=True)
class Climb:
    """An alert on its ladder: what became of the steps so far, and those that are left."""

    alert: Alert
    steps: tuple[LadderStep, ...]
    done: tuple[StepDone, ...]
    ahead: tuple[Occasion, ...]


def steps_for(steps: Sequence[LadderStep], percent: int) -> tuple[LadderStep, ...]:
    """The steps of the highest percent reached, in the order of their waits; () below the first."""
    reached = [step.percent for step in steps if step.percent <= percent]
    mine = [step for step in steps if reached and step.percent == max(reached)]
    return tuple(sorted(mine, key=lambda step: step.wait_seconds))


def schedule(steps: Sequence[LadderStep], start: datetime, hours: Hours = ALWAYS) -> list[Occasion]:
    """Every occasion of a climb that begins at `start`, in order of time."""
    occasions = [
        Occasion(position, round_, _count(step, start, hours, round_))
        for position, step in enumerate(steps)
        for round_ in range(step.repeat_times + 1)
    ]
    return sorted(occasions, key=lambda one: (one.at, one.position, one.round))


def begin(steps: Sequence[LadderStep], start: datetime, hours: Hours = ALWAYS) -> Occasion | None:
    """The first occasion of a climb; None when there is nobody to tell."""
    return next(iter(schedule(steps, start, hours)), None)


def ahead(
    alert: Alert, steps: Sequence[LadderStep], past: Past, hours: Hours = ALWAYS
) -> list[Occasion]:
    """What is left of an alert's climb, the next occasion first, each when it will come."""
    return _stand(alert, steps, past, hours, alert.climb_at)[1] if alert.climb_at else []


def decide(alert: Alert, steps: Sequence[LadderStep], past: Past, around: Around) -> Move:
    """What to do with an alert whose `climb_at` has come; `past` is what was done of it.

    Every occasion that is due is either told or explained, and none is passed over. What is held
    stays where it is, explained, until nothing holds it.
    """
    due_at = alert.climb_at or around.now
    start, left = _stand(alert, steps, past, around.hours, due_at)
    due = [one for one in left if one.at <= around.now]
    after = next((one for one in left if one.at > around.now), None)
    resumed = alert.state is AlertState.ACKNOWLEDGED
    if not left and steps:
        # Everybody has been told, somebody said they had it, and then there was silence. It may be
        # held as well, and is then told when that ends.
        due = [_once_more(alert, steps, past, due_at)]
    if around.held is not None and due:
        return _hold(due[0], around, around.held, start, resumed=resumed)
    latest = {one.position: one.round for one in due}
    done = tuple(
        _judge(alert, steps[one.position], one, around, later=latest[one.position] != one.round)
        for one in due
    )
    position, round_ = _place(alert, due, after)
    return Move(done, position, round_, after.at if after else None, start, resumed)


def rest_until(tier: Tier, now: datetime, minutes: int | None, *, ever: bool) -> datetime | None:
    """Until when an acknowledgement keeps an alert at rest; None until it is over."""
    if ever:
        return None
    return now + timedelta(minutes=minutes if minutes is not None else REST_MINUTES[tier])


def is_grouped(alert: Alert, other: Alert) -> bool:
    """True when whoever was told of the other alert need not be told of this one as well.

    Only what is at least as loud and as pressing, and has come at least as far, speaks for it.
    """
    return (
        other.id != alert.id
        and other.state in {AlertState.FIRING, AlertState.ACKNOWLEDGED}
        and other.step >= alert.step
        and _RANK[other.tier] <= _RANK[alert.tier]
        and (other.climb_position, other.climb_round) > (alert.climb_position, alert.climb_round)
    )


def told_group_of(
    group_by: GroupBy | None,
    *,
    rule_id: UUID | None,
    case_id: UUID | None,
    around: Mapping[GroupBy, UUID | None],
) -> str | None:
    """What an alert is told together with; None when it is told alone.

    `around` has what its case belongs to: post, thread, follower.
    """
    if group_by is None:
        return None
    found = {**around, GroupBy.RULE: rule_id, GroupBy.CASE: case_id}
    one = found.get(group_by)
    return f"{group_by.value}:{one}" if one else None


def audience_or_wider(
    own: Sequence[Any], wider: Iterable[tuple[str, Sequence[Any]]]
) -> tuple[Sequence[Any], str | None]:
    """The people of a step, or of the next circle that has any, and how far it was widened."""
    if own:
        return own, None
    return next(((people, name) for name, people in wider if people), ((), "nobody"))


def channels_of(step: LadderStep, enabled: Sequence[UUID]) -> tuple[UUID, ...]:
    """The enabled channels a step names, or all when it names none or none of them is left.

    A warning that wakes the wrong person is better than one that wakes nobody.
    """
    alive = tuple(channel_id for channel_id in enabled if channel_id in step.channel_ids)
    return alive or tuple(enabled)


def _count(step: LadderStep, start: datetime, hours: Hours, round_: int) -> datetime:
    by = timedelta(seconds=step.wait_seconds + round_ * step.repeat_seconds)
    counted = hours if step.clock is StepClock.WORKING and by else ALWAYS
    return counted.advance(start, by)


def _stand(
    alert: Alert, steps: Sequence[LadderStep], past: Past, hours: Hours, due_at: datetime
) -> tuple[datetime, list[Occasion]]:
    """From when waits count, later by what it was kept at rest, and what is left to do.

    The occasion it stands at comes when it was said to, and not before its own moment.
    """
    start = alert.climb_from or alert.fired_at
    here = (alert.climb_position, alert.climb_round)
    planned = next((one.at for one in schedule(steps, start, hours) if one.key == here), None)
    if planned is not None:
        start += max(due_at - planned, timedelta())
    left = [
        replace(one, at=max(due_at, planned)) if planned is not None and one.key == here else one
        for one in schedule(steps, start, hours)
        if one.key not in past
    ]
    return start, sorted(left, key=lambda one: (one.at, one.key))


def _once_more(alert: Alert, steps: Sequence[LadderStep], past: Past, due_at: datetime) -> Occasion:
    position = min(alert.climb_position, len(steps) - 1)
    rounds = [round_ for at, round_ in past if at == position]
    return Occasion(position, max(rounds, default=-1) + 1, due_at)


def _place(alert: Alert, due: Sequence[Occasion], after: Occasion | None) -> tuple[int, int]:
    """Where it stands now; behind the last occasion that is one round more of its step."""
    if after is not None:
        return after.position, after.round
    if not due:
        return alert.climb_position, alert.climb_round
    last = due[-1]
    return last.position, last.round + 1


def _hold(
    first: Occasion,
    around: Around,
    held: Held,
    start: datetime,
    *,
    resumed: bool,
) -> Move:
    detail = {
        "id": str(held.id),
        "reason": held.reason,
        "until": held.until.isoformat() if held.until else None,
    }
    done = Done(
        first.position,
        first.round,
        StepOutcome.EXPLAINED,
        due_at=first.at,
        late_by=0,
        reason=held.kind,
        detail=detail,
    )
    again_at = max(held.again_at, around.now + _INSTANT)
    return Move((done,), first.position, first.round, again_at, start, resumed)


def _judge(alert: Alert, step: LadderStep, one: Occasion, around: Around, *, later: bool) -> Done:
    due_at = _due(alert, one)
    late_by = max(0, int((around.now - due_at).total_seconds()))
    channel_ids = channels_of(step, around.enabled)
    reason, detail = _why_not(alert, step, around, later=later, channel_ids=channel_ids)
    told = reason is None
    return Done(
        one.position,
        one.round,
        StepOutcome.TOLD if told else StepOutcome.EXPLAINED,
        due_at=due_at,
        late_by=late_by,
        reason=reason,
        channel_ids=channel_ids if told else (),
        detail=detail,
    )


def _due(alert: Alert, one: Occasion) -> datetime:
    """What is told as an alert rises was due when its moment came, not when that was noticed."""
    return min(one.at, alert.fire_at) if one.at == alert.fired_at else one.at


def _why_not(
    alert: Alert,
    step: LadderStep,
    around: Around,
    *,
    later: bool,
    channel_ids: Sequence[UUID],
) -> tuple[str | None, dict[str, Any]]:
    if later:
        return Reason.NEXT_ROUND, {}
    if around.louder_step is not None:
        return Reason.LOUDER, {"step": around.louder_step}
    if step.min_tier is not None and _RANK[alert.tier] > _RANK[step.min_tier]:
        return Reason.BELOW_TIER, {"min_tier": step.min_tier.value}
    if step.only_in_hours and not around.hours.spans(around.now, around.now + _INSTANT):
        return Reason.OUT_OF_HOURS, {}
    if around.grouped_with is not None:
        return Reason.GROUPED, {"alert_id": str(around.grouped_with)}
    return (None, {}) if channel_ids else (Reason.NO_CHANNEL, {})
