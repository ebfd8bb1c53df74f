"""Decide over a batch of alerts whose time has come: look around once, tell, and write it down."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.alerts import climbing
from services.core.alerts.climbing import Around, Done, Held, Move, Past, StepDone
from services.core.alerts.ladder_types import GroupBy, LadderStep, StepOutcome
from services.core.alerts.repository import climbing as climbs
from services.core.alerts.service.parcels import Telling, queue
from services.core.alerts.stored_steps import read_steps
from services.core.alerts.types import Alert, AlertState, Purpose
from services.core.calendars import service as calendars
from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours
from services.core.kit.uow import UnitOfWork
from services.core.rotas import service as rotas
from services.core.rotas.types import Person, Wanted
from services.core.silences import rules as quiet
from services.core.silences import service as silences
from services.core.sla import rules as sla

# How often to see whether what holds an alert still does.
LOOK_AGAIN: Final = timedelta(minutes=5)

Place = tuple[UUID, int | None]
Key = tuple[UUID, int, int]
# The people of each step that tells somebody, and how far the circle had to be widened.
Meant = Mapping[Key, tuple[Sequence[Person], str | None]]


@dataclass(frozen=True, slots=True)
class Advanced:
    """An alert as it was and as it stands now, and what was done in between."""

    before: Alert
    after: Alert
    move: Move


@dataclass(slots=True)
class _Scene:
    """Everything that decides over a batch, read once; `told` grows while it is decided."""

    uow: UnitOfWork
    alerts: list[Alert]
    enabled: tuple[UUID, ...]
    past: Mapping[UUID, Past]
    louder: Mapping[UUID, int]
    hours: Mapping[Place, tuple[Hours, int]]
    holds: Mapping[UUID, Held]
    cases: Mapping[UUID, Row[Any]]
    told: dict[str, list[Alert]]

    def begin(self, alert: Alert) -> Advanced:
        """Put a new alert at the first occasion of its ladder, and decide if that is now."""
        first = climbing.begin(steps_of(alert), alert.fired_at, self.hours_of(alert))
        if first is None:
            return Advanced(alert, alert, Move((), 0, 0, None, alert.fired_at))
        placed = replace(
            alert, climb_at=first.at, climb_position=first.position, climb_round=first.round
        )
        if first.at > self.uow.now:
            nothing = Move((), first.position, first.round, first.at, alert.fired_at)
            return Advanced(placed, placed, nothing)
        return self.decide(placed)

    def decide(self, alert: Alert) -> Advanced:
        """What to do with one alert, which then stands where that leaves it."""
        around = Around(
            now=self.uow.now,
            enabled=self.enabled,
            hours=self.hours_of(alert),
            held=self.holds.get(alert.id),
            grouped_with=self._grouped_with(alert),
            louder_step=self.louder.get(alert.id),
        )
        past = self.past.get(alert.id, frozenset())
        move = climbing.decide(alert, steps_of(alert), past, around)
        after = _moved(alert, move, self.uow)
        if move.told and after.told_group:
            self.told.setdefault(after.told_group, []).append(after)
        return Advanced(alert, after, move)

    def hours_of(self, alert: Alert) -> Hours:
        place = calendar_of(alert)
        return self.hours[place][0] if place and place in self.hours else ALWAYS

    def _grouped_with(self, alert: Alert) -> UUID | None:
        if alert.told_group is None:
            return None
        since = self.uow.now - _window_of(alert)
        return next(
            (
                other.id
                for other in self.told.get(alert.told_group, ())
                if other.told_at and other.told_at > since and climbing.is_grouped(alert, other)
            ),
            None,
        )


async def advance(
    uow: UnitOfWork,
    alerts: Sequence[Alert],
    *,
    enabled: Sequence[UUID],
    past: Mapping[UUID, Past] | None = None,
    louder: Mapping[UUID, int] | None = None,
) -> list[Advanced]:
    """Decide for alerts that are due, queue what is to be said and write down the rest.

    The caller holds the alerts. Set-based: the number of statements does not grow with them.
    Returns each with what was done, as it stands afterwards.
    """
    if not alerts:
        return []
    scene = await _look_around(uow, alerts, tuple(enabled), past or {}, louder or {})
    advanced = [scene.decide(alert) for alert in sorted(scene.alerts, key=_urgency)]
    await _carry_out(uow, scene, advanced)
    return advanced


async def begin(uow: UnitOfWork, raised: Sequence[Alert], enabled: Sequence[UUID]) -> None:
    """Set alerts that were just raised on their ladders; steps without a wait are told at once.

    One whose ladder begins later, or has nobody to tell, is there to be read.
    """
    if not raised:
        return
    scene = await _look_around(uow, raised, tuple(enabled), {}, {})
    await _carry_out(uow, scene, [scene.begin(one) for one in sorted(scene.alerts, key=_urgency)])


async def _carry_out(uow: UnitOfWork, scene: _Scene, advanced: Sequence[Advanced]) -> None:
    meant = await _find_people(uow, scene, advanced)
    await queue(uow, [telling for one in advanced for telling in _tellings(one, meant)])
    await climbs.add_steps(
        uow, [_step_row(uow, one.after, done, meant) for one in advanced for done in one.move.done]
    )
    await climbs.move_alerts(uow, [_alert_row(one.after) for one in advanced])


async def _look_around(
    uow: UnitOfWork,
    alerts: Sequence[Alert],
    enabled: tuple[UUID, ...],
    past: Mapping[UUID, Past],
    louder: Mapping[UUID, int],
) -> _Scene:
    wanted = {place for alert in alerts if (place := calendar_of(alert))}
    hours = await calendars.open_hours(uow, wanted) if wanted else {}
    holds = await silences.find_holding(uow, alerts)
    asked = sorted({alert.case_id for alert in alerts if alert.case_id and _asks_for_case(alert)})
    cases = await climbs.list_cases(uow, asked) if asked else {}
    grouped = [_with_group(alert, cases) for alert in alerts]
    told: dict[str, list[Alert]] = defaultdict(list)
    groups = sorted({alert.told_group for alert in grouped if alert.told_group})
    if groups:
        longest = max(_window_of(alert) for alert in grouped)
        for alert in await climbs.list_told(uow, groups, uow.now - longest):
            told[alert.told_group or ""].append(alert)
    held = {
        alert_id: Held(
            hold.kind.value,
            hold.id,
            hold.reason,
            hold.until,
            # A silence may be ended early.
            min(quiet.look_again_at(hold, uow.now), uow.now + LOOK_AGAIN),
        )
        for alert_id, hold in holds.items()
    }
    return _Scene(uow, grouped, enabled, past, louder, hours, held, cases, told)


async def _find_people(uow: UnitOfWork, scene: _Scene, advanced: Sequence[Advanced]) -> Meant:
    """Whom each step is meant for; one that finds nobody takes the next wider circle."""
    asked: dict[Key, Wanted] = {}
    for one in advanced:
        steps = steps_of(one.after)
        case = scene.cases.get(one.after.case_id) if one.after.case_id else None
        assignee_id = case.assignee_id if case else None
        for done in one.move.told:
            if audience := steps[done.position].audience:
                asked[_key(one.after, done)] = Wanted(audience, assignee_id, uow.now)
    if not asked:
        return {}
    found = dict(zip(asked, await rotas.resolve_audiences(uow, list(asked.values())), strict=True))
    wider: list[tuple[str, tuple[Person, ...]]] = []
    if not all(found.values()):
        circles = [Wanted((one,), None, uow.now) for _, one in climbing.WIDER]
        names = [name for name, _ in climbing.WIDER]
        wider = list(zip(names, await rotas.resolve_audiences(uow, circles), strict=True))
    return {key: climbing.audience_or_wider(own, wider) for key, own in found.items()}


def _tellings(one: Advanced, meant: Meant) -> list[Telling]:
    """A message for each channel: steps that come due together are said together."""
    by_channel: dict[UUID, list[Done]] = defaultdict(list)
    for done in one.move.told:
        for channel_id in done.channel_ids:
            by_channel[channel_id].append(done)
    return [
        Telling(
            one.after,
            channel_id,
            Purpose.FIRING if one.before.told_at is None else Purpose.ESCALATED,
            sequence=together[0].sequence,
            people=_people_of(one.after, together, meant),
            told_late_by=max(done.late_by for done in together),
        )
        for channel_id, together in by_channel.items()
    ]


def _people_of(alert: Alert, together: Sequence[Done], meant: Meant) -> tuple[Person, ...]:
    """Each person once, as the first step that names them does."""
    named: dict[UUID, Person] = {}
    for done in together:
        for person in meant.get(_key(alert, done), ((), None))[0]:
            named.setdefault(person.member_id, person)
    return tuple(named.values())


def steps_of(alert: Alert) -> tuple[LadderStep, ...]:
    """The steps this alert climbs, as they were when it was raised."""
    return climbing.steps_for(read_steps(alert.ladder["steps"]), alert.step)


def read_step(row: Row[Any]) -> StepDone:
    return StepDone(
        position=row.position,
        round=row.round,
        outcome=StepOutcome(row.outcome),
        reason=row.reason,
        detail=row.detail,
        due_at=row.due_at,
        done_at=row.done_at,
        late_by_seconds=row.late_by_seconds,
    )


async def hours_of(uow: UnitOfWork, alert: Alert) -> Hours:
    """The working time the alert's ladder counts in; all of it when it names no calendar."""
    place = calendar_of(alert)
    opened = await calendars.open_hours(uow, {place}) if place else {}
    return opened[place][0] if place and place in opened else ALWAYS


