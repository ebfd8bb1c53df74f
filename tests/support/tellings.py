"""Explanations of stories nobody wrote: promises of a seed, told as `warmline explain` does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from services.core.calendars.types import DayReason
from services.core.cases.types import Episode
from services.core.explain import rules
from services.core.explain.types import (
    ClockFacts,
    Count,
    DayName,
    Explanation,
    Raised,
    Said,
    StepTold,
)
from services.core.sla.types import PlannedTimer, Subject, TimerState
from services.core.triage.types import Tier
from tests.support.scenarios import Clock, Scenario

ZONES = ("Asia/Shanghai", "America/New_York", "UTC")
ASKED = ("瓶子碎了，怎么办？", "油皮可以用吗？", "When do you ship to Chengdu?", "多少钱呀")
FOLLOWERS = ("小鹿", "Mia", "momo")
MEMBERS = ("林夏", "Chen Yu", None)
ADVOCATE = "阿青"
OFFICE = {"mon-fri": "09:00-12:00 13:30-18:00", "2026-11-23": "closed"}
HOLIDAY = {datetime(2026, 11, 23, tzinfo=UTC).date(): DayName(DayReason.OVERRIDE, "店庆")}
BEGIN = datetime(2026, 11, 19, 9, tzinfo=UTC)
# What may follow a question, and what may come of that; each with how likely it is.
FOLLOWING = {
    "answered": 6, "by-advocate": 2, "asked": 3, "snoozed": 2, "waited": 1, "retiered": 1,
    "resolved": 1, "reopened": 1, "outage": 1, "away": 1, "took-back": 1,
}  # fmt: skip
SEVERITIES = {50: "hint", 80: "warning", 100: "breach"}


def make_story(seed: int) -> Scenario:
    """What happened in one case, and how it was promised; the same for the same seed."""
    chance = Random(seed)  # noqa: S311 - stories, no secrets
    at = BEGIN + timedelta(minutes=chance.randrange(0, 3 * 24 * 60, 7))
    lines = [_line(at, f"asked {chance.choice(list(Tier)[:3]).value} as q1")]
    questions = ["q1"]
    for verb in chance.choices(list(FOLLOWING), list(FOLLOWING.values()), k=chance.randint(0, 4)):
        at += timedelta(minutes=chance.choice((12, 47, 95, 260, 800)))
        lines.append(_line(at, _happening(verb, chance, at, questions)))
    told = {
        "name": f"story {seed}",
        "zone": chance.choice(ZONES),
        "policy": {
            "advocates_answer": "urgent important routine",
            "promised": chance.choice(({}, {"comment": "4h"})),
        },
        "happened": lines,
        "now": f"{at + timedelta(minutes=chance.choice((5, 90, 2000))):%Y-%m-%d %H:%M}",
        "clocks": {},
    }
    return Scenario(told | ({"calendar": OFFICE} if chance.random() < 1 / 2 else {}))


def explanations(scenario: Scenario) -> Iterator[Explanation]:
    """Each clock there is at each look."""
    chance = Random(scenario.name)  # noqa: S311 - stories, no secrets
    for look, clocks in scenario.run():
        now = scenario.moment(look["now"])
        for number, case in enumerate(scenario.fold(now), 1):
            for episode in case.episodes:
                clock = clocks[f"case {number} {episode.kind.value} {episode.number}"]
                yield rules.explain(_facts(scenario, episode, clock, now, chance))


def _facts(
    scenario: Scenario, episode: Episode, clock: Clock, now: datetime, chance: Random
) -> ClockFacts:
    asked = chance.choice(ASKED)
    return ClockFacts(
        clock=clock.plan,
        case_id=UUID(int=1),
        policy=scenario.policy,
        policies=[scenario.policy],
        subject=Subject(scenario.channel, UUID(int=1)),
        episode=scenario.spec(episode, now),
        count=_count(scenario),
        now=now,
        started_by=Said(UUID(int=1), episode.started_at, "in", chance.choice(FOLLOWERS), asked),
        stopped_by=_stopped_by(scenario, episode, chance),
        steps=[_step(step, episode.settled_at or now) for step in clock.steps.values()],
    )


def _stopped_by(scenario: Scenario, episode: Episode, chance: Random) -> Said | None:
    """The line that ended it, if one did: the ids of messages are the numbers of their lines."""
    if episode.settled_at is None or episode.settling_message_id is None:
        return None
    line = scenario.told["happened"][episode.settling_message_id.int // 1000 - 1]
    if "by-advocate" in line:
        return Said(UUID(int=2), episode.settled_at, "in", ADVOCATE, "可以的")
    return Said(UUID(int=2), episode.settled_at, "out", chance.choice(MEMBERS), "好的")


def _count(scenario: Scenario) -> Count:
    if "calendar" not in scenario.told:
        return Count(scenario.hours, scenario.zone)
    days = HOLIDAY if "2026-11-23" in scenario.told["calendar"] else {}
    return Count(scenario.hours, scenario.zone, "Office", 1, days)


def _step(step: PlannedTimer, until: datetime) -> StepTold:
    """What a worker makes of it: past moments came, and the rest is called off with the end."""
    if step.state is not TimerState.PENDING or step.fire_at > until:
        return StepTold(step.percent, 1, step.fire_at, step.state, note=step.note)
    alert = Raised(
        id=UUID(int=step.percent),
        state="firing",
        severity=SEVERITIES.get(step.percent, "escalation"),
        fired_at=step.fire_at,
        acknowledged_at=None,
        acknowledged_by=None,
        resolved_at=None,
        resolution=None,
    )
    late = timedelta(seconds=90 if step.percent == 80 else 0)
    return StepTold(
        step.percent, 1, step.fire_at, TimerState.FIRED, step.fire_at + late, None, alert
    )


def _line(at: datetime, told: str) -> str:
    return f"{at:%Y-%m-%d %H:%M} {told}"


def _happening(verb: str, chance: Random, at: datetime, questions: list[str]) -> str:
    match verb:
        case "asked":
            questions.append(f"q{len(questions) + 1}")
            return f"asked {chance.choice(list(Tier)[:3]).value} as {questions[-1]}"
        case "by-advocate":
            return f"answered by-advocate {questions[-1]}"
        case "took-back":
            return f"took-back {questions[-1]}"
        case "retiered":
            return f"retiered {chance.choice(('urgent', 'important'))}"
        case "snoozed" | "outage" | "away":
            until = at + timedelta(minutes=chance.choice((30, 240, 900)))
            return f"{verb} until {until:%Y-%m-%d %H:%M}"
        case _:
            return verb
