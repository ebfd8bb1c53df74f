"""The nouns of tenancy: who may do what, where."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.core.kit.uow import Actor


class Scope(StrEnum):
    """What a key may do. `admin` holds every other one."""

    INGEST = "ingest"
    READ = "read"
    WORK = "work"
    MANAGE = "manage"
    METRICS = "metrics"
    ADMIN = "admin"


class Role(StrEnum):
    """What a member is in the team; each role stands for scopes (`rules.SCOPES_OF`)."""

    ADMIN = "admin"
    MANAGER = "manager"
    MODERATOR = "moderator"
    CREATOR = "creator"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind a request, checked: a key, or a member in a session of theirs."""

    workspace_id: UUID
    key_id: UUID | None
    name: str
    scopes: frozenset[Scope]
    member_id: UUID | None = None
    session_id: UUID | None = None

    @property
    def person(self) -> UUID | None:
        """The member who signed in; nobody behind a key."""
        return self.member_id if self.session_id is not None else None

    @property
    def actor(self) -> Actor:
        """As whom they act: a person who signed in as themself, a program as its key."""
        if self.session_id is not None:
            return Actor(kind="member", id=str(self.member_id), label=self.name)
        return Actor(kind="key", id=str(self.key_id), label=self.name)

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
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it is stored: everything but the key."""

    workspace_id: UUID
    id: UUID
    prefix: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    secret_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Workspace:
    """`ingest_per_minute` overrides the installation's quota of events.

    `storm_per_minute` overrides from how many alerts a minute on they go together.
    """

    id: UUID
    slug: str
    name: str
    ingest_per_minute: int | None
    created_at: datetime
    storm_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team; cases are assigned to members, alerts are sent to them."""

    id: UUID
    handle: str
    name: str
    email: str | None
    role: Role
    active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MemberDraft:
    handle: str
    name: str
    email: str | None = None
    role: Role = Role.MODERATOR
    active: bool = True
