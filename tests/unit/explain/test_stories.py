"""Read aloud, an explanation makes sense to whoever writes no programs."""

import re

import pytest

from services.core.explain.sentences import EN, ZH
from services.core.explain.types import Explanation, Lang
from services.core.explain.words import tell
from services.core.sla.types import ClockState
from tests.support.scenarios import Scenario, load
from tests.support.tellings import explanations, make_story

STORIES = [make_story(seed) for seed in range(1, 11)]
CODE = re.compile(
    r"[A-Za-z]+_[A-Za-z_]+|\bNone\b|\bnull\b|[{}<>]|\bTrue\b|\bFalse\b"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-|\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\+00"
)


def said(told: Explanation, lang: Lang, scenario: Scenario) -> str:
    return "\n".join(tell(told, lang, scenario.zone))


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("scenario", [*STORIES, *load()], ids=lambda each: each.name)
def test_no_word_of_the_code_is_said(scenario: Scenario, lang: Lang) -> None:
    for told in explanations(scenario):
        text = said(told, lang, scenario)
        assert not CODE.findall(text), text


@pytest.mark.parametrize("table", [EN, ZH], ids=["en", "zh"])
def test_no_sentence_has_one_either(table: dict[str, str]) -> None:
    found = {key: CODE.findall(re.sub(r"\{\w+\}", "", text)) for key, text in table.items()}
    assert {key: words for key, words in found.items() if words} == {}


@pytest.mark.parametrize("scenario", STORIES, ids=lambda each: each.name)
def test_nothing_that_came_after_the_end_is_told(scenario: Scenario) -> None:
    for told in explanations(scenario):
        end = told.clock.shape.settled_at
        if end is not None:
            assert all(pause.start < end for pause in told.pauses)
            assert all(pause.until is None or pause.until <= end for pause in told.pauses)


def test_the_stories_have_promises_that_end_in_every_way() -> None:
    more = [make_story(seed) for seed in range(1, 41)]
    states = {told.clock.shape.state for each in more for told in explanations(each)}
    assert states >= set(ClockState) - {ClockState.PAUSED}
