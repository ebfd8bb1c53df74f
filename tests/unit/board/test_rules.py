from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.board import rules
from services.core.board.types import CaseFilter, CaseSort, Share
from services.core.cases.types import CaseState
from services.core.triage.types import Tier

START = datetime(2026, 11, 21, tzinfo=UTC)


def said(number: int, *, minute: int = 0, tier: str = "routine", **changes: Any) -> dict[str, Any]:
    message = {
        "id": UUID(int=number),
        "direction": "in",
        "needs_reply": True,
        "deleted": False,
        "tier": tier,
        "occurred_at": START + timedelta(minutes=minute),
    }
    return message | changes


def driving(*messages: dict[str, Any], opening: int = 1) -> int | None:
    found = rules.driving_message(messages, UUID(int=opening))
    return found["id"].int if found else None


def test_the_most_pressing_question_drives_the_case() -> None:
    assert driving(said(1), said(2, tier="urgent"), said(3, tier="important")) == 2


def test_of_equally_pressing_questions_the_earliest_drives() -> None:
    assert driving(said(1, minute=5), said(2, minute=3), said(3, minute=4)) == 2


@pytest.mark.parametrize(
    "change", [{"deleted": True}, {"needs_reply": False}, {"direction": "out"}]
)
def test_what_is_no_standing_question_does_not_drive(change: dict[str, Any]) -> None:
    assert driving(said(1), said(2, tier="urgent", **change)) == 1


def test_without_a_standing_question_the_opening_message_explains_the_case() -> None:
    assert driving(said(1, deleted=True), said(2, needs_reply=False)) == 1


def test_nothing_drives_when_even_the_opening_message_was_left_out() -> None:
    assert driving(said(2, needs_reply=False)) is None


def test_a_share_of_nothing_has_no_rate() -> None:
    assert rules.share(0, 0) == Share(0, 0, None)
    assert rules.share(3, 1) == Share(3, 1, 0.75)


def test_counts_by_tier_hold_every_tier_and_their_sum() -> None:
    assert rules.by_tier([("urgent", 2), ("routine", 1), ("urgent", 3)]) == {
        "total": 6,
        "urgent": 5,
        "important": 0,
        "routine": 1,
        "spam": 0,
    }


def test_cases_of_each_state_are_read_as_a_run_from_the_same_place() -> None:
    place = (START, UUID(int=7))
    runs = rules.runs_of(CaseFilter(), CaseSort.LAST_OPENED, place, None)
    assert [run.of for run in runs] == ["open", "answered", "snoozed"]
    assert {(run.at, run.id) for run in runs} == {place}
    twice = CaseFilter(states=(CaseState.RESOLVED, CaseState.RESOLVED))
    (only,) = rules.runs_of(twice, CaseSort.LAST_SPOKEN, None, None)
    assert only.of == "resolved"


@pytest.mark.parametrize("sort", [each for each in CaseSort if not each.by_due])
def test_the_first_page_starts_beyond_everything_the_database_takes(sort: CaseSort) -> None:
    earliest, latest = (datetime(year, 1, 1, tzinfo=UTC) for year in (2000, 2101))
    for run in rules.runs_of(CaseFilter(), sort, None, None):
        assert run.at is not None
        assert run.at >= latest if sort.backwards else run.at < earliest


def test_tiers_follow_each_other_from_the_one_that_was_reached() -> None:
    place = (START, UUID(int=7))
    reached = rules.runs_of(CaseFilter(), CaseSort.MOST_PRESSING, place, Tier.IMPORTANT)
    assert [run.of for run in reached] == ["important", "routine", "spam"]
    assert [(run.at, run.id) == place for run in reached] == [True, False, False]
    back = rules.runs_of(CaseFilter(), CaseSort.LEAST_PRESSING, place, Tier.IMPORTANT)
    assert [run.of for run in back] == ["important", "urgent"]
    few = CaseFilter(tiers=(Tier.ROUTINE, Tier.URGENT))
    assert [run.of for run in rules.runs_of(few, CaseSort.MOST_PRESSING, None, None)] == [
        "urgent",
        "routine",
    ]
    # The tier that was reached is asked for no more: what is behind it is.
    gone = rules.runs_of(few, CaseSort.MOST_PRESSING, place, Tier.IMPORTANT)
    assert [(run.of, run.at) for run in gone] == [
        ("routine", rules.runs_of(few, CaseSort.MOST_PRESSING, None, None)[0].at)
    ]
