"""The nouns of tenancy: who may do what, where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """What a key may do. `admin` holds every other one."""

    INGEST = "ingest"
    READ = "read"
    WORK = "work"
    MANAGE = "manage"
    METRICS = "metrics"
    ADMIN = "admin"


class Role(StrEnum):
    """What a member is in the team; routes are opened by scopes, screens by roles."""

    ADMIN = "admin"
    MANAGER = "manager"
    MODERATOR = "moderator"
    CREATOR = "creator"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Caller:
    """The key behind a request, checked: its workspace, name and scopes."""

    workspace_id: UUID
    key_id: UUID
    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret: shown once, kept only as a hash."""

    id: UUID
    prefix: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    secret: str
