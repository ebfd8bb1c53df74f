"""What the trail records."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act: `source.created`, `case.resolved`. `detail` holds ids and settings, never texts."""

    action: str
    subject_kind: str
    subject_id: object
    detail: dict[str, Any] = field(default_factory=dict)
