"""Which promises a weekly plan can keep at all, by how much it fails, and what would help.

The best case is looked at: whoever looks answers everything at once. What fails here fails on the
quietest day.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import MINUTES_OF_A_DAY, Hours
from services.core.sla.types import Policy
from services.core.staffing import rules, wording
from services.core.staffing.types import (
    Feasibility,
    Finding,
    Gap,
    Handling,
    Look,
    Plan,
    Promise,
    Workload,
)
from services.core.triage.types import Tier

CHANNELS = ("comment", "dm", "mention")
TIERS = (Tier.URGENT, Tier.IMPORTANT, Tier.ROUTINE)
PUBLIC = "public"

# Two weeks ahead: every gap of the week, and the holidays and changes of clocks that are near.
AHEAD = timedelta(days=15)
WEEK = timedelta(days=7)
# Nobody plans a look at 22:57.
GRID = timedelta(minutes=5)
# More looks than this between two blocks is no plan, it is a shift.
MOST_LOOKS = 6
# Of two sets of looks that both help, the one nearer to early afternoon lets people sleep.
AWAKE = 14 * 60


def assess(
    plan: Plan,
    policies: Sequence[Policy],
    hours: Mapping[UUID, Hours],
    *,
    handling: Handling,
    arrivals: tuple[int, float],
    now: datetime,
) -> Feasibility:
    """Every promise of these policies against the plan.

    `hours` are those of calendars by their id; `arrivals` are questions worth a reply, and in how
    many days they came.
    """
    ahead = rules.gaps(rules.shifts(plan, now, now + AHEAD), ZoneInfo(plan.zone))
    findings = [
        _examine(promise, ahead, hours_of(policy, hours), handling, zone=ZoneInfo(plan.zone))
        for policy in policies
        for promise in promises_of(policy)
    ]
    return Feasibility(
        as_of=now,
        plan=plan,
        day_gap=max((g for g in ahead if not g.over_night), key=_length, default=None),
        night_gap=max((g for g in ahead if g.over_night), key=_length, default=None),
        findings=tuple(sorted(findings, key=lambda each: (each.kept, -each.short_by_seconds))),
        handling=handling,
        workload=weigh(plan, handling, *arrivals),
    )


def hours_of(policy: Policy, hours: Mapping[UUID, Hours]) -> Hours:
    """What a policy counts in: its calendar's hours, or around the clock."""
    return hours.get(policy.calendar_id, ALWAYS) if policy.calendar_id else ALWAYS


def promises_of(policy: Policy) -> Iterator[Promise]:
    """What a policy owes, once for each length: by channel, and by the tiers it holds for."""
    tiers = tuple(tier for tier in TIERS if not policy.match.tiers or tier in policy.match.tiers)
    for channel in policy.match.channels or CHANNELS:
        for tier in tiers:
            target = policy.target(tier, channel)
            lengths: dict[int, list[str]] = {}
            lengths.setdefault(target.first_response, []).append("first_response")
            lengths.setdefault(target.next_response, []).append("next_response")
            for seconds, names in lengths.items():
                yield Promise(policy.id, policy.name, channel, (tier,), tuple(names), seconds)
        if channel in policy.promised and tiers:
            seconds = policy.promised[channel]
            yield Promise(policy.id, policy.name, channel, tiers, (PUBLIC,), seconds)


def weigh(plan: Plan, handling: Handling, arrivals: int, days: float) -> Workload:
    """Hours a week that answering takes against hours planned."""
    needed = arrivals * handling.minutes / 60 * (7 / days) if days else 0.0
    planned = rules.planned_hours(plan)
    words = wording.workload(arrivals, days, handling, needed=needed, planned=planned)
    return Workload(arrivals, days, needed, planned, words)


def _examine(
    promise: Promise, ahead: Sequence[Gap], hours: Hours, handling: Handling, *, zone: ZoneInfo
) -> Finding:
    reply = timedelta(minutes=handling.minutes)
    allowed = timedelta(seconds=promise.seconds)
    waits = [hours.between(gap.start, gap.end + reply) for gap in ahead]
    wait = max(waits, default=reply)
    worst = ahead[waits.index(wait)] if waits else None
    looks: tuple[Look, ...] = ()
    if wait > allowed:
        near = [gap for gap in ahead if gap.start < ahead[0].start + WEEK]
        looks = _looks(near, hours, allowed, reply, zone)
    short = max(wait - allowed, timedelta())
    wall = worst.end - worst.start + reply if worst else reply
    finding = Finding(
        promise=promise,
        kept=wait <= allowed,
        wait_seconds=_seconds(wait),
        wall_seconds=_seconds(wall),
        short_by_seconds=_seconds(short),
        asked_at=worst.start if worst else None,
        looks=looks,
        words={},
    )
    finding.words.update(wording.finding(finding, zone))
    return finding


def _looks(
    ahead: Sequence[Gap], hours: Hours, allowed: timedelta, reply: timedelta, zone: ZoneInfo
) -> tuple[Look, ...]:
    """The fewest further looks that would keep the promise; empty when no few would."""
    days: dict[int, set[int]] = {}
    for gap in ahead:
        found = _fill(gap, hours, allowed, reply, zone)
        if found is None:
            return ()
        for moment in found:
            local = moment.astimezone(zone)
            days.setdefault(local.hour * 60 + local.minute, set()).add(local.weekday())
    # From the middle of the day on, so that a night reads as one.
    in_order = sorted(days, key=lambda at: (at - AWAKE) % MINUTES_OF_A_DAY)
    return tuple(Look(at, tuple(sorted(days[at]))) for at in in_order)


def _fill(
    gap: Gap, hours: Hours, allowed: timedelta, reply: timedelta, zone: ZoneInfo
) -> list[datetime] | None:
    """The fewest looks inside one gap, as late or as early as each may be; None when too many."""
    first = gap.start + (-(gap.start - rules.ANY_MIDNIGHT) % GRID)
    grid = [first + GRID * step for step in range((gap.end - first) // GRID + 1)]
    grid = [moment for moment in grid if gap.start < moment < gap.end]

    late, at = list[datetime](), gap.start
    while not _reaches(hours, at, gap.end + reply, allowed):
        held = [moment for moment in grid if _reaches(hours, at, moment + reply, allowed)]
        if len(late) == MOST_LOOKS or not held or held[-1] <= at:
            return None
        at = held[-1]
        late.append(at)
    early, at = list[datetime](), gap.end
    while not _reaches(hours, gap.start, at + reply, allowed):
        held = [moment for moment in grid if _reaches(hours, moment, at + reply, allowed)]
        if len(early) == MOST_LOOKS or not held or held[0] >= at:
            return late
        at = held[0]
        early.append(at)
    return min((late, early[::-1]), key=lambda looks: sum(_from_afternoon(m, zone) for m in looks))


def _reaches(hours: Hours, start: datetime, end: datetime, allowed: timedelta) -> bool:
    return hours.between(start, end) <= allowed


def _from_afternoon(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    away = abs(local.hour * 60 + local.minute - AWAKE)
    return min(away, MINUTES_OF_A_DAY - away)


def _length(gap: Gap) -> timedelta:
    return gap.end - gap.start


def _seconds(length: timedelta) -> int:
    return round(length.total_seconds())
