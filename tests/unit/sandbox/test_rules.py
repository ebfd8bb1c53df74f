"""A sandbox's clock goes forward, and no farther than promises reach."""

from datetime import UTC, datetime, timedelta

import pytest

from services.core.sandbox.errors import BackwardsError, TooFarError
from services.core.sandbox.rules import FARTHEST_MOVE, move
from services.core.sandbox.types import Move

REAL = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_so_much_further_counts_from_where_the_clock_stands() -> None:
    assert move(DAY, Move(by=timedelta(hours=2)), REAL) == timedelta(hours=26)


def test_a_moment_is_one_of_the_sandbox() -> None:
    assert move(DAY, Move(to=REAL + 3 * DAY), REAL) == 3 * DAY


def test_nothing_that_happened_is_undone() -> None:
    with pytest.raises(BackwardsError):
        move(DAY, Move(to=REAL + DAY - timedelta(seconds=1)), REAL)


@pytest.mark.parametrize(
    "wanted",
    [Move(by=FARTHEST_MOVE + timedelta(seconds=1)), Move(to=datetime(2100, 1, 1, tzinfo=UTC))],
)
def test_a_slip_of_a_script_does_not_use_up_the_century(wanted: Move) -> None:
    with pytest.raises(TooFarError):
        move(timedelta(), wanted, REAL)


def test_the_last_year_ends_all_moves() -> None:
    with pytest.raises(TooFarError):
        move(datetime(2099, 12, 31, tzinfo=UTC) - REAL, Move(by=DAY), REAL)
