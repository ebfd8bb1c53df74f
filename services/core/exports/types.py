"""Exports: what may be written out, how, and how far a job has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class What(StrEnum):
    """What an export holds, a row each."""

    CASES = "cases"
    MESSAGES = "messages"
    FOLLOWERS = "followers"
    ALERTS = "alerts"
    METRICS = "metrics"
    AUDIT = "audit"


class FileFormat(StrEnum):
    """CSV begins with a byte order mark and a line of names; NDJSON is an object a line."""

    CSV = "csv"
    NDJSON = "ndjson"


class ExportState(StrEnum):
    """`expired` ones keep their row and have lost their file."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


LIVE = (ExportState.WAITING, ExportState.RUNNING)


@dataclass(frozen=True, slots=True)
class ExportDraft:
    """`filters` are conditions by name, each value as JSON spells it."""

    what: What
    format: FileFormat = FileFormat.CSV
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Export:
    """`until` bounds what is written: what is newer than the order is not in the file.

    `rows_done` and `bytes_done` (of the plain file) grow while it is written.
    """

    id: UUID
    draft: ExportDraft
    state: ExportState
    rows_done: int
    bytes_done: int
    chunks: int
    until: datetime
    created_at: datetime
    created_by: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One export this worker writes until its lease ends; `token` says whether it still may."""

    workspace_id: UUID
    export_id: UUID
    token: int
