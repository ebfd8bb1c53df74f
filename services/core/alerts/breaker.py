"""Decide when a channel's door is shut, for how long, and when nobody should knock any more."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.core.alerts.types import Outcome, SendResult

# Failures in a row that shut the door.
TRIPS_AFTER: Final = 5
FIRST_SHUT: Final = timedelta(seconds=10)
# One knock a minute costs nobody anything, and a sink that heals is heard of within it.
LONGEST_SHUT: Final = timedelta(seconds=60)
TOO_MANY_REQUESTS: Final = 429
SAID_INSIDE: Final = 200
# When a sink that is asked too much does not say for how long to be left alone.
USUAL_REST: Final = 30.0
LONGEST_REST: Final = 3_600.0
# Refused for what was in it, not for whom it was for: says nothing about the channel.
_ABOUT_THE_MESSAGE: Final = frozenset({400, 405, 409, 411, 413, 414, 415, 422, 431})
# Refusals in a row after which asking again is a nuisance; and only failures for so long.
PAUSE_AFTER_REFUSALS: Final = 5
PAUSE_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Door:
    """How a channel has answered since something last came through it."""

    failures: int = 0
    refusals: int = 0
    trips: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None


def after_failure(door: Door, result: SendResult, now: datetime, *, knocked: bool = False) -> Door:
    """The door after something did not come through. A wish for rest is no failure.

    Only who `knocked` at a shut door shuts it for longer: what was on its way when it fell shut
    says nothing new.
    """
    if asks_for_rest(result):
        rest = min(result.retry_after or USUAL_REST, LONGEST_REST)
        return replace(door, open_until=now + timedelta(seconds=rest))
    if is_about_the_message(result):
        return door
    refused = result.outcome is Outcome.PERMANENT
    door = replace(
        door,
        failures=door.failures + 1,
        refusals=door.refusals + 1 if refused else 0,
        failing_since=door.failing_since or now,
    )
    if door.failures < TRIPS_AFTER:
        return replace(door, open_until=None)
    is_shut = door.trips > 0 and door.open_until is not None and door.open_until > now
    if is_shut and not knocked:
        return door
    shut = min(FIRST_SHUT * 2 ** min(door.trips, 10), LONGEST_SHUT)
    return replace(door, trips=door.trips + 1, open_until=now + shut)


def asks_for_rest(result: SendResult) -> bool:
    """Too many requests, said by the status or, as chat robots do, inside a 200."""
    if result.status_code == TOO_MANY_REQUESTS:
        return True
    said_inside = result.status_code == SAID_INSIDE and result.retry_after is not None
    return said_inside and result.outcome is Outcome.RETRYABLE


def is_about_the_message(result: SendResult) -> bool:
    """Whether another message might be taken by the same channel."""
    return result.outcome is Outcome.PERMANENT and result.status_code in _ABOUT_THE_MESSAGE


def reason_to_pause(door: Door, now: datetime) -> str | None:
    """Why a channel should be left alone until a person has looked, if it should."""
    if door.refusals >= PAUSE_AFTER_REFUSALS:
        return f"It refused {door.refusals} sendings in a row."
    too_long = door.failing_since is not None and now - door.failing_since >= PAUSE_AFTER
    if too_long and door.failures >= TRIPS_AFTER:
        return "Nothing has come through for a day."
    return None
