"""Exports: what is ordered, and how far it has come."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import Id, Moment, ReadModel, Spelled, StrictModel
from services.core.alerts.types import AlertKind, AlertState
from services.core.cases.types import CaseState
from services.core.conversations.types import ItemKind
from services.core.exports.types import Export, ExportDraft, ExportState, FileFormat, What
from services.core.triage.types import Tier


class ExportFilters(StrictModel):
    """All that are given hold together. Which ones there are depends on what is written out.

    `since` is in, `until` is not; of cases they bound `opened_at`, of messages `occurred_at`, of
    alerts `fired_at`, of metrics the day, and of the trail `at`.
    """

    source_id: Id | None = None
    tier: Spelled[Tier] | None = None
    state: Spelled[CaseState] | Spelled[AlertState] | None = None
    kind: Spelled[ItemKind] | Spelled[AlertKind] | None = None
    metric: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    since: Moment | None = None
    until: Moment | None = None


class ExportBody(StrictModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "what": "messages",
                    "format": "csv",
                    "filters": {"tier": "urgent", "since": "2026-11-01T00:00:00+08:00"},
                }
            ]
        }
    )

    what: Spelled[What]
    format: Spelled[FileFormat] = FileFormat.CSV
    filters: ExportFilters = ExportFilters()

    def to_draft(self) -> ExportDraft:
        filters = self.filters.model_dump(mode="json", exclude_none=True)
        return ExportDraft(self.what, self.format, filters)


class ExportView(ReadModel):
    """`rows_done` grows while it is written. `download` is a link that holds for 15 minutes.

    The file is there from `finished_at` until `expires_at`. `until` is when it was ordered: what is
    newer is not in it.
    """

    id: UUID
    what: What
    format: FileFormat
    filters: dict[str, str]
    state: ExportState
    rows_done: int
    bytes_done: int
    until: datetime
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    error: str | None
    download: str | None

    @classmethod
    def of(cls, export: Export, download: str | None) -> Self:
        return cls(
            id=export.id,
            what=export.draft.what,
            format=export.draft.format,
            filters={name: str(value) for name, value in export.draft.filters.items()},
            state=export.state,
            rows_done=export.rows_done,
            bytes_done=export.bytes_done,
            until=export.until,
            created_at=export.created_at,
            created_by=export.created_by,
            started_at=export.started_at,
            finished_at=export.finished_at,
            expires_at=export.expires_at,
            error=export.error,
            download=download,
        )
