"""SQL of signing in. What is found by token or e-mail is read by the system role, as keys are."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.kit.uow import UnitOfWork
from services.core.sessions.types import Candidate, Guess, Place, Session, Suspect

# One person's e-mail address is in few workspaces; each costs a slow hash.
MAX_CANDIDATES: Final = 5

BY_EMAIL = f"""
SELECT m.workspace_id, w.slug, m.id, p.hash
FROM members m
JOIN workspaces w ON w.id = m.workspace_id
JOIN member_passwords p ON p.workspace_id = m.workspace_id AND p.member_id = m.id
WHERE lower(m.email) = :login AND m.active
ORDER BY w.slug, m.id LIMIT {MAX_CANDIDATES}
"""
BY_WORKSPACE = f"""
SELECT m.workspace_id, w.slug, m.id, p.hash
FROM workspaces w
JOIN members m ON m.workspace_id = w.id
JOIN member_passwords p ON p.workspace_id = m.workspace_id AND p.member_id = m.id
WHERE w.slug = :workspace AND (lower(m.email) = :login OR lower(m.handle) = :login) AND m.active
ORDER BY m.id LIMIT {MAX_CANDIDATES}
"""
GUESSES = """
SELECT subject, failures, last_at, next_at, trusted_until
FROM sign_in_guesses WHERE subject = ANY(:subjects) ORDER BY subject FOR UPDATE
"""
BEGIN_GUESSES = """
INSERT INTO sign_in_guesses (subject, failures, last_at, next_at)
SELECT subject, 0, :now, :now FROM unnest(CAST(:subjects AS bytea[])) AS subject ORDER BY subject
ON CONFLICT (subject) DO NOTHING
"""
COUNT_GUESSES = """
UPDATE sign_in_guesses SET failures = :failures, last_at = :last_at, next_at = :next_at
WHERE subject = :subject
"""
FORGIVE = """
UPDATE sign_in_guesses SET
  failures = CASE WHEN subject = :pair THEN 0 ELSE greatest(failures - 1, 0) END,
  next_at = CASE WHEN subject = :pair THEN :now ELSE next_at END,
  trusted_until = CASE WHEN subject = :pair THEN :trusted_until ELSE trusted_until END
WHERE subject = ANY(:subjects)
"""
# A password that was changed while it was being checked opens nothing.
STILL_FITS = """
SELECT 1 FROM member_passwords
WHERE workspace_id = :workspace_id AND member_id = :member_id AND hash = :hash FOR SHARE
"""
PUT_HASH = """
INSERT INTO member_passwords (workspace_id, member_id, hash, changed_at)
VALUES (:workspace_id, :member_id, :hash, :now)
ON CONFLICT (workspace_id, member_id) DO UPDATE SET hash = :hash, changed_at = :now
"""
CHANGE_HASH = """
UPDATE member_passwords SET hash = :hash, changed_at = :now
WHERE workspace_id = :workspace_id AND member_id = :member_id AND hash = :old
"""
# The member is locked, so that nobody is retired or loses a role half signed in.
ADD_SESSION = """
INSERT INTO sessions (workspace_id, id, member_id, token_hash, created_at, seen_at, idle_seconds,
  expires_at, address, agent)
SELECT workspace_id, :id, id, :token_hash, :now, :now, :idle_seconds, :expires_at, :address, :agent
FROM members WHERE workspace_id = :workspace_id AND id = :member_id AND active FOR SHARE
"""
FIND = """
SELECT s.workspace_id, s.id, s.member_id, s.seen_at, m.name, m.role
FROM sessions s JOIN members m ON m.workspace_id = s.workspace_id AND m.id = s.member_id
WHERE s.token_hash = :token_hash AND s.ended_at IS NULL AND s.expires_at > :now AND m.active
  AND s.seen_at + s.idle_seconds * interval '1 second' > :now
"""
# Written at most this often, or every request of a busy page would write one row.
TOUCH = """
UPDATE sessions SET seen_at = :now WHERE workspace_id = :workspace_id AND id = :id
  AND seen_at < CAST(:now AS timestamptz) - interval '1 minute'
"""
LIST = """
SELECT id, created_at, seen_at, expires_at, address, agent FROM sessions
WHERE workspace_id = :workspace_id AND member_id = :member_id AND ended_at IS NULL
  AND expires_at > :now AND seen_at + idle_seconds * interval '1 second' > :now
