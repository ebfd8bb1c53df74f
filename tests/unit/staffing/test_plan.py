"""A weekly plan on real dates."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.core.staffing import rules
from services.core.staffing.types import Block, Plan

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def plan(*blocks: Block, zone: str = "UTC") -> Plan:
    return Plan(zone, blocks, 3.0)


def test_the_handbooks_week_has_its_gaps() -> None:
    found = rules.shifts(rules.DEFAULT_PLAN, MONDAY, MONDAY + timedelta(days=2))
    gaps = rules.gaps(found, SHANGHAI)
    hours = sorted({(gap.seconds / 3600, gap.over_night) for gap in gaps})
    assert hours == [(2.5, False), (3.5, False), (12.0, True)]
    assert rules.planned_hours(rules.DEFAULT_PLAN) == 7 * 2.5


def test_a_block_under_way_is_part_of_what_lies_ahead_and_one_over_is_not() -> None:
    week = plan(Block((0,), 9 * 60, 60), Block((0,), 12 * 60, 60))
    at = MONDAY + timedelta(hours=9, minutes=30)
    first, *_ = rules.shifts(week, at, at + timedelta(days=1))
    assert first.start == MONDAY + timedelta(hours=9)
    after = MONDAY + timedelta(hours=10)
    first, *_ = rules.shifts(week, after, after + timedelta(days=1))
    assert first.start == MONDAY + timedelta(hours=12)


def test_a_block_keeps_its_local_time_when_clocks_change() -> None:
    week = plan(Block(rules.EVERY_DAY, 9 * 60, 30), zone="America/New_York")
    before = datetime(2026, 10, 31, tzinfo=UTC)
    found = rules.shifts(week, before, before + timedelta(days=3))
    zone = ZoneInfo("America/New_York")
    assert {each.start.astimezone(zone).hour for each in found} == {9}
    assert {gap.seconds for gap in rules.gaps(found, zone)} == {23.5 * 3600, 24.5 * 3600}


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ((Block((0,), 540, 60), Block((0, 1), 599, 10)), ("/blocks/1/start", "overlap")),
        ((Block((0,), 23 * 60, 61),), ("/blocks/0/minutes", "past_midnight")),
        ((Block((0, 0), 540, 60),), ("/blocks/0/weekdays", "repeated")),
    ],
)
def test_what_is_no_week_is_named_at_its_place(
    blocks: tuple[Block, ...], problem: tuple[str, str]
) -> None:
    found = [(each.pointer, each.code) for each in rules.plan_problems(blocks)]
    assert found == [problem]


def test_blocks_that_touch_or_lie_on_other_days_are_a_week() -> None:
    touching = (Block((0,), 540, 60), Block((0,), 600, 60), Block((1,), 540, 60))
    assert rules.plan_problems(touching) == []
    assert rules.plan_problems((Block((0,), 23 * 60, 60),)) == []