def calendar_of(alert: Alert) -> Place | None:
    """The calendar, and its version, whose working time the alert's ladder counts in."""
    named = alert.ladder.get("calendar")
    return (UUID(named["id"]), named["version"]) if named else None


def _key(alert: Alert, done: Done) -> Key:
    return alert.id, done.position, done.round


def _urgency(alert: Alert) -> tuple[int, int, Any]:
    return sla.pressing(alert.tier), -alert.step, (alert.climb_at or alert.fired_at, alert.id)


def _window_of(alert: Alert) -> timedelta:
    return timedelta(seconds=alert.ladder.get("group_window_seconds") or 0)


def _asks_for_case(alert: Alert) -> bool:
    grouped = alert.told_group is None and alert.ladder.get("group_by")
    return bool(grouped) or any(step.audience for step in steps_of(alert))


def _with_group(alert: Alert, cases: Mapping[UUID, Row[Any]]) -> Alert:
    group_by = alert.ladder.get("group_by")
    if alert.told_group is not None or group_by is None:
        return alert
    case = cases.get(alert.case_id) if alert.case_id else None
    around = {
        GroupBy.POST: case.post_id if case else None,
        GroupBy.THREAD: case.thread_id if case else None,
        GroupBy.FOLLOWER: case.follower_id if case else None,
    }
    group = climbing.told_group_of(
        GroupBy(group_by), rule_id=alert.rule_id, case_id=alert.case_id, around=around
    )
    return replace(alert, told_group=group)


