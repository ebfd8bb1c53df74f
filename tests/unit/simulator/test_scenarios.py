"""Days have nights, evenings and bad hours."""

import pytest

from services.simulator.composers import COMPOSERS
from services.simulator.scenarios import (
    SCENARIOS,
    SURGE_KINDS,
    Scenario,
    activity_at,
    scenario_named,
)


def test_the_mean_activity_of_a_day_is_one() -> None:
    steps = 2400
    mean = sum(activity_at(step * 24 / steps) for step in range(steps)) / steps
    assert mean == pytest.approx(1.0, abs=0.001)


def test_the_night_is_quiet_and_the_evening_is_the_peak() -> None:
    assert activity_at(4) < 0.2
    assert activity_at(21) == max(activity_at(hour) for hour in range(24))


def test_the_activity_has_no_step_at_midnight_or_after_a_whole_day() -> None:
    assert activity_at(23.999) == pytest.approx(activity_at(24), abs=0.01)
    assert activity_at(30.5) == pytest.approx(activity_at(6.5))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_no_moment_is_busier_than_the_highest_load(scenario: Scenario) -> None:
    first, last = scenario.hours
    for step in range(1000):
        hour = first + (last - first) * step / 1000
        load = scenario.load_at(hour) + sum(s.factor for s in scenario.surges_at(hour))
        assert load <= scenario.highest_load


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_every_surge_lies_within_the_hours_shown(scenario: Scenario) -> None:
    for surge in scenario.surges:
        assert scenario.hours[0] <= surge.from_hour < surge.to_hour <= scenario.hours[1]


def test_every_kind_that_can_happen_can_be_composed() -> None:
    tables = [scenario.kinds for scenario in SCENARIOS.values()] + list(SURGE_KINDS.values())
    assert {kind for table in tables for kind in table} == set(COMPOSERS)


def test_an_unknown_scenario_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="calm, busy, night, crisis, spam-wave, mixed"):
        scenario_named("carnival")
