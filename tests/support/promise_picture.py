"""The example of docs/promises.md: run, told, and drawn. `python -m tests.support.promise_picture`.

Run as a program, it writes the picture anew.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import yaml

from services.core.calendars.types import DayReason
from services.core.explain import rules
from services.core.explain.types import ClockFacts, Count, DayName, Explanation, Said, StepTold
from services.core.sla.types import Subject
from services.core.triage.types import Tier
from tests.support.scenarios import Scenario

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "promises.md"
PICTURE = DOCS / "pictures" / "clock.svg"
HOLIDAY = {date(2027, 1, 1): DayName(DayReason.HOLIDAY, "元旦")}

LEFT, TOP, ROW, HOUR, FIRST, LAST = 150, 64, 46, 70, 8, 19
INK, QUIET, COUNTED, PAUSED, CLOSED = "#24313f", "#7b8794", "#4f9d7f", "#e3a857", "#eef1f4"
DUE = "#c8553d"
MISS = 100


def example() -> Scenario:
    """The scenario as the page has it."""
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (told,) = yaml.BaseLoader(block).get_data()
    return Scenario(told)


def explained(scenario: Scenario) -> Explanation:
    """Its one answer's clock, told."""
    ((look, clocks),) = scenario.run()
    clock = clocks["case 1 first_response 1"]
    now = scenario.moment(look["now"])
    episode = scenario.spec(scenario.fold(now)[0].episodes[-1], now)
    facts = ClockFacts(
        clock=replace(clock.plan, generation=2),
        case_id=UUID(int=1),
        policy=scenario.policy,
        policies=[scenario.policy],
        subject=Subject(scenario.channel, UUID(int=2), Tier.IMPORTANT),
        episode=episode,
        count=Count(scenario.hours, scenario.zone, "Office", 1, HOLIDAY),
        now=now,
        started_by=Said(UUID(int=3), episode.started_at, "in", "小鹿", "瓶子碎了，怎么办？"),
        steps=[
            StepTold(each.percent, 2, each.fire_at, each.state) for each in clock.steps.values()
        ],
    )
    return rules.explain(facts)


def draw(told: Explanation, scenario: Scenario) -> str:
    """An SVG of six days as rows, from the hours that counted."""
    start = told.clock.shape.started_at.astimezone(scenario.zone).date()
    end = told.due.due_at.astimezone(scenario.zone).date()
    days = [start + timedelta(days=count) for count in range((end - start).days + 1)]
    width, height = LEFT + (LAST - FIRST) * HOUR + 110, TOP + len(days) * ROW + 56
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="system-ui, sans-serif" font-size="14">'
        ),
        "<title>A clock crosses a holiday and a weekend</title>",
        f'<rect width="{width}" height="{height}" rx="10" fill="#fff"/>',
        *_axis(len(days)),
        *(line for row, day in enumerate(days) for line in _day(told, scenario, day, row)),
        *_marks(told, scenario, days),
        *_legend(height),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axis(rows: int) -> Iterator[str]:
    for hour in range(FIRST + 1, LAST):
        x = LEFT + (hour - FIRST) * HOUR
        yield _text(x, TOP - 18, f"{hour:02}:00", QUIET, "middle")
        yield (
            f'<line x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{TOP + rows * ROW}" stroke="{CLOSED}"/>'
        )


def _day(told: Explanation, scenario: Scenario, day: date, row: int) -> Iterator[str]:
    y = TOP + row * ROW
    yield _text(LEFT - 16, y + 25, f"{day:%a} {day.day} {day:%b}", INK, "end")
    spans = [span for span in told.spans if span.start.astimezone(scenario.zone).date() == day]
    if any(day in gap.days for gap in told.skipped):
        label = HOLIDAY[day].label if day in HOLIDAY else "closed"
        yield _bar(LEFT, LEFT + (LAST - FIRST) * HOUR, y, CLOSED)
        yield _text(LEFT + (LAST - FIRST) * HOUR / 2, y + 25, label, QUIET, "middle")
    for span in spans:
        yield _bar(_x(span.start, scenario), _x(span.end, scenario), y, COUNTED)
    for pause in told.pauses:
        if pause.until is not None and pause.start.astimezone(scenario.zone).date() == day:
            yield _bar(_x(pause.start, scenario), _x(pause.until, scenario), y, PAUSED)
    minutes = sum(span.seconds for span in spans) // 60
    total = f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    yield _text(LEFT + (LAST - FIRST) * HOUR + 14, y + 25, total, INK if minutes else QUIET)


def _marks(told: Explanation, scenario: Scenario, days: Sequence[date]) -> Iterator[str]:
    moments = [(told.clock.shape.started_at, "asked", INK)]
    moments += [
        (step.fire_at, "due" if step.percent == MISS else f"{step.percent} %", DUE)
        for step in told.steps
    ]
    for at, label, colour in moments:
        y = TOP + days.index(at.astimezone(scenario.zone).date()) * ROW
        x = _x(at, scenario)
        yield f'<line x1="{x}" y1="{y + 2}" x2="{x}" y2="{y + 40}" stroke="{colour}" '
        yield 'stroke-width="3"/>'
        yield _text(x + 6, y + 25, label, colour if label == "due" else "#fff")


def _legend(height: int) -> Iterator[str]:
    x = LEFT
    for colour, label in ((COUNTED, "counted"), (PAUSED, "snoozed"), (CLOSED, "closed")):
        yield f'<rect x="{x}" y="{height - 34}" width="18" height="14" rx="3" fill="{colour}"/>'
        yield _text(x + 26, height - 22, label, INK)
        x += 120


def _x(at: datetime, scenario: Scenario) -> float:
    local = at.astimezone(scenario.zone)
    return round(LEFT + (local.hour + local.minute / 60 - FIRST) * HOUR, 1)


def _bar(start: float, end: float, y: float, colour: str) -> str:
    width = round(end - start, 1)
    return f'<rect x="{start}" y="{y + 6}" width="{width}" height="30" rx="4" fill="{colour}"/>'


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{text}</text>'


if __name__ == "__main__":
    PICTURE.write_text(draw(explained(example()), example()), encoding="utf-8")
