"""What a queued sending waits for, the nearest obstacle first."""

from datetime import timedelta
from typing import Any

import pytest

from services.core.alerts.waiting import Queued, WaitsFor, what_for
from tests.support.alerts import NOON

SOON, LATER = NOON + timedelta(seconds=10), NOON + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("changes", "waits_for", "until"),
    [
        ({}, WaitsFor.TURN, None),
        ({"next_at": SOON, "is_sending": True}, WaitsFor.ANSWER, SOON),
        ({"is_sending": True}, WaitsFor.TURN, None),
        ({"enabled": False, "paused": True}, WaitsFor.CHANNEL_OFF, None),
        ({"paused": True, "next_at": SOON}, WaitsFor.CHANNEL_PAUSED, None),
        ({"open_until": SOON}, WaitsFor.CHANNEL_SHUT, SOON),
        ({"open_until": NOON}, WaitsFor.TURN, None),
        ({"open_until": LATER, "next_at": SOON}, WaitsFor.CHANNEL_SHUT, LATER),
        ({"open_until": SOON, "next_at": LATER}, WaitsFor.RETRY, LATER),
        ({"next_at": LATER}, WaitsFor.RETRY, LATER),
    ],
)
def test_a_sending_says_what_it_waits_for(
    changes: dict[str, Any], waits_for: WaitsFor, until: Any
) -> None:
    usual: dict[str, Any] = {
        "next_at": NOON,
        "is_sending": False,
        "enabled": True,
        "paused": False,
        "open_until": None,
    }
    assert what_for(Queued(**(usual | changes)), NOON) == (waits_for, until)
