"""Reports on schedule: what is sent when and where, and each issue of it."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Name, ReadModel, Spelled, StrictModel
from services.core.reports import rules
from services.core.reports.types import Issue, IssueState, Language, Period, Report, ReportDraft

EXAMPLE: JsonDict = {
    "name": "Our week",
    "kind": "weekly",
    "channel_id": "019936b2-7c1e-7a44-9d3a-5f1f6d2f8f01",
    "language": "zh",
    "on_day": 1,
    "at_hour": 9,
}


class ReportBody(StrictModel):
    """The whole report. `on_day` is 1 (Monday) to 7 of a weekly one, 1 to 28 of a monthly one.

    `at_hour` is an hour of the workspace's own days. `language` is that of the attached page.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    kind: Spelled[Period]
    channel_id: Id
    language: Spelled[Language] = Language.ZH
    on_day: Annotated[int, Field(ge=1, le=rules.DAYS_OF_A_MONTH)] = 1
    at_hour: Annotated[int, Field(ge=0, le=rules.HOURS - 1)] = 9
    enabled: bool = True

    def to_draft(self) -> ReportDraft:
        return ReportDraft(**dict(self))


class ReportView(ReadModel):
    """`next_at` is when it goes out the next time; null while it is switched off."""

    id: UUID
    name: str
    kind: Period
    channel_id: UUID
    language: Language
    on_day: int
    at_hour: int
    enabled: bool
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, report: Report) -> Self:
        told = {name: getattr(report, name) for name in cls.model_fields}
        return cls(**told | {"next_at": report.next_at if report.enabled else None})


class IssueView(ReadModel):
    """The days it is about, both included, and what became of it.

    `next_at` is when it is tried, or tried again, while it is `waiting`; `detail` is what the
    channel said last.
    """

    first_day: date
    last_day: date
    state: IssueState
    attempts: int
    opened_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    detail: str

    @classmethod
    def of(cls, issue: Issue) -> Self:
        told = {name: getattr(issue, name) for name in cls.model_fields if name != "last_day"}
        return cls(**told, last_day=issue.until_day - timedelta(days=1))
