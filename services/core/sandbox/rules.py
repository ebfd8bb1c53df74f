"""Where a sandbox's clock may be moved."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.core.sandbox.errors import BackwardsError, TooFarError
from services.core.sandbox.types import Move

# As far as any promise of ours reaches, with its ladder; more is a mistake in a script.
FARTHEST_MOVE: Final = timedelta(days=366)
# Moments are kept up to here.
END: Final = datetime(2100, 1, 1, tzinfo=UTC)


def move(ahead: timedelta, wanted: Move, real_now: datetime) -> timedelta:
    """How far ahead the clock is after the move. Raises BackwardsError, TooFarError."""
    further = wanted.by if wanted.by is not None else timedelta()
    if wanted.to is not None:
        further = wanted.to - (real_now + ahead)
    if further < timedelta():
        raise BackwardsError
    if further > FARTHEST_MOVE or END - real_now - ahead <= further:
        raise TooFarError
    return ahead + further
