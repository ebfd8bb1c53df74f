"""Tenancy over HTTP: the own workspace, its keys, its people, its trail."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import Id, Moment, Name, ReadModel, Spelled, StrictModel
from services.core.workspaces.rules import MOST_STORM_PER_MINUTE
from services.core.workspaces.types import CreatedKey, MemberDraft, Role, Scope

Handle = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S+$")]
Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
EventsPerMinute = Annotated[int, Field(ge=1, le=100_000_000)]
AlertsPerMinute = Annotated[int, Field(ge=1, le=MOST_STORM_PER_MINUTE)]


class WorkspaceView(ReadModel):
    """`ingest_per_minute` is null where the installation's quota of events holds.

    `storm_per_minute` is from how many alerts a minute on they go together, as digests; null where
    the installation's number holds.
    """

    id: UUID
    slug: str
    name: str
    ingest_per_minute: int | None
    storm_per_minute: int | None
    created_at: datetime


class WorkspaceChange(StrictModel):
    """Only what is sent is changed."""

    name: Name = Field(default_factory=str)
    ingest_per_minute: EventsPerMinute | None = None
    storm_per_minute: AlertsPerMinute | None = None


class KeyBody(StrictModel):
    """`member_id` is whom the key acts for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "dashboard", "scopes": ["read"]}]}
    )

    name: Name
    scopes: Annotated[list[Spelled[Scope]], Field(min_length=1, max_length=len(Scope))]
    member_id: Id | None = None
    expires_at: Moment | None = None


class KeyRotationBody(StrictModel):
    """How long the old key goes on opening; 0 ends it at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: Annotated[int, Field(ge=0, le=24 * 90)] = 24


class KeyView(ReadModel):
    """A key without the key; `prefix` is the part between its underscores."""

    id: UUID
    prefix: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class CreatedKeyView(KeyView):
    """`key` is in this answer and never told again."""

    key: str

    @classmethod
    def of(cls, created: CreatedKey) -> "CreatedKeyView":
        return cls(
            id=created.id,
            prefix=created.prefix,
            name=created.name,
            scopes=sorted(created.scopes),
            created_at=created.created_at,
            expires_at=created.expires_at,
            key=created.secret,
        )


class MemberBody(StrictModel):
    """`handle` is unique in the workspace, and what `reply.sent` names in `member`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"handle": "lin", "name": "林夏", "role": "moderator"}]}
    )

    handle: Handle
    name: Name
    email: Email | None = None
    role: Spelled[Role] = Role.MODERATOR
    active: bool = True

    def to_draft(self) -> MemberDraft:
        return MemberDraft(self.handle, self.name, self.email, self.role, self.active)


class MemberChange(StrictModel):
    """Only what is sent is changed."""

    handle: Handle = Field(default_factory=str)
    name: Name = Field(default_factory=str)
    email: Email | None = None
    role: Spelled[Role] = Field(default_factory=lambda: Role.MODERATOR)
    active: bool = Field(default_factory=bool)


class MemberView(ReadModel):
    id: UUID
    handle: str
    name: str
    email: str | None
    role: Role
    active: bool
    created_at: datetime
    updated_at: datetime


class AuditView(ReadModel):
    """One act. `detail` holds ids and settings, never texts."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: str
    actor_label: str
    action: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any]
    request_id: str | None
