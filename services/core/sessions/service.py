"""People come in by password, stay for a while, and go: in this browser, or in all of them."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.brief import BriefMemory
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import Actor, Database, UnitOfWork
from services.core.sessions import repository, rules
from services.core.sessions.errors import (
    BadInvitationError,
    ChooseWorkspaceError,
    NoSessionError,
    NotSignedInError,
    TooManyGuessesError,
    WeakPasswordError,
    WrongPasswordError,
)
from services.core.sessions.hashing import Hashing
from services.core.sessions.types import (
    Attempt,
    Candidate,
    Invited,
    Opened,
    Place,
    Self,
    Session,
    Suspect,
    Terms,
)
from services.core.workspaces import rules as tenancy
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Caller, Member, Role

MAX_SESSIONS_LISTED: Final = 200
KEPT_FOR: Final = timedelta(days=30)
_TOKEN_BYTES: Final = 32

# One memory for each database a process holds, keyed by the hash of the token.
_callers: WeakKeyDictionary[Database, BriefMemory[bytes, Caller | None]] = WeakKeyDictionary()


async def sign_in(
    database: Database, hashing: Hashing, attempt: Attempt, *, place: Place, terms: Terms
) -> Opened:
    """Open a session for who knows the password.

    Raises WrongPasswordError, TooManyGuessesError, or ChooseWorkspaceError when the same e-mail
    address and password fit more than one workspace.
    """
    login, password = rules.normal_login(attempt.login), rules.normal_password(attempt.password)
    workspace = attempt.workspace
    if workspace is None and "@" not in login:
        workspace = workspaces.DEFAULT_SLUG
    subjects = rules.subjects(f"{workspace or ''}\n{login}", place.address)
    await _count(database, subjects)
    async with database.system() as uow:
        candidates = await repository.list_candidates(uow, login, workspace)
    fitting = await _fitting(hashing, candidates, password)
    if not fitting:
        raise WrongPasswordError
    async with database.system() as uow:
        await repository.forgive(uow, subjects, rules.TRUSTED_FOR)
    if len(fitting) > 1:
        raise ChooseWorkspaceError([each.workspace for each in fitting])
    found = fitting[0]
    async with database.unit(found.workspace_id) as uow:
        if not await repository.lock_password(uow, found.member_id, found.hash or ""):
            raise WrongPasswordError
        return await open_session(uow, found.member_id, place=place, terms=terms, by="password")


async def _count(database: Database, subjects: Mapping[Suspect, bytes]) -> None:
    """Count the attempt as a wrong one before it is looked at: a thousand at once are a thousand.

    Raises TooManyGuessesError, and then counts nothing.
    """
    async with database.system() as uow:
        guesses = await repository.lock_guesses(uow, subjects)
        seconds = rules.wait_for(guesses, uow.now)
        if seconds > 0:
            raise TooManyGuessesError(seconds)
        counted = {
            subject: rules.after_attempt(guesses.get(suspect), suspect, uow.now)
            for suspect, subject in subjects.items()
        }
        await repository.count_guesses(uow, counted)


async def count_start(database: Database, place: Place) -> None:
    """Count the beginning of a sign-in elsewhere, which costs a row and a call.

    Raises TooManyGuessesError.
    """
    await _count(database, rules.starts(place.address))


async def forgive_start(database: Database, place: Place) -> None:
    """Take one beginning back that came to its end."""
    async with database.system() as uow:
        await repository.forgive(uow, rules.starts(place.address), rules.TRUSTED_FOR)


async def _fitting(hashing: Hashing, candidates: list[Candidate], password: str) -> list[Candidate]:
    """Whom the password is of. Nobody takes as long as somebody."""
    if not candidates:
        await hashing.fits(None, password)
    return [each for each in candidates if await hashing.fits(each.hash, password)]


async def open_session(
    uow: UnitOfWork, member_id: UUID, *, place: Place, terms: Terms, by: str
) -> Opened:
    """A new session of a member, with a token of its own; `by` is how they proved who they are.

    Raises WrongPasswordError when the member is gone or retired by now.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session_id, expires_at = ids.new_id(), uow.real_now + terms.absolute
    is_open = await repository.add_session(
        uow,
        session_id,
        member_id,
        token_hash=rules.hash_token(token),
        idle=terms.idle,
        expires_at=expires_at,
        place=place,
    )
    if not is_open:
        raise WrongPasswordError
    member = await workspaces.get_member(uow, member_id)
    uow.actor = _as_themself(member)
    entry = AuditEntry("session.opened", "session", session_id, {"by": by})
    await audit.record(uow, [entry])
    return Opened(
        uow.workspace_id, session_id, member_id, expires_at, token, rules.csrf_token(token)
    )


