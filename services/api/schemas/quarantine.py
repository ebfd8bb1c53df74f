"""What was given up on, and what is let go again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.api.schemas.common import Id, Moment, ReadModel, StrictModel
from services.core.intake.service import MAX_RELEASED, Release, ReleaseOutcome


class QuarantinedView(ReadModel):
    """One event; `external_id` is the producer's own."""

    delivery_id: UUID
    position: int = Field(description="Its place in the delivery, from 0.")
    source_id: UUID
    external_id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    attempts: int
    reason: str


class ReleaseRequest(StrictModel):
    """`delivery_ids`, or a range: at least one of `source_id`, `since` and `until`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"delivery_ids": ["019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11"]},
                {"since": "2026-11-21T08:00:00Z", "until": "2026-11-21T09:00:00Z"},
            ]
        }
    )

    delivery_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_RELEASED)] | None = None
    source_id: Id | None = None
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        ranged = any((self.source_id, self.since, self.until))
        if (self.delivery_ids is not None) == ranged:
            raise ValueError("Name delivery_ids, or a range by source_id, since or until.")
        return self


class ReleaseView(ReadModel):
    """What became of one delivery; `events` wait again."""

    delivery_id: UUID
    outcome: ReleaseOutcome
    events: int


class ReleasedView(ReadModel):
    """`more` says that the range holds more than one call releases."""

    released: int = Field(description="Events that wait again.")
    more: bool
    items: list[ReleaseView]

    @classmethod
    def of(cls, releases: Sequence[Release], more: bool = False) -> Self:
        items = [ReleaseView.model_validate(one) for one in releases]
        return cls(released=sum(one.events for one in items), more=more, items=items)
