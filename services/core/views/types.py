"""Saved views: a list, its conditions and its order under a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class ViewKind(StrEnum):
    """Which list a view looks at."""

    CASES = "cases"
    MESSAGES = "messages"
    FOLLOWERS = "followers"


@dataclass(frozen=True, slots=True)
class ViewDraft:
    """`filters` are conditions by name, as JSON spells them. Without an owner all see it."""

    name: str
    kind: ViewKind
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str | None = None
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SavedView:
    """A built-in one has no row: it cannot be changed, and is the same everywhere.

    So are its id and its `slug`; others have none.
    """

    id: UUID
    version: int
    draft: ViewDraft
    created_at: datetime | None = None
    updated_at: datetime | None = None
    is_built_in: bool = False
    slug: str | None = None