def _moved(alert: Alert, move: Move, uow: UnitOfWork) -> Alert:
    if move.resumed:
        alert = replace(
            alert,
            state=AlertState.FIRING,
            acknowledged_at=None,
            acknowledged_by=None,
            resume_at=None,
        )
    return replace(
        alert,
        climb_at=move.climb_at,
        climb_from=move.climb_from,
        climb_position=move.position,
        climb_round=move.round,
        told_at=uow.now if move.told else alert.told_at,
    )


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "state": alert.state.value,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_by": alert.acknowledged_by,
        "resume_at": alert.resume_at,
        "climb_at": alert.climb_at,
        "climb_from": alert.climb_from,
        "climb_position": alert.climb_position,
        "climb_round": alert.climb_round,
        "told_group": alert.told_group,
        "told_at": alert.told_at,
    }


def _step_row(uow: UnitOfWork, alert: Alert, done: Done, meant: Meant) -> dict[str, Any]:
    people, widened = meant.get(_key(alert, done), ((), None))
    detail: dict[str, Any] = dict(done.detail)
    if done.channel_ids:
        detail["channel_ids"] = [str(one) for one in done.channel_ids]
        detail["people"] = [
            {"id": str(one.member_id), "name": one.name, "because": one.because} for one in people
        ]
    if widened is not None:
        detail["widened_to"] = widened
    return {
        "alert_id": alert.id,
        "position": done.position,
        "round": done.round,
        "outcome": done.outcome.value,
        "reason": done.reason,
        "detail": detail,
        "due_at": done.due_at,
        "done_at": uow.now,
        "late_by_seconds": done.late_by,
    }
