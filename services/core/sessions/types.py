"""The nouns of signing in: who tries it from where, who is in, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.core.workspaces.types import Role, Scope


class Suspect(StrEnum):
    """What guesses are counted by: this person from here, this person, this place."""

    PAIR = "pair"
    ACCOUNT = "account"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody sits: the network address and what the browser calls itself."""

    address: str | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """`login` is an e-mail address or a handle; a handle is one of `workspace`'s alone."""

    login: str
    password: str = field(repr=False)
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a session lasts: at most `absolute`, and `idle` after it was last used."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member the login may mean, with what their password is checked by, if they have one."""

    workspace_id: UUID
    workspace: str
    member_id: UUID
    hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Guess:
    """What is remembered of wrong guesses under one subject."""

    failures: int
    last_at: datetime
    next_at: datetime
    trusted_until: datetime | None = None


Guesses = Mapping[Suspect, Guess]


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: its token is in the cookie, the other one in a header beside it."""

    workspace_id: UUID
    session_id: UUID
    member_id: UUID
    expires_at: datetime
    token: str = field(repr=False)
    csrf_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """One place a member is signed in."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class Invited:
    """A way in that works once; the token is told once."""

    member_id: UUID
    expires_at: datetime
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Self:
    """Who somebody is here: a member who signed in, or the key of a program."""

    workspace_id: UUID
    workspace: str
    workspace_name: str
    scopes: frozenset[Scope]
    member_id: UUID | None
    handle: str | None
    name: str
    email: str | None
    role: Role | None
