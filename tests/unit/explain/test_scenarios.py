"""Every scenario of promises can be told, and what is told adds up."""

import pytest

from services.core.explain.types import Lang
from services.core.explain.words import tell
from services.core.sla.rules import is_held
from tests.support.scenarios import Scenario, load
from tests.support.tellings import explanations


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