async def authenticate(database: Database, token: str) -> Caller:
    """Say who is signed in with this token. Raises NoSessionError, or UnavailableError.

    Answers, good and bad, are remembered for at most a second; `sign_out` is obeyed at once here.
    """
    token_hash = rules.read_token(token)
    if token_hash is None:
        raise NoSessionError
    memory = _callers.get(database)
    if memory is None:
        _callers[database] = memory = BriefMemory()
    caller = await memory.ask(token_hash, lambda: _look_up(database, token_hash))
    if caller is None:
        raise NoSessionError
    return caller


async def _look_up(database: Database, token_hash: bytes) -> Caller | None:
    async with database.system() as uow:
        found = await repository.get_by_token(uow, token_hash)
        if found is None:
            return None
        if uow.now - found.seen_at >= rules.SEEN_EVERY:
            await repository.touch(uow, found.workspace_id, found.id)
    return Caller(
        found.workspace_id,
        None,
        found.name,
        tenancy.SCOPES_OF[Role(found.role)],
        member_id=found.member_id,
        session_id=found.id,
    )


async def describe(uow: UnitOfWork, caller: Caller) -> Self:
    """Who the caller is here."""
    workspace = await workspaces.get_workspace(uow)
    member = await workspaces.get_member(uow, caller.member_id) if caller.member_id else None
    return Self(
        workspace_id=workspace.id,
        workspace=workspace.slug,
        workspace_name=workspace.name,
        scopes=caller.scopes,
        member_id=member.id if member else None,
        handle=member.handle if member else None,
        name=caller.name,
        email=member.email if member else None,
        role=member.role if member else None,
    )


async def list_sessions(uow: UnitOfWork, caller: Caller) -> list[Session]:
    """Where the caller is signed in, newest first. Raises NotSignedInError."""
    return await repository.list_sessions(uow, _member_of(caller), MAX_SESSIONS_LISTED)


async def end_session(uow: UnitOfWork, caller: Caller, session_id: UUID) -> None:
    """Sign the caller out in one place. Raises NotFoundError, NotSignedInError."""
    if not await repository.end_session(uow, _member_of(caller), session_id):
        raise NotFoundError("session")
    await audit.record(uow, [AuditEntry("session.ended", "session", session_id)])


async def end_sessions(uow: UnitOfWork, member_id: UUID, *, keep: UUID | None = None) -> int:
    """Sign a member out everywhere, or everywhere but in `keep`; the number of places."""
    await workspaces.get_member(uow, member_id)
    ended = await repository.end_sessions(uow, member_id, keep=keep)
    if ended:
        entry = AuditEntry("member.signed_out", "member", member_id, {"sessions": ended})
        await audit.record(uow, [entry])
    return ended


async def leave(database: Database, token: str) -> None:
    """End whatever session the token opens; a token that opens nothing is none of our business."""
    token_hash = rules.read_token(token)
    if token_hash is None:
        return
    async with database.system() as uow:
        await repository.end_by_token(uow, token_hash)
    forget(database, token)


def forget(database: Database, token: str) -> None:
    """Have this process look anew who holds the token; the others do within a second."""
    memory = _callers.get(database)
    token_hash = rules.read_token(token)
    if memory is not None and token_hash is not None:
        memory.forget(token_hash)


