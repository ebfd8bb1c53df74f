"""Every scenario of promises can be told, and what is told adds up."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from services.core.explain import rules
from services.core.explain.types import ClockFacts, Count, Explanation, Lang, StepTold
from services.core.explain.words import tell
from services.core.sla.rules import is_held
from services.core.sla.types import Subject
from tests.support.scenarios import Scenario, load


def explanations(scenario: Scenario) -> Iterator[Explanation]:
    """Each clock there is at each look."""
    for look, clocks in scenario.run():
        now = scenario.moment(look["now"])
        for number, case in enumerate(scenario.fold(now), 1):
            for each in case.episodes:
                clock = clocks[f"case {number} {each.kind.value} {each.number}"]
                facts = ClockFacts(
                    clock=clock.plan,
                    case_id=UUID(int=number),
                    policy=scenario.policy,
                    policies=[scenario.policy],
                    subject=Subject(scenario.channel, UUID(int=1)),
                    episode=scenario.spec(each, now),
                    count=Count(scenario.hours, scenario.zone, "Office", 1),
                    now=now,
                    steps=[
                        StepTold(step.percent, 1, step.fire_at, step.state, note=step.note)
                        for step in clock.steps.values()
                    ],
                )
                yield rules.explain(facts)


@pytest.mark.parametrize("scenario", load(), ids=lambda scenario: scenario.name)
def test_what_is_told_adds_up(scenario: Scenario) -> None:
    for told in explanations(scenario):
        shape = told.clock.shape
        if not is_held(shape):
            assert sum(span.seconds for span in told.spans) == shape.budget_seconds
            assert sum(pause.counted_seconds for pause in told.pauses) == shape.paused_seconds
        assert told.due.due_at in {told.due.target_due_at, told.due.promise_due_at}
        for lang in Lang:
            words = tell(told, lang, scenario.zone)
            assert words
            assert not any("{" in text or "None" in text for text in words)
