"""The nouns of signing in elsewhere: the provider, the way there and back, and who came back."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.core.sessions.types import Opened
from services.core.workspaces.types import Role


@dataclass(frozen=True, slots=True)
class ProviderDraft:
    """`client_secret` None leaves it as it is. Without `newcomer_role` only members come in."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    email_domains: tuple[str, ...] = ()
    newcomer_role: Role | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider a workspace believes; `client_secret` is never shown again."""

    workspace_id: UUID
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    email_domains: tuple[str, ...]
    newcomer_role: Role | None
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the issuer says of itself at its well-known address."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_body: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what to put into its cookie to know it again."""

    url: str
    browser_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Flow:
    """Somebody who was sent to the provider."""

    workspace_id: UUID
    browser_hash: bytes
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    return_to: str


@dataclass(frozen=True, slots=True)
class Return:
    """What came back in the address, and in the cookie beside it."""

    state: str
    code: str = field(repr=False)
    browser_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says somebody is; `email` is None unless it is verified."""

    issuer: str
    subject: str
    email: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Welcome:
    """Somebody is in, and goes on where they wanted to go."""

    opened: Opened
    return_to: str
