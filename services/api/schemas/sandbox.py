"""A sandbox's clock over HTTP."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from services.api.schemas.common import Moment, ReadModel, StrictModel
from services.core.sandbox.types import Move

# A year and a day: no promise of ours, with its ladder, is longer.
MOST_SECONDS = 366 * 86_400


class ClockMove(StrictModel):
    """Exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"advance_seconds": 43_200}, {"now": "2026-12-01T09:00:00Z"}]
        }
    )

    now: Moment | None = None
    advance_seconds: Annotated[int, Field(ge=0, le=MOST_SECONDS)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.now is None) == (self.advance_seconds is None):
            raise ValueError("Give either now or advance_seconds.")
        return self

    def move(self) -> Move:
        by = None if self.advance_seconds is None else timedelta(seconds=self.advance_seconds)
        return Move(to=self.now, by=by)


class SandboxClockView(ReadModel):
    """`now` is the sandbox's time; `next_moment_at` the next moment of its promises."""

    now: datetime
    real_now: datetime
    ahead_seconds: float
    next_moment_at: datetime | None
