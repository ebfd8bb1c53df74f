"""Tables of people who sign in: what they know, where they are signed in, how often they guessed.

Sessions and invitations are directories as keys are: found by hash, before a workspace is known.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Key


class MemberPasswordRow(Base):
    """`hash` is argon2's own text, parameters and salt included."""

    __tablename__ = "member_passwords"

    workspace_id: Mapped[Key]
    member_id: Mapped[Key]
    hash: Mapped[str]
    changed_at: Mapped[datetime]


class SessionRow(Base):
    """One browser in which a member is signed in; of its token only the hash is kept."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
        Index("uq_sessions_token_hash", "token_hash", unique=True),
        Index(
            "ix_sessions_member_id",
            "workspace_id",
            "member_id",
            "id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    workspace_id: Mapped[Key]
    id: Mapped[Key]
    member_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary())
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    # Unseen for so long, it is over; it is over at `expires_at` in any case.
    idle_seconds: Mapped[int] = mapped_column(Integer())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str | None]
    agent: Mapped[str | None]


class InvitationRow(Base):
    """A way in that works once: whoever holds its token chooses the member's password."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
        Index("uq_invitations_token_hash", "token_hash", unique=True),
        Index("ix_invitations_expires_at", "expires_at"),
    )

    workspace_id: Mapped[Key]
    member_id: Mapped[Key]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary())
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInGuessRow(Base):
    """How often somebody was wrong, by the hash of who and where: no workspace is known by then."""

    __tablename__ = "sign_in_guesses"
    __table_args__ = (
        CheckConstraint("octet_length(subject) = 32", name="subject"),
        Index("ix_sign_in_guesses_last_at", "last_at"),
    )

    subject: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer())
    last_at: Mapped[datetime]
    next_at: Mapped[datetime]
    # Somebody came in from here as this person; strangers elsewhere cannot make them wait.
    trusted_until: Mapped[datetime | None]
