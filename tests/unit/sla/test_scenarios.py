"""Stories of promises, each run through the fold, the clock's shape and the plan of its steps."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.core.sla.types import TimerState
from tests.support.scenarios import Clock, Scenario, kinds_of, load

SCENARIOS = load()
# The weaknesses of others, by the thread in which their users told them. Two are no matter of
# clocks: chatwoot #12944 (deleting a policy timed out) and zammad #2807 (2,000 tickets a run).
THREADS = (
    *("chatwoot #10178", "chatwoot #14009", "chatwoot PR #13392", "chatwoot PR #15024"),
    *("zammad #4348", "zammad #5177", "zammad #5624", "zammad #3140", "zammad #1620"),
    *("zammad #3410", "zammad #4353", "zammad #3523", "zammad #1322", "zammad #4516"),
    *("chatwoot PR #14861", "zammad #4432", "zammad #2157"),
    *("zammad #3329", "libredesk", "frappe #3279"),
)


def found(scenario: Scenario, clock: Clock, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What a clock is, in the words the scenario uses, as far as it asks."""
    shape = clock.shape

    def local(name: str) -> str:
        at = getattr(shape, name)
        return at.astimezone(scenario.zone).isoformat(" ") if at else "none"

    def written(name: str, value: Any) -> Any:
        if name == "steps":
            return {
                str(percent): step.state.value
                if step.state is TimerState.SKIPPED
                else step.fire_at.astimezone(scenario.zone).isoformat(" ")
                for percent, step in sorted(clock.steps.items())
            }
        if name.endswith("due") or name in MOMENTS:
            return local(MOMENTS[name])
        if name == "corrections":
            return str(len(clock.plan.corrections))
        if name == "generation":
            return str(clock.plan.generation)
        told = getattr(shape, COLUMNS.get(name, name))
        return "none" if told is None else str(told)

    return {name: written(name, value) for name, value in wanted.items()}


MOMENTS = {
    "due": "due_at",
    "target_due": "target_due_at",
    "promise_due": "promise_due_at",
    "limit": "limit_at",
    "started": "started_at",
    "met": "met_at",
    "missed": "missed_at",
    "settled": "settled_at",
    "paused_until": "paused_until",
}
COLUMNS = {"reason": "pause_reason", "void": "void_reason", "paused": "paused_seconds"}


def expected(scenario: Scenario, wanted: Mapping[str, Any]) -> dict[str, Any]:
    def moment(text: str) -> str:
        if text in {"none", "skipped"}:
            return text
        return scenario.moment(text).astimezone(scenario.zone).isoformat(" ")

    told: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "steps":
            told[name] = {percent: moment(at) for percent, at in value.items()}
        elif name in MOMENTS:
            told[name] = moment(value)
        else:
            told[name] = value
    return told


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_happened_makes_the_clocks_it_should(scenario: Scenario) -> None:
    for look, clocks in scenario.run():
        wanted = {
            name if name.startswith("case") else f"case 1 {name}": each
            for name, each in look["clocks"].items()
        }
        assert kinds_of(clocks) == kinds_of(wanted)
        for name, each in wanted.items():
            told = found(scenario, clocks[name], each)
            assert told == expected(scenario, each), (look["now"], name)


def test_there_are_at_least_sixty_each_under_a_name_of_its_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) >= 60
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("thread", THREADS)
def test_each_weakness_others_were_told_of_has_a_scenario(thread: str) -> None:
    assert any(thread in scenario.told.get("guards_against", "") for scenario in SCENARIOS)
