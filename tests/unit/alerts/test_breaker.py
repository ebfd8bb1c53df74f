"""When a door is shut, for how long, and when a channel is left alone for good."""

from datetime import timedelta

import pytest

from services.core.alerts.breaker import (
    LONGEST_REST,
    LONGEST_SHUT,
    PAUSE_AFTER,
    PAUSE_AFTER_REFUSALS,
    TRIPS_AFTER,
    Door,
    after_failure,
    reason_to_pause,
)
from services.core.alerts.types import Outcome, SendResult
from tests.support.alerts import NOON

BUSY = SendResult(Outcome.RETRYABLE, 503)
GONE = SendResult(Outcome.PERMANENT, 404)
ODD = SendResult(Outcome.PERMANENT, 422)


def failed(result: SendResult, times: int, door: Door | None = None) -> Door:
    door = door or Door()
    for _ in range(times):
        door = after_failure(door, result, NOON)
    return door


def test_a_door_stays_open_until_enough_has_failed_in_a_row() -> None:
    assert failed(BUSY, TRIPS_AFTER - 1).open_until is None
    shut = failed(BUSY, TRIPS_AFTER)
    assert (shut.open_until, shut.trips) == (NOON + timedelta(seconds=10), 1)
    assert shut.failing_since == NOON


def test_each_knock_in_vain_doubles_the_wait_up_to_a_minute() -> None:
    door, waits = failed(BUSY, TRIPS_AFTER), []
    for _ in range(4):
        assert door.open_until is not None
        waits.append((door.open_until - NOON).total_seconds())
        door = after_failure(door, BUSY, NOON, knocked=True)
    assert waits == [10, 20, 40, LONGEST_SHUT.total_seconds()]


@pytest.mark.parametrize(
    ("result", "seconds"),
    [
        (SendResult(Outcome.RETRYABLE, 429), 30),
        (SendResult(Outcome.RETRYABLE, 429, retry_after=600), 600),
        (SendResult(Outcome.RETRYABLE, 200, retry_after=5), 5),
        (SendResult(Outcome.RETRYABLE, 429, retry_after=10**9), LONGEST_REST),
    ],
)
def test_a_wish_for_rest_is_followed_and_is_no_failure(result: SendResult, seconds: float) -> None:
    door = after_failure(Door(), result, NOON)
    assert door == Door(open_until=NOON + timedelta(seconds=seconds))


def test_what_is_wrong_with_a_message_says_nothing_about_its_channel() -> None:
    assert failed(ODD, 2 * TRIPS_AFTER) == Door()


def test_refusals_in_a_row_pause_a_channel_and_others_between_them_do_not() -> None:
    assert reason_to_pause(failed(GONE, PAUSE_AFTER_REFUSALS - 1), NOON) is None
    refused = reason_to_pause(failed(GONE, PAUSE_AFTER_REFUSALS), NOON)
    assert refused == "It refused 5 sendings in a row."
    mixed = failed(GONE, 1, failed(BUSY, 1, failed(GONE, PAUSE_AFTER_REFUSALS - 1)))
    assert reason_to_pause(mixed, NOON) is None


def test_only_failures_for_a_day_pause_a_channel() -> None:
    door = failed(BUSY, TRIPS_AFTER)
    assert reason_to_pause(door, NOON + PAUSE_AFTER - timedelta(seconds=1)) is None
    assert reason_to_pause(door, NOON + PAUSE_AFTER) == "Nothing has come through for a day."
    rare = failed(BUSY, TRIPS_AFTER - 1)
    assert reason_to_pause(rare, NOON + 2 * PAUSE_AFTER) is None


def test_what_was_on_its_way_when_the_door_fell_shut_shuts_it_no_longer() -> None:
    door = failed(BUSY, TRIPS_AFTER + 3)
    assert (door.trips, door.failures) == (1, TRIPS_AFTER + 3)
    assert door.open_until == NOON + timedelta(seconds=10)
