"""How the rows of the trail hang together: each hash covers its row and the hash before it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from services.core.audit.types import Flaw

# What comes before the first row of every workspace.
BEGINNING: Final = bytes(32)
COVERED: Final = (
    "workspace_id",
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "action",
    "subject_kind",
    "subject_id",
    "detail",
    "request_id",
)


def hash_of(before: bytes, seq: int, row: Mapping[str, Any]) -> bytes:
    """The hash of a row at a place: of everything it says, in one spelling."""
    said = [seq, *(row[name] for name in COVERED)]
    written = json.dumps(said, sort_keys=True, separators=(",", ":"), default=_spell)
    return hashlib.sha256(before + written.encode()).digest()


def flaw_of(before: bytes, expected: int, row: Mapping[str, Any]) -> Flaw | None:
    """What is wrong with the row that stands at the place `expected`, if anything."""
    if row["seq"] != expected:
        return Flaw.MISSING
    return None if row["hash"] == hash_of(before, expected, row) else Flaw.CHANGED


def _spell(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
