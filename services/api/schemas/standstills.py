"""Absences and outages as people announce them, and how far cases were planned anew."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Moment, ReadModel, Spelled, StrictModel
from services.core.calendars.types import Standstill, StandstillDraft, StandstillReason

EXAMPLE: JsonDict = {
    "reason": "out_of_office",
    "starts_at": "2027-02-05T00:00:00+08:00",
    "ends_at": "2027-02-11T09:00:00+08:00",
    "notice_zh": "我们春节放假，2 月 11 日上午 9 点起逐一回复。",
    "notice_en": "We are away for the Spring Festival and answer from 11 February, 9 am.",
}

Notice = Annotated[str, Field(min_length=1, max_length=1000)]


class StandstillBody(StrictModel):
    """Nobody answers for a while. Without a source it holds for all of them.

    With a member it is that person's absence, else the team's. It stops clocks unless a member is
    named, somebody stands in, or `pauses` is false. An outage may be open; an absence has an end.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    reason: Spelled[StandstillReason]
    starts_at: Annotated[Moment | None, Field(description="Now, when left out.")] = None
    ends_at: Moment | None = None
    source_id: Id | None = None
    member_id: Id | None = None
    stand_in_id: Id | None = None
    notice_zh: Notice | None = None
    notice_en: Notice | None = None
    note: Notice | None = None
    pauses: bool | None = None

    def to_draft(self, now: datetime) -> StandstillDraft:
        return StandstillDraft(
            reason=self.reason,
            starts_at=self.starts_at or now,
            ends_at=self.ends_at,
            source_id=self.source_id,
            member_id=self.member_id,
            stand_in_id=self.stand_in_id,
            notice_zh=self.notice_zh,
            notice_en=self.notice_en,
            note=self.note,
            pauses=self.pauses,
        )


class StandstillView(ReadModel):
    """`replanned` open cases were planned anew so far; `replan_at` says when more follow."""

    id: UUID
    reason: StandstillReason
    starts_at: datetime
    ends_at: datetime | None
    source_id: UUID | None
    member_id: UUID | None
    stand_in_id: UUID | None
    notice_zh: str | None
    notice_en: str | None
    note: str | None
    pauses: bool
    created_at: datetime
    ended_at: datetime | None
    replan_at: datetime | None
    replanned: int

    @classmethod
    def of(cls, standstill: Standstill) -> Self:
        return cls.model_validate(standstill)
