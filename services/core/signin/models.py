"""Tables of signing in elsewhere: whom a workspace believes, and who is who there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Key, one_of
from services.core.workspaces.types import Role


class IdentityProviderRow(Base):
    """The one OpenID provider of a workspace. Without `newcomer_role` only the invited come in."""

    __tablename__ = "identity_providers"
    __table_args__ = (one_of("newcomer_role", Role),)

    workspace_id: Mapped[Key]
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[str]
    email_domains: Mapped[list[str]]
    newcomer_role: Mapped[str | None]
    enabled: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class IdentityLinkRow(Base):
    """A person as the issuer knows them: by `subject`, which never changes, not by e-mail."""

    __tablename__ = "identity_links"
    __table_args__ = (Index("ix_identity_links_member_id", "workspace_id", "member_id"),)

    workspace_id: Mapped[Key]
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[UUID]
    created_at: Mapped[datetime]


class SignInFlowRow(Base):
    """Somebody who was sent to the provider and is not back yet; deleted by the first who is."""

    __tablename__ = "sign_in_flows"
    __table_args__ = (
        CheckConstraint("octet_length(state_hash) = 32", name="state_hash"),
        Index("uq_sign_in_flows_state_hash", "state_hash", unique=True),
        Index("ix_sign_in_flows_expires_at", "expires_at"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    state_hash: Mapped[bytes] = mapped_column(LargeBinary())
    # Of the cookie the browser got: nobody can be sent back through somebody else's sign-in.
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary())
    nonce: Mapped[str]
    verifier: Mapped[str]
    redirect_uri: Mapped[str]
    return_to: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
