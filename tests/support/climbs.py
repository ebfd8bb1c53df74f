"""Play a climb through the pure rules: an alert, a ladder, who is there, and what happens when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.core.alerts import climbing
from services.core.alerts.climbing import Around, Held, Past
from services.core.alerts.ladder_types import LadderStep, StepOutcome
from services.core.alerts.stored_steps import read_steps
from services.core.alerts.types import Alert, AlertState, Severity
from services.core.calendars.timeline import ALWAYS
from services.core.calendars.types import Hours
from services.core.sla.types import ClockKind
from services.core.triage.types import Tier

START = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday at noon
CHANNELS = {"chat": UUID(int=1), "mail": UUID(int=2), "phone": UUID(int=3)}
HOLDING = frozenset({"silence", "inhibition", "quiet_hours"})
HOLD_ID = UUID(int=77)
LEADER_ID = UUID(int=88)


class OfficeHours(Hours):
    """Nine to five in UTC, every day: enough of a calendar to count a wait in."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        return sum((b - a for a, b in self.spans(start, end)), timedelta())

    def advance(self, start: datetime, by: timedelta) -> datetime:
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(1_000):
            opens, closes = day + timedelta(hours=9), day + timedelta(hours=17)
            begins = max(opens, start)
            if begins < closes:
                if closes - begins >= by:
                    return begins + by
                by -= closes - begins
            day += timedelta(days=1)
        raise AssertionError("a wait of years")

    def spans(self, start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime]]:
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        found = []
        while day < end:
            opens, closes = day + timedelta(hours=9), day + timedelta(hours=17)
            if max(opens, start) < min(closes, end):
                found.append((max(opens, start), min(closes, end)))
            day += timedelta(days=1)
        return found


@dataclass
class Climber:
    """One alert and everything that was said of it; `said` is what a scenario reads."""

    steps: tuple[LadderStep, ...]
    alert: Alert
    hours: Hours = ALWAYS
    enabled: tuple[UUID, ...] = tuple(CHANNELS.values())
    past: set[tuple[int, int]] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    held_until: datetime | None = None
    grouped: bool = False
    louder: int | None = None
    tellings: list[tuple[int, int]] = field(default_factory=list)
    explained: dict[tuple[int, int], str] = field(default_factory=dict)

    def look(self, now: datetime) -> None:
        """What a worker does at this moment, if there is anything to do."""
        at = self.alert.climb_at
        over = self.alert.state in {AlertState.RESOLVED, AlertState.EXPIRED}
        if at is None or at > now or over:
            return
        held = None
        if self.held_until is not None and now < self.held_until:
            held = Held("silence", HOLD_ID, "lunch", self.held_until, self.held_until)
        around = Around(
            now=now,
            enabled=self.enabled,
            hours=self.hours,
            held=held,
            grouped_with=LEADER_ID if self.grouped else None,
            louder_step=self.louder,
        )
        move = climbing.decide(self.alert, self.steps, Past(self.past), around)
        for done in move.done:
            self._note(done, now)
        state = AlertState.FIRING if move.resumed else self.alert.state
        self.alert = replace(
            self.alert,
            state=state,
            climb_at=move.climb_at,
            climb_from=move.climb_from,
            climb_position=move.position,
            climb_round=move.round,
        )

    def _note(self, done: climbing.Done, now: datetime) -> None:
        key = (done.position, done.round)
        minutes = (now - START) / timedelta(minutes=1)
        late = f" late by {done.late_by // 60}" if done.late_by >= 60 else ""
        if done.outcome is StepOutcome.TOLD:
            self.tellings.append(key)
            named = [name for name, one in CHANNELS.items() if one in done.channel_ids]
            where = "all" if set(done.channel_ids) == set(CHANNELS.values()) else " ".join(named)
            self.said.append(f"{minutes:g} told {done.position}.{done.round} {where}{late}")
        else:
            self.explained[key] = done.reason or ""
            self.said.append(f"{minutes:g} {done.reason} {done.position}.{done.round}{late}")
        if done.reason not in HOLDING:
            self.past.add(key)

    def acknowledge(self, now: datetime, minutes: int | None, *, ever: bool = False) -> None:
        until = climbing.rest_until(self.alert.tier, now, minutes, ever=ever)
        state = AlertState.ACKNOWLEDGED
        self.alert = replace(self.alert, state=state, climb_at=until, resume_at=until)

    def take_back(self, now: datetime) -> None:
        self.alert = replace(self.alert, climb_at=now)
        self.look(now)

    def resolve(self) -> None:
        self.alert = replace(self.alert, state=AlertState.RESOLVED, climb_at=None)


def climber(
    ladder: Sequence[Mapping[str, Any]],
    *,
    percent: int = 100,
    tier: Tier = Tier.URGENT,
    hours: Hours = ALWAYS,
    start: datetime = START,
) -> Climber:
    """An alert of this percent that rose at `start`, on a ladder as it is stored."""
    documents = [{"percent": 100, "channel_ids": [], **one} for one in ladder]
    steps = climbing.steps_for(read_steps(documents), percent)
    first = climbing.begin(steps, start, hours)
    alert = Alert(
        id=UUID(int=9),
        case_id=UUID(int=10),
        clock_id=UUID(int=11),
        clock_kind=ClockKind.FIRST_RESPONSE,
        step=percent,
        generation=1,
        severity=Severity.BREACH,
        tier=tier,
        state=AlertState.FIRING,
        group_key="case:x",
        fire_at=start,
        fired_at=start,
        due_at=start,
        ladder={},
        climb_at=first.at if first else None,
        climb_position=first.position if first else 0,
        climb_round=first.round if first else 0,
    )
    return Climber(steps, alert, hours)
