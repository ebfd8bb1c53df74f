"""The page for community managers says what the code does, to the number and to the word."""

import re
from datetime import timedelta

import pytest

from services.core.explain.types import Lang
from services.core.explain.words import tell
from tests.support.promise_picture import PAGE, PICTURE, draw, example, explained

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_example_comes_out_as_it_says() -> None:
    scenario = example()
    ((look, clocks),) = scenario.run()
    shape = clocks["case 1 first_response 1"].shape
    wanted = look["clocks"]["first_response 1"]
    assert shape.due_at == scenario.moment(wanted["due"])
    assert str(shape.budget_seconds) == wanted["budget_seconds"]
    assert str(shape.paused_seconds) == wanted["paused"]
    steps = clocks["case 1 first_response 1"].steps
    assert {str(percent): step.fire_at for percent, step in steps.items()} == {
        percent: scenario.moment(at) for percent, at in wanted["steps"].items()
    }


def test_the_table_has_each_stretch_that_counted() -> None:
    scenario = example()
    told = explained(scenario)
    counted: dict[str, list[str]] = {}
    seconds: dict[str, int] = {}
    for span in told.spans:
        start, end = (at.astimezone(scenario.zone) for at in (span.start, span.end))
        day = f"{start:%A} {start.day} {start:%B}"
        counted.setdefault(day, []).append(f"{start:%H:%M}–{end:%H:%M}")
        seconds[day] = seconds.get(day, 0) + span.seconds
    for day, spans in counted.items():
        hours, minutes = divmod(seconds[day] // 60, 60)
        length = f"{hours} h" + (f" {minutes} min" if minutes else "")
        assert f"| {day} | {', '.join(spans)} | {length} |" in TEXT
    closed = re.findall(r"^\| (.*?) \| closed", TEXT, re.MULTILINE)
    skipped = [day for gap in told.skipped for day in gap.days]
    assert closed == [f"{day:%A} {day.day} {day:%B}" for day in skipped]


def test_without_the_snooze_it_would_be_due_when_the_page_says() -> None:
    scenario = example()
    told = explained(scenario)
    started, budget = told.clock.shape.started_at, timedelta(seconds=told.due.budget_seconds)
    plain = scenario.hours.advance(started, budget).astimezone(scenario.zone)
    assert f"would have been due at {plain:%H:%M}" in TEXT


@pytest.mark.parametrize("lang", Lang)
def test_the_explanation_is_what_explain_says(lang: Lang) -> None:
    scenario = example()
    said = "\n".join(tell(explained(scenario), lang, scenario.zone))
    assert f"```text\n{said}\n```" in TEXT


def test_the_picture_is_drawn_from_the_example() -> None:
    scenario = example()
    assert PICTURE.read_text(encoding="utf-8") == draw(explained(scenario), scenario), (
        "draw it anew: python -m tests.support.promise_picture"
    )
