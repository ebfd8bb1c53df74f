"""What the trail records, and what counting its chain again came to."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act: `source.created`, `case.resolved`. `detail` holds ids and settings, never texts."""

    action: str
    subject_kind: str
    subject_id: object
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts to read; None is any. `action` is a beginning; `until` is not included."""

    actor_id: str | None = None
    action: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Flaw(StrEnum):
    """What is wrong with a chain at its first broken place."""

    CHANGED = "changed"
    MISSING = "missing"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Verification:
    """`checked` rows hold from the first one up to `last_seq`; `flaw` is the first that does not.

    It is at `flaw_seq`, the row `flaw_id` where there is one. `is_whole` says that the end was
    reached; `last_hash` is worth noting elsewhere: who can write the database can write a chain.
    """

    checked: int
    last_seq: int
    last_hash: bytes
    unsealed: int
    is_whole: bool
    flaw: Flaw | None = None
    flaw_seq: int | None = None
    flaw_id: UUID | None = None
