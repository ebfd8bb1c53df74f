"""What is allowed, what burns, and when it ends."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.objectives import rules
from services.core.objectives.errors import RangeError, UnknownTimeZoneError
from services.core.objectives.sheets import harmless
from services.core.objectives.types import Counts, Objective, Pace

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NINETY = Objective(Decimal(90))
NONE = Counts(0, 0)


def test_one_of_ten_may_be_missed_and_a_part_of_one_is_none() -> None:
    found = rules.budget(NINETY, Counts(25, 4), NONE, NOW)
    assert (found.allowed, found.used, found.left) == (2, 4, -2)
    assert found.ends_at == NOW
    assert rules.budget(NINETY, Counts(27, 3), NONE, NOW).allowed == 3


def test_a_percent_with_a_decimal_is_meant_exactly() -> None:
    objective = Objective(Decimal("99.9"))
    assert rules.budget(objective, Counts(999, 1), NONE, NOW).left == 0


def test_nothing_decided_leaves_an_unknown_share() -> None:
    found = rules.budget(NINETY, NONE, NONE, NOW)
    assert (found.rate, found.share_left, found.ends_at) == (None, None, None)


def test_a_budget_ends_when_what_is_missed_too_much_has_eaten_what_is_left() -> None:
    # Six left; in three days three more were missed than thirty answers allow.
    found = rules.budget(NINETY, Counts(186, 14), Counts(24, 6), NOW)
    assert found.left == 6
    assert found.ends_at == NOW + 6 * DAY


def test_days_that_leave_room_end_no_budget() -> None:
    assert rules.budget(NINETY, Counts(95, 5), Counts(29, 1), NOW).ends_at is None


def test_both_windows_must_burn() -> None:
    hot, cold = Counts(2, 8), Counts(9, 1)
    assert rules.burning(NINETY, Pace.FAST, hot, hot).burns
    assert not rules.burning(NINETY, Pace.FAST, hot, cold).burns
    assert not rules.burning(NINETY, Pace.FAST, cold, hot).burns
    assert not rules.burning(NINETY, Pace.FAST, hot, NONE).burns


def test_missing_just_what_is_allowed_is_no_burn() -> None:
    allowed = Counts(90, 10)
    assert not rules.burning(NINETY, Pace.SLOW, allowed, allowed).burns
    assert rules.burning(NINETY, Pace.SLOW, Counts(89, 11), Counts(89, 11)).burns


def test_a_modest_objective_can_still_burn_fast() -> None:
    half = Objective(Decimal(50))
    found = rules.burning(half, Pace.FAST, Counts(1, 9), Counts(0, 3))
    assert (found.threshold, found.burns) == (1.6, True)


@given(
    percent=st.decimals(min_value=50, max_value=Decimal("99.9"), places=1),
    met=st.integers(0, 500),
    missed=st.integers(0, 500),
)
def test_what_is_left_and_what_is_used_make_what_is_allowed(
    percent: Decimal, met: int, missed: int
) -> None:
    found = rules.budget(Objective(percent), Counts(met, missed), NONE, NOW)
    assert found.left + found.used == found.allowed
    kept = found.rate is None or Decimal(100 * met) >= percent * (met + missed)
    assert (found.left >= 0) == kept


@pytest.mark.parametrize("pace", list(Pace))
def test_an_alarm_cools_down(pace: Pace) -> None:
    assert rules.may_begin(pace, None, NOW)
    ended = NOW - rules.COOL_DOWN[pace]
    assert rules.may_begin(pace, ended, NOW)
    assert not rules.may_begin(pace, ended + timedelta(seconds=1), NOW)


def test_a_day_is_the_zones_own_even_when_its_clocks_change() -> None:
    found = rules.read_range(date(2026, 3, 8), date(2026, 3, 9), "America/New_York", NOW)
    assert found.end - found.start == timedelta(hours=23)


def test_the_last_28_days_are_meant_when_nothing_is_said() -> None:
    found = rules.read_range(None, None, "UTC", NOW)
    assert (found.start, found.end) == (NOW - 28 * DAY, NOW)


def test_a_range_ends_after_it_begins_and_within_400_days() -> None:
    assert rules.read_range(NOW - 400 * DAY, NOW, "UTC", NOW).end == NOW
    for start in (NOW, NOW + DAY, NOW - 400 * DAY - timedelta(seconds=1)):
        with pytest.raises(RangeError):
            rules.read_range(start, NOW, "UTC", NOW)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime"])
def test_a_zone_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(UnknownTimeZoneError):
        rules.read_range(None, None, zone, NOW)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1", "\u3000\ufeff＝1"],
)
def test_no_cell_of_a_sheet_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless("lin") == "lin"
    assert harmless(-1) == -1
