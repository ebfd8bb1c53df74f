import json

import pytest

from services.core.triage.engine import load_classifier
from services.core.triage.evaluation import (
    SampleError,
    compare,
    evaluate,
    prediction,
    read_samples,
)


def test_the_figures_are_those_of_a_calculation_by_hand() -> None:
    # a: 2 of 3 found, 2 of 2 guesses right; b: 1 of 1 found, 1 of 2 right; c: 1 of 1, 1 of 1.
    report = compare("tier", ["a", "a", "a", "b", "c"], ["a", "a", "b", "b", "c"])
    assert report.accuracy == pytest.approx(4 / 5)
    assert report.classes["a"].precision == 1
    assert report.classes["a"].recall == pytest.approx(2 / 3)
    assert report.classes["a"].f1 == pytest.approx(0.8)
    assert report.classes["b"].precision == pytest.approx(1 / 2)
    assert report.classes["b"].f1 == pytest.approx(2 / 3)
    assert report.macro_f1 == pytest.approx((0.8 + 2 / 3 + 1) / 3)
    assert report.confusion == {"a": {"a": 2, "b": 1}, "b": {"b": 1}, "c": {"c": 1}}
    assert [report.classes[name].support for name in "abc"] == [3, 1, 1]


def test_a_class_nobody_guessed_scores_nothing_and_still_counts() -> None:
    report = compare("tier", ["a", "b"], ["b", "b"])
    assert (report.classes["a"].precision, report.classes["a"].f1) == (0, 0)
    assert report.macro_f1 == pytest.approx((0 + 2 / 3) / 2)


def test_nothing_compared_scores_nothing() -> None:
    report = compare("tier", [], [])
    assert (report.accuracy, report.macro_f1, report.count) == (0, 0, 0)


def line(**fields: object) -> str:
    return json.dumps({"id": "x1", "kind": "comment", "text": "求链接"} | fields)


def test_labels_are_compared_on_three_axes() -> None:
    labels = {"tier": "urgent", "category": "product_question", "sentiment": "neutral"}
    samples = list(
        read_samples([line(**labels), "", line(**labels | {"tier": "spam"})], labelled=True)
    )
    reports = evaluate(load_classifier(), samples)
    assert {axis: report.accuracy for axis, report in reports.items()} == {
        "tier": 0.5,
        "category": 1,
        "sentiment": 1,
    }


def test_a_prediction_holds_the_seven_fields() -> None:
    [sample] = read_samples([line()], labelled=False)
    written = prediction(sample, load_classifier().judge(sample.message))
    assert 0 <= written.pop("spam_score") < 0.01
    assert written == {
        "id": "x1",
        "tier": "urgent",
        "category": "product_question",
        "sentiment": "neutral",
        "needs_reply": True,
        "hide": False,
    }


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 is not a JSON object"),
        ('{"id": 3, "text": "a"}', "line 2 needs an id and a text"),
        ('{"id": "a"}', "line 2 needs an id and a text"),
        ('{"id": "a", "text": "a", "kind": "letter"}', "unknown kind 'letter'"),
        ('{"id": "a", "text": "a", "kind": ["dm"]}', "unknown kind"),
        ("[" * 100_000, "line 2 is not JSON"),
    ],
)
def test_a_bad_line_is_named(bad: str, words: str) -> None:
    with pytest.raises(SampleError, match=words):
        list(read_samples([line(), bad], labelled=False))


def test_labels_are_asked_for_only_where_they_are_needed() -> None:
    assert list(read_samples([line()], labelled=False))
    with pytest.raises(SampleError, match="line 1 has no tier and no category and no sentiment"):
        list(read_samples([line()], labelled=True))
