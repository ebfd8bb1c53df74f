"""How long a reply takes."""

from services.core.staffing.measuring import handling


def test_the_median_of_enough_replies_is_measured() -> None:
    told = handling([60.0, 90.0, 120.0, 150.0, 180.0] * 3, assumed=3.0)
    assert (round(told.minutes, 6), told.measured) == (2.0, 15)
    assert 0.2 < told.spread < 0.6


def test_one_long_break_moves_nothing() -> None:
    steady = handling([120.0] * 19, assumed=3.0)
    broken = handling([120.0] * 19 + [1800.0], assumed=3.0)
    assert broken.minutes == steady.minutes


def test_too_few_replies_are_no_measure() -> None:
    told = handling([60.0] * 9, assumed=4.5)
    assert (told.minutes, told.measured) == (4.5, 0)
