"""A workspace's own words: filled once, from allowed names, and never instead of an alert."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.alerts.templates import (
    FIELDS,
    FILLED_CHARACTERS,
    AlertTexts,
    Words,
    find_problems,
    word,
)
from services.core.alerts.types import Purpose

FIRING = Purpose.FIRING
MESSAGE: dict[str, Any] = {
    "alert_id": "a-1",
    "case_id": "c-1",
    "severity": "breach",
    "tier": "urgent",
    "clock_kind": "first_response",
    "percent": 100,
    "late_by_seconds": 300,
    "due_at": "2026-11-21T12:00:00+00:00",
    "fired_at": "2026-11-21T12:05:00+00:00",
    "sentence": {"zh": "有人在等。", "en": "Somebody waits."},
}
WORDS = Words("Mei {{tier}} @all", "the face is broken " * 50)


def texts(zh: str, *, leaves: bool = False, purpose: Purpose = FIRING) -> AlertTexts:
    return AlertTexts({purpose: {"zh": zh}}, leaves)


def said(zh: str, words: Words | None = WORDS, *, leaves: bool = False) -> dict[str, Any]:
    return word(texts(zh, leaves=leaves), FIRING, MESSAGE, words)


def test_fields_are_filled_in_the_language_of_the_template() -> None:
    filled = said("{{tier}}·{{severity}}：{{promise}} {{percent}}%，{{late}}，{{ due_at }}")
    assert filled["sentence"] == {
        "zh": "紧急·超时：首次回复 100%，5 分钟，2026-11-21 12:00 UTC",
        "en": "Somebody waits.",
    }


def test_what_a_field_brings_in_is_not_read_again() -> None:
    assert said("{{follower}}")["sentence"]["zh"] == "Mei {{tier}} @all"


def test_text_leaves_only_where_it_may() -> None:
    assert "text" not in said("{{text}}!")
    assert said("{{text}}!")["sentence"]["zh"] == "!"
    open_ = said("{{text}}!", leaves=True)
    assert len(open_["text"]) == 300
    assert open_["sentence"]["zh"].startswith("the face is broken")


@pytest.mark.parametrize("template", ["{{follower}}", "  {{text}} "])
def test_a_text_left_empty_is_the_products_own(template: str) -> None:
    assert said(template, None)["sentence"] == MESSAGE["sentence"]


def test_another_purpose_is_the_products_own() -> None:
    own = texts("x", purpose=Purpose.RESOLVED)
    assert word(own, FIRING, MESSAGE, WORDS) == {"sentence": MESSAGE["sentence"]}


def test_a_message_that_lacks_everything_is_worded() -> None:
    filled = word(texts(" ".join(f"{{{{{name}}}}}" for name in FIELDS)), FIRING, {}, None)
    assert filled["sentence"]["zh"] == "0 秒"


@pytest.mark.parametrize(
    "template",
    ["{{''.__class__}}", "{{ FOLLOWER }}", "{{}}", "ok {{tier}} {{0.__init__}}", "{{password}}"],
)
def test_an_unknown_field_is_named_with_its_place(template: str) -> None:
    (problem,) = find_problems(texts(template))
    assert (problem.pointer, problem.code) == ("/templates/firing/zh", "unknown_field")


def test_text_in_a_template_needs_the_switch() -> None:
    (problem,) = find_problems(texts("{{text}}"))
    assert problem.code == "text_stays"
    assert list(find_problems(texts("{{text}}", leaves=True))) == []


@pytest.mark.parametrize(
    ("own", "needs"),
    [
        (AlertTexts(), False),
        (texts("{{tier}}"), False),
        (texts("{{ follower }}"), True),
        (AlertTexts({}, message_text_leaves=True), True),
    ],
)
def test_people_are_looked_up_only_where_they_are_named(own: AlertTexts, needs: bool) -> None:
    assert own.needs_words is needs


@given(st.text(max_size=500))
def test_no_template_breaks_an_alert_or_grows_without_end(template: str) -> None:
    filled = word(texts(template, leaves=True), FIRING, MESSAGE, WORDS)
    assert 0 < len(filled["sentence"]["zh"]) <= FILLED_CHARACTERS