async def invite(uow: UnitOfWork, member_id: UUID, *, lasts: timedelta) -> Invited:
    """A way in for a member, which works once; a former one does not work any more."""
    member = await workspaces.get_member(uow, member_id)
    if not member.active:
        raise NotFoundError("active member")
    token, expires_at = secrets.token_urlsafe(_TOKEN_BYTES), uow.real_now + lasts
    await repository.put_invitation(uow, member_id, rules.hash_token(token), expires_at)
    await audit.record(uow, [AuditEntry("member.invited", "member", member_id)])
    return Invited(member_id, expires_at, token)


async def accept(
    database: Database, hashing: Hashing, token: str, password: str, *, place: Place, terms: Terms
) -> Opened:
    """Set the password of who was invited, sign them out elsewhere, and in here.

    Raises BadInvitationError, WeakPasswordError (the invitation is then still good).
    """
    token_hash = rules.read_token(token)
    if token_hash is None:
        raise BadInvitationError
    async with database.system() as uow:
        found = await repository.find_invitation(uow, token_hash)
    if found is None:
        raise BadInvitationError
    workspace_id, member_id = found
    async with database.read(workspace_id) as uow:
        member = await workspaces.get_member(uow, member_id)
    hashed = await _hash_good(hashing, password, member)
    async with database.unit(workspace_id, actor=_as_themself(member)) as uow:
        if await repository.take_invitation(uow, token_hash) != member_id:
            raise BadInvitationError
        await repository.put_password(uow, member_id, hashed)
        await audit.record(uow, [AuditEntry("member.password_set", "member", member_id)])
        await repository.end_sessions(uow, member_id)
        return await open_session(uow, member_id, place=place, terms=terms, by="invitation")


async def change_password(
    database: Database, hashing: Hashing, caller: Caller, *, old: str, new: str, place: Place
) -> Opened:
    """A new password and a new token for this session; every other session ends.

    Raises NotSignedInError, WrongPasswordError, WeakPasswordError, TooManyGuessesError.
    """
    member_id, session_id = _member_of(caller), caller.session_id
    if session_id is None:
        raise NotSignedInError
    subjects = rules.subjects(str(member_id), place.address)
    await _count(database, subjects)
    async with database.read(caller.workspace_id) as uow:
        stored = await repository.get_password(uow, member_id)
        member = await workspaces.get_member(uow, member_id)
    if not await hashing.fits(stored, rules.normal_password(old)) or stored is None:
        raise WrongPasswordError
    hashed = await _hash_good(hashing, new, member)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    async with database.unit(caller.workspace_id, actor=caller.actor) as uow:
        if not await repository.change_password(uow, member_id, old=stored, new=hashed):
            raise WrongPasswordError
        await repository.end_sessions(uow, member_id, keep=session_id)
        expires_at = await repository.turn_token(uow, session_id, rules.hash_token(token))
        if expires_at is None:
            raise NoSessionError
        await audit.record(uow, [AuditEntry("member.password_set", "member", member_id)])
    async with database.system() as uow:
        await repository.forgive(uow, subjects, rules.TRUSTED_FOR)
    csrf = rules.csrf_token(token)
    return Opened(caller.workspace_id, session_id, member_id, expires_at, token, csrf)


async def forget_old(database: Database) -> None:
    """Delete what opens nothing any more, a month after it stopped doing so."""
    async with database.system() as uow:
        await repository.forget(uow, uow.now - KEPT_FOR)


async def _hash_good(hashing: Hashing, password: str, member: Member) -> str:
    chosen = rules.normal_password(password)
    reason = rules.weakness(chosen, of=(member.handle, member.name, member.email or ""))
    if reason is not None:
        raise WeakPasswordError(reason)
    return await hashing.hash(chosen)


def _member_of(caller: Caller) -> UUID:
    if caller.session_id is None or caller.member_id is None:
        raise NotSignedInError
    return caller.member_id


def _as_themself(member: Member) -> Actor:
    return Actor(kind="member", id=str(member.id), label=member.name)
