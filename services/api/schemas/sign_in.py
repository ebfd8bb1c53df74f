"""Signing in over HTTP: what is asked, who one is then, and where one is signed in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import ReadModel, StrictModel
from services.core.sessions.rules import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS
from services.core.sessions.types import Attempt, Invited, Self, Session
from services.core.workspaces.types import Caller, Role, Scope

_PASSWORD = "correct horse battery"  # noqa: S105 - the example everybody knows
# What is not long enough for a password was never one, and is just a wrong one when signing in.
Password = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD_CHARACTERS, repr=False)]
NewPassword = Annotated[
    str,
    Field(min_length=MIN_PASSWORD_CHARACTERS, max_length=MAX_PASSWORD_CHARACTERS, repr=False),
]
Slug = Annotated[str, Field(min_length=1, max_length=48)]


class SignInBody(StrictModel):
    """`login` is an e-mail address or a handle.

    A handle is looked for in `workspace`, or in the workspace `default`; an e-mail address in all.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"login": "lin@example.com", "password": _PASSWORD}]}
    )

    login: Annotated[str, Field(min_length=1, max_length=254)]
    password: Password
    workspace: Slug | None = None

    def to_attempt(self) -> Attempt:
        return Attempt(self.login, self.password, self.workspace)


class AcceptBody(StrictModel):
    """`token` is the invitation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"token": "Jf2_0kqQh6mVvS0s1kK3nQY3o0J8b2lq1mX9d7Zr4Ec", "password": _PASSWORD}
            ]
        }
    )

    token: Annotated[str, Field(min_length=1, max_length=128, repr=False)]
    password: NewPassword


class PasswordBody(StrictModel):
    """`current` is the password that was good until now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"current": _PASSWORD, "password": "correct horse battery staple"}]
        }
    )

    current: Password
    password: NewPassword


class SelfMemberView(ReadModel):
    id: UUID
    handle: str
    name: str
    email: str | None
    role: Role


class SelfWorkspaceView(ReadModel):
    id: UUID
    slug: str
    name: str


class SelfView(ReadModel):
    """Who the caller is. `member` and `csrf_token` are null for a key.

    `csrf_token` goes into the header `X-CSRF-Token` of every call that changes something.
    """

    workspace: SelfWorkspaceView
    name: str
    member: SelfMemberView | None
    scopes: list[Scope]
    session_id: UUID | None
    csrf_token: str | None

    @classmethod
    def of(cls, found: Self, caller: Caller, csrf_token: str | None) -> "SelfView":
        member = None
        if found.member_id is not None and found.handle is not None and found.role is not None:
            member = SelfMemberView(
                id=found.member_id,
                handle=found.handle,
                name=found.name,
                email=found.email,
                role=found.role,
            )
        return cls(
            workspace=SelfWorkspaceView(
                id=found.workspace_id, slug=found.workspace, name=found.workspace_name
            ),
            name=found.name,
            member=member,
            scopes=sorted(found.scopes),
            session_id=caller.session_id,
            csrf_token=csrf_token,
        )


class SessionView(ReadModel):
    """One place somebody is signed in; `current` is this one."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str | None
    agent: str | None
    current: bool

    @classmethod
    def of(cls, session: Session, current: UUID | None) -> "SessionView":
        return cls(
            id=session.id,
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            address=session.address,
            agent=session.agent,
            current=session.id == current,
        )


class EndedView(ReadModel):
    """In how many places somebody was signed out."""

    ended: int


class InvitationView(ReadModel):
    """`token` is in this answer and never told again. `link` is null where no page is set up."""

    member_id: UUID
    expires_at: datetime
    token: str
    link: str | None

    @classmethod
    def of(cls, invited: Invited, page: str | None) -> "InvitationView":
        return cls(
            member_id=invited.member_id,
            expires_at=invited.expires_at,
            token=invited.token,
            link=f"{page}#invitation={invited.token}" if page else None,
        )