ORDER BY id DESC LIMIT :limit
"""
END = """
UPDATE sessions SET ended_at = :now WHERE workspace_id = :workspace_id
  AND member_id = :member_id AND id = :id AND ended_at IS NULL
"""
END_ALL = """
UPDATE sessions SET ended_at = :now WHERE workspace_id = :workspace_id
  AND member_id = :member_id AND ended_at IS NULL AND id IS DISTINCT FROM :keep
"""
END_ONE = "UPDATE sessions SET ended_at = :now WHERE token_hash = :token_hash AND ended_at IS NULL"
TURN = """
UPDATE sessions SET token_hash = :token_hash, seen_at = :now
WHERE workspace_id = :workspace_id AND id = :id AND ended_at IS NULL
RETURNING expires_at
"""
INVITE = """
INSERT INTO invitations (workspace_id, member_id, token_hash, created_at, expires_at)
VALUES (:workspace_id, :member_id, :token_hash, :now, :expires_at)
ON CONFLICT (workspace_id, member_id) DO UPDATE
SET token_hash = :token_hash, created_at = :now, expires_at = :expires_at
"""
FIND_INVITATION = """
SELECT workspace_id, member_id FROM invitations
WHERE token_hash = :token_hash AND expires_at > :now
"""
TAKE_INVITATION = """
DELETE FROM invitations
WHERE workspace_id = :workspace_id AND token_hash = :token_hash AND expires_at > :now
RETURNING member_id
"""
FORGET = (
    "DELETE FROM sessions WHERE expires_at < :before",
    "DELETE FROM invitations WHERE expires_at < :before",
    """
    DELETE FROM sign_in_guesses WHERE last_at < :before
      AND (trusted_until IS NULL OR trusted_until < :before)
    """,
)


async def list_candidates(uow: UnitOfWork, login: str, workspace: str | None) -> list[Candidate]:
    """Members of that e-mail address or, in one workspace, that handle, who have a password."""
    if workspace is None:
        found = await uow.execute(BY_EMAIL, {"login": login})
    else:
        found = await uow.execute(BY_WORKSPACE, {"login": login, "workspace": workspace})
    return [Candidate(row.workspace_id, row.slug, row.id, row.hash) for row in found]


async def lock_guesses(uow: UnitOfWork, subjects: Mapping[Suspect, bytes]) -> dict[Suspect, Guess]:
    """What was guessed before; attempts on the same subjects wait for each other here."""
    sorted_subjects = sorted(subjects.values())
    await uow.execute(BEGIN_GUESSES, {"subjects": sorted_subjects, "now": uow.now})
    found = await uow.execute(GUESSES, {"subjects": sorted_subjects})
    by_subject = {bytes(row.subject): row for row in found}
    return {
        suspect: Guess(row.failures, row.last_at, row.next_at, row.trusted_until)
        for suspect, subject in subjects.items()
        if (row := by_subject.get(subject)) is not None
    }


async def count_guesses(uow: UnitOfWork, counted: Mapping[bytes, Guess]) -> None:
    await uow.execute(
        COUNT_GUESSES,
        [
            {
                "subject": subject,
                "failures": guess.failures,
                "last_at": guess.last_at,
                "next_at": guess.next_at,
            }
            for subject, guess in sorted(counted.items())
        ],
    )


async def forgive(
    uow: UnitOfWork, subjects: Mapping[Suspect, bytes], trusted_for: timedelta
) -> None:
    """Take the attempt that was right back, and trust the place it came from."""
    values = {
        "pair": subjects.get(Suspect.PAIR, b""),
        "subjects": sorted(subjects.values()),
        "now": uow.now,
        "trusted_until": uow.now + trusted_for,
    }
    await uow.execute(FORGIVE, values)


async def lock_password(uow: UnitOfWork, member_id: UUID, hash_: str) -> bool:
    values = {"workspace_id": uow.workspace_id, "member_id": member_id, "hash": hash_}
    return (await uow.execute(STILL_FITS, values)).one_or_none() is not None


async def put_password(uow: UnitOfWork, member_id: UUID, hash_: str) -> None:
    values = {"workspace_id": uow.workspace_id, "member_id": member_id, "hash": hash_}
    await uow.execute(PUT_HASH, values | {"now": uow.real_now})


async def change_password(uow: UnitOfWork, member_id: UUID, *, old: str, new: str) -> bool:
    """False when it is not `old` any more."""
    values = {"workspace_id": uow.workspace_id, "member_id": member_id, "hash": new, "old": old}
    return (await uow.execute(CHANGE_HASH, values | {"now": uow.real_now})).rowcount == 1


async def get_password(uow: UnitOfWork, member_id: UUID) -> str | None:
    statement = (
        "SELECT hash FROM member_passwords"
        " WHERE workspace_id = :workspace_id AND member_id = :member_id"
    )
    values = {"workspace_id": uow.workspace_id, "member_id": member_id}
    found: str | None = (await uow.execute(statement, values)).scalar_one_or_none()
    return found


async def add_session(
    uow: UnitOfWork,
    session_id: UUID,
    member_id: UUID,
    *,
    token_hash: bytes,
    idle: timedelta,
    expires_at: datetime,
    place: Place,
) -> bool:
    """False when there is no such active member."""
    values = {
        "workspace_id": uow.workspace_id,
        "id": session_id,
        "member_id": member_id,
        "token_hash": token_hash,
        "now": uow.real_now,
        "idle_seconds": int(idle.total_seconds()),
        "expires_at": expires_at,
        "address": place.address,
        "agent": place.agent,
    }
    return (await uow.execute(ADD_SESSION, values)).rowcount == 1


async def get_by_token(uow: UnitOfWork, token_hash: bytes) -> Row[Any] | None:
    """The live session and its member, across workspaces."""
    found = await uow.execute(FIND, {"token_hash": token_hash, "now": uow.now})
    return found.one_or_none()


async def touch(uow: UnitOfWork, workspace_id: UUID, session_id: UUID) -> None:
    await uow.execute(TOUCH, {"workspace_id": workspace_id, "id": session_id, "now": uow.now})


async def list_sessions(uow: UnitOfWork, member_id: UUID, limit: int) -> list[Session]:
    values = {"workspace_id": uow.workspace_id, "member_id": member_id, "limit": limit}
    found = await uow.execute(LIST, values | {"now": uow.real_now})
    return [
        Session(row.id, row.created_at, row.seen_at, row.expires_at, row.address, row.agent)
        for row in found
    ]


async def end_session(uow: UnitOfWork, member_id: UUID, session_id: UUID) -> bool:
    values = {"workspace_id": uow.workspace_id, "member_id": member_id, "id": session_id}
    return (await uow.execute(END, values | {"now": uow.real_now})).rowcount == 1


async def end_sessions(uow: UnitOfWork, member_id: UUID, *, keep: UUID | None = None) -> int:
    values = {"workspace_id": uow.workspace_id, "member_id": member_id, "keep": keep}
    return (await uow.execute(END_ALL, values | {"now": uow.real_now})).rowcount


async def end_by_token(uow: UnitOfWork, token_hash: bytes) -> None:
    """Across workspaces: a browser that signs in anew leaves what it was signed in to."""
    await uow.execute(END_ONE, {"token_hash": token_hash, "now": uow.now})


async def turn_token(uow: UnitOfWork, session_id: UUID, token_hash: bytes) -> datetime | None:
    values = {"workspace_id": uow.workspace_id, "id": session_id, "token_hash": token_hash}
    found = await uow.execute(TURN, values | {"now": uow.real_now})
    expires_at: datetime | None = found.scalar_one_or_none()
    return expires_at


async def put_invitation(
    uow: UnitOfWork, member_id: UUID, token_hash: bytes, expires_at: datetime
) -> None:
    """One a member: an older one opens nothing any more."""
    values = {"workspace_id": uow.workspace_id, "member_id": member_id, "token_hash": token_hash}
    await uow.execute(INVITE, values | {"now": uow.real_now, "expires_at": expires_at})


async def find_invitation(uow: UnitOfWork, token_hash: bytes) -> tuple[UUID, UUID] | None:
    """The workspace and the member, across workspaces."""
    found = await uow.execute(FIND_INVITATION, {"token_hash": token_hash, "now": uow.now})
    row = found.one_or_none()
    return (row.workspace_id, row.member_id) if row else None


async def take_invitation(uow: UnitOfWork, token_hash: bytes) -> UUID | None:
    values = {"workspace_id": uow.workspace_id, "token_hash": token_hash, "now": uow.real_now}
    found: UUID | None = (await uow.execute(TAKE_INVITATION, values)).scalar_one_or_none()
    return found


async def forget(uow: UnitOfWork, before: datetime) -> None:
    """Rows that open nothing since `before`, and guesses nobody counts on any more."""
    for statement in FORGET:
        await uow.execute(statement, {"before": before})
