"""Scenarios of promises, written as a person tells them: what happened, and what clocks it makes.

A line is a moment, a verb and what belongs to it: `2026-11-20 12:00 asked urgent as q1`. Moments
are local to the scenario's zone. `heard 2026-11-20 18:00` at its end says that we learnt of it
only then. A scenario with `looks` is looked at several times, each time knowing what was heard.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml

from services.core.calendars.timeline import ALWAYS, Timeline
from services.core.calendars.types import Closing, Hours, Span
from services.core.cases import rules as cases
from services.core.cases.types import Act, ActKind, Answer, Ask, CaseShape, Episode
from services.core.sla import planning
from services.core.sla import rules as sla
from services.core.sla.types import (
    ClockKind,
    ClockPlan,
    ClockShape,
    EpisodeSpec,
    ExistingClock,
    Pause,
    PauseReason,
    PlannedTimer,
    Policy,
    PolicyMatch,
    Step,
    Target,
)
from services.core.triage.types import Tier

FOLDER = Path(__file__).parents[1] / "unit" / "sla" / "scenarios"
THREAD = UUID(int=99)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?:[+-]\d\d:\d\d)?")
LENGTH = {"s": 1, "m": 60, "h": 3600, "d": 86400}
ACTS = {
    "resolved": ActKind.RESOLVE,
    "reopened": ActKind.REOPEN,
    "snoozed": ActKind.SNOOZE,
    "waited": ActKind.WAIT,
    "woke": ActKind.WAKE,
    "retiered": ActKind.RETIER,
}
STANDSTILLS = {"away": PauseReason.OUT_OF_OFFICE, "outage": PauseReason.OUTAGE}

Item = Ask | Answer | Act | Pause
Told = Mapping[str, Any]


def seconds(text: str) -> int:
    """`90m`, `2h`, `-30s`."""
    return int(text[:-1]) * LENGTH[text[-1]]


@dataclass(slots=True)
class Clock:
    """A clock after a look, with the moments of its present plan."""

    plan: ExistingClock
    steps: dict[int, PlannedTimer] = field(default_factory=dict)

    @property
    def shape(self) -> ClockShape:
        return self.plan.shape


@dataclass(slots=True)
class Scenario:
    """One story; `told` is what the file says, everything else is read from it."""

    told: Told
    zone: ZoneInfo = field(init=False)
    hours: Hours = field(init=False)
    policy: Policy = field(init=False)
    _heard_asks: dict[str, datetime] = field(default_factory=dict)
    _heard_deletions: dict[UUID, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.told.get("zone", "UTC"))
        self.hours = self._hours(self.told["calendar"]) if "calendar" in self.told else ALWAYS
        self.policy = self._policy(self.told.get("policy", {}))

    @property
    def name(self) -> str:
        return str(self.told["name"])

    @property
    def channel(self) -> str:
        return str(self.told.get("channel", "comment"))

    def looks(self) -> Sequence[Told]:
        """Moments to look at, each with the clocks expected then."""
        if "looks" in self.told:
            looks: Sequence[Told] = self.told["looks"]
            return looks
        last = MOMENT.findall(self.told["happened"][-1])[0]
        return [{"now": self.told.get("now", last), "clocks": self.told["clocks"]}]

    def moment(self, text: str) -> datetime:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).astimezone(UTC)

    def run(self) -> Iterator[tuple[Told, dict[str, Clock]]]:
        """Each look with the clocks there are then, by `case kind number`."""
        clocks: dict[str, Clock] = {}
        for look in self.looks():
            now = self.moment(look["now"])
            for number, case in enumerate(self.fold(now), 1):
                clocks |= self._compare(number, case, clocks, now)
            yield look, dict(clocks)

    def items(self) -> list[tuple[datetime, Item]]:
        """Everything that happened, with when it was heard of."""
        questions: dict[str, Ask] = {}
        read = [
            self._read(line, number, questions)
            for number, line in enumerate(self.told["happened"], 1)
        ]
        return [(heard, item) for heard, item in read if item is not None] + [
            (heard, ask) for heard, ask in self._asks(questions)
        ]

    def fold(self, now: datetime) -> list[CaseShape]:
        """The cases, by what was heard up to now."""
        known = [item for heard, item in self.items() if heard <= now]
        return cases.fold(
            [self._as_known(item, now) for item in known if isinstance(item, Ask)],
            [item for item in known if isinstance(item, Answer)],
            [item for item in known if isinstance(item, Act)],
            cases.FoldRules(
                resolve_on_reply=self.policy.resolve_on_reply,
                reopen_within=timedelta(seconds=self.policy.reopen_within_seconds),
                pause_while_waiting=self.policy.pause_while_waiting,
                advocates_answer=self.policy.advocates_answer,
            ),
        )

    def spec(self, episode: Episode, now: datetime) -> EpisodeSpec:
        standstills = [
            item for heard, item in self.items() if isinstance(item, Pause) and heard <= now
        ]
        return EpisodeSpec(
            kind=episode.kind,
            number=episode.number,
            started_at=episode.started_at,
            asks=tuple((ask.at, ask.tier) for ask in episode.asks),
            pauses=tuple(sorted([*episode.pauses, *standstills], key=lambda each: each.start)),
            tier_override=episode.tier_override,
            settled_at=episode.settled_at,
            void_reason=episode.void_reason,
            trigger_message_id=episode.trigger_message_id,
            settling_message_id=episode.settling_message_id,
        )

    def _compare(
        self, number: int, case: CaseShape, clocks: Mapping[str, Clock], now: datetime
    ) -> dict[str, Clock]:
        case_id = UUID(int=number)
        plan = ClockPlan(
            case_id=case_id,
            thread_id=THREAD,
            channel=self.channel,
            source_id=THREAD,
            policy=self.policy,
            episodes=tuple(self.spec(episode, now) for episode in case.episodes),
        )
        prefix = f"case {number} "
        before = {name: clock for name, clock in clocks.items() if name.startswith(prefix)}
        known = {case_id: [clock.plan for clock in before.values()]}
        work = planning.compare([plan], known, lambda _id, _version: (self.hours, None), now)
        after = dict(before)
        for change in (*work.added, *work.changed):
            name = f"{prefix}{change.kind.value} {change.episode}"
            kept = before[name].steps if name in before and not change.timers else {}
            steps = {timer.percent: timer for timer in change.timers} or kept
            clock = ExistingClock(
                id=change.clock_id,
                kind=change.kind,
                episode=change.episode,
                generation=change.generation,
                shape=change.shape,
                policy_id=self.policy.id,
                policy_version=self.policy.version,
                corrections=change.corrections,
            )
            after[name] = Clock(clock, steps)
        return after

    def _read(
        self, line: str, number: int, questions: dict[str, Ask]
    ) -> tuple[datetime, Item | None]:
        story, _, late = line.partition(" heard ")
        written = MOMENT.match(story)
        assert written, f"{line} has no moment"
        at = self.moment(written.group())
        verb, *words = MOMENT.sub("", story).split()
        heard = self.moment(late) if late else at
        key = UUID(int=1000 * number)
        rest = MOMENT.findall(story)[1:]
        until = self.moment(rest[0]) if rest else None
        match verb:
            case "asked":
                name = words[2] if "as" in words else f"line {number}"
                questions[name] = Ask(key, at, Tier(words[0]))
                self._heard_asks[name] = heard
                return heard, None
            case "took-back":
                questions[words[0]] = replace(questions[words[0]], deleted_at=at)
                self._heard_deletions[questions[words[0]].message_id] = heard
                return heard, None
            case "answered":
                resolves = {"open": False, "closed": True}.get(words[0]) if words else None
                # `answered by-advocate q1`: below that question, and the case stays open.
                below = questions[words[1]].message_id if words[1:] else None
                return heard, Answer(key, at, False if below else resolves, below)
            case "remarked" | "noted":  # said without asking anything; said among ourselves
                return heard, None
            case "away" | "outage":
                return heard, Pause(at, until, STANDSTILLS[verb])
        tier = Tier(words[0]) if verb == "retiered" else None
        return heard, Act(key, ACTS[verb], at, until, tier)

    def _asks(self, questions: Mapping[str, Ask]) -> Iterator[tuple[datetime, Ask]]:
        yield from ((self._heard_asks[name], ask) for name, ask in questions.items())

    def _as_known(self, ask: Ask, now: datetime) -> Ask:
        known = self._heard_deletions.get(ask.message_id, now) <= now
        return ask if known else replace(ask, deleted_at=None)

    def _hours(self, week: Told) -> Timeline:
        spans: dict[int, tuple[Span, ...]] = {}
        days: dict[date, tuple[Span, ...]] = {}
        for name, written in week.items():
            if name == "closings":
                continue
            read = _spans(written)
            if name[0].isdigit():
                days[date.fromisoformat(name)] = read
                continue
            first, _, last = name.partition("-")
            reach = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
            spans |= dict.fromkeys(reach, read)
        closings = [
            Closing(*map(self.moment, MOMENT.findall(each))) for each in week.get("closings", ())
        ]
        return Timeline(
            self.zone, lambda day: days.get(day, spans.get(day.weekday(), ())), closings
        )

    def _policy(self, told: Told) -> Policy:
        targets = {
            tier: _target(tier, told) for tier in (Tier.URGENT, Tier.IMPORTANT, Tier.ROUTINE)
        }
        return Policy(
            id=UUID(int=1),
            version=1,
            name="default",
            targets=targets,
            response_steps=tuple(
                _step(each) for each in told.get("steps", "50 80 100 150 200").split()
            ),
            resolution_steps=(Step(100),),
            resolve_on_reply=told.get("answer_closes", "yes") == "yes",
            reopen_within_seconds=seconds(told.get("reopen_within", "7d")),
            is_default=True,
            channel_targets={
                channel: {tier: _target(tier, own) for tier in targets if tier.value in own}
                for channel, own in told.get("channels", {}).items()
            },
            promised={
                channel: seconds(length) for channel, length in told.get("promised", {}).items()
            },
            pause_while_waiting=told.get("waiting_pauses", "yes") == "yes",
            advocates_answer=tuple(Tier(tier) for tier in told.get("advocates_answer", "").split()),
            match=PolicyMatch(),
        )


def _spans(written: str) -> tuple[Span, ...]:
    """`09:00-12:00 13:00-18:00`, or `closed`."""
    if written == "closed":
        return ()
    return tuple(Span(*map(_minutes, each.split("-"))) for each in written.split())


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _target(tier: Tier, told: Told) -> Target:
    """`urgent: 2h`, or first response, next response, resolution and limit: `2h 4h 24h 48h`."""
    if tier.value not in told:
        return sla.DEFAULT_TARGETS[tier]
    first, *rest = [seconds(each) for each in told[tier.value].split()]
    following, resolution, *limit = rest or (first, sla.DEFAULT_TARGETS[tier].resolution)
    return Target(first, following, resolution, *limit)


def _step(text: str) -> Step:
    return Step(int(text)) if text.isdigit() else Step(offset_seconds=seconds(text))


def load() -> list[Scenario]:
    """Every scenario of every file, in order."""
    return [Scenario(told) for path in sorted(FOLDER.glob("*.yaml")) for told in _read_text(path)]


def _read_text(path: Path) -> list[Told]:
    """Everything in it is text: nothing is guessed about what a word might be."""
    loader = yaml.BaseLoader(path.read_text(encoding="utf-8"))
    told: list[Told] = loader.get_data()
    return told


def kinds_of(clocks: Mapping[str, Clock]) -> set[str]:
    """The clocks of answers: those a scenario must name all of."""
    return {name for name in clocks if ClockKind.RESOLUTION.value not in name}
