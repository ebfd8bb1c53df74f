"""What to replay must be said, once, and make sense."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.cli.replay import Selection
from services.cli.terminal import BadInputError

NOTHING: dict[str, str | None] = {"delivery": None, "since": None, "until": None, "state": None}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"delivery": "seven"},
        {"since": "yesterday"},
        {"delivery": str(UUID(int=7)), "state": "quarantined"},
        {"since": "2026-11-21T10:00:00Z", "until": "2026-11-21T10:00:00Z"},
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(BadInputError):
        Selection.read(**{**NOTHING, **asked})


def test_a_time_without_an_offset_is_utc() -> None:
    read = Selection.read(**{**NOTHING, "since": "2026-11-21T10:00:00"})
    assert read.since == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_one_delivery_is_enough() -> None:
    read = Selection.read(**{**NOTHING, "delivery": str(UUID(int=7))})
    assert read.delivery_id == UUID(int=7)
