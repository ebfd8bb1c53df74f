"""Stories of climbs: an alert, a ladder, and what people, silences and standstills do to it."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.core.calendars.timeline import ALWAYS
from services.core.triage.types import Tier
from tests.support.climbs import CHANNELS, START, Climber, OfficeHours, climber

FOLDER = Path(__file__).parent / "scenarios"
MINUTE = timedelta(minutes=1)
LAST_MINUTE = 1_500


def load() -> list[dict[str, Any]]:
    return [
        scenario
        for path in sorted(FOLDER.glob("*.yaml"))
        for scenario in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


SCENARIOS = load()


def prepared(scenario: Mapping[str, Any]) -> Climber:
    ladder = [
        step | {"channel_ids": [str(CHANNELS[name]) for name in step.get("channel_ids", ())]}
        for step in scenario["ladder"]
    ]
    found = climber(
        ladder,
        percent=scenario.get("percent", 100),
        tier=Tier(scenario.get("tier", "urgent")),
        hours=OfficeHours() if scenario.get("hours") == "office" else ALWAYS,
    )
    if "enabled" in scenario:
        found.enabled = tuple(CHANNELS[name] for name in scenario["enabled"])
    return found


def lasts(scenario: Mapping[str, Any], name: str, minute: int) -> bool:
    begin, end = scenario.get(name, (0, 0))
    return bool(begin <= minute < end)


def act(found: Climber, words: str, minute: int) -> None:
    now = START + minute * MINUTE
    match words.split():
        case ["acknowledge", "for", "good"]:
            found.acknowledge(now, None, ever=True)
        case ["acknowledge", minutes]:
            found.acknowledge(now, int(minutes))
        case ["acknowledge"]:
            found.acknowledge(now, None)
        case ["take", "back"]:
            found.take_back(now)
        case ["resolve"]:
            found.resolve()
        case other:
            raise AssertionError(other)


def play(scenario: Mapping[str, Any]) -> Climber:
    """A worker looks every minute, but for those in which it is away; then people act."""
    found = prepared(scenario)
    acts = dict(words.split(" ", 1) for words in scenario.get("happens", ()))
    for minute in range(LAST_MINUTE):
        silent = lasts(scenario, "silent", minute)
        found.held_until = START + scenario["silent"][1] * MINUTE if silent else None
        found.grouped = lasts(scenario, "grouped", minute)
        found.louder = 150 if lasts(scenario, "louder", minute) else None
        if not lasts(scenario, "away", minute):
            found.look(START + minute * MINUTE)
        if str(minute) in acts:
            act(found, acts[str(minute)], minute)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one["name"] for one in SCENARIOS])
def test_the_story_is_told_as_it_should_be(scenario: Mapping[str, Any]) -> None:
    assert play(scenario).said == scenario["says"]


def test_there_are_enough_of_them_and_none_twice() -> None:
    names = [scenario["name"] for scenario in SCENARIOS]
    assert len(set(names)) == len(names) >= 40
