"""Signing in elsewhere: an OpenID provider a workspace believes says who somebody is."""

import hmac
import secrets
from uuid import UUID

import structlog

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.errors import InvalidInputError
from services.core.kit.http import GuardedClient, check_url
from services.core.kit.uow import Database, UnitOfWork
from services.core.sessions import rules as tokens
from services.core.sessions import service as sessions
from services.core.sessions.types import Place, Terms
from services.core.signin import openid, repository, rules
from services.core.signin.errors import (
    BadFlowError,
    IdentityRefusedError,
    NoProviderError,
    NotInvitedError,
)
from services.core.signin.types import (
    Begun,
    Flow,
    Identity,
    Provider,
    ProviderDraft,
    Return,
    Welcome,
)
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft

log = structlog.get_logger(__name__)

_TOKEN_BYTES = 32


async def get_provider(uow: UnitOfWork) -> Provider:
    """Raises NoProviderError."""
    provider = await repository.get_provider(uow)
    if provider is None:
        raise NoProviderError
    return provider


async def put_provider(
    uow: UnitOfWork, draft: ProviderDraft, *, allow_private: bool = False
) -> Provider:
    """Set whom the workspace believes. Raises InvalidInputError, BlockedAddressError.

    Open sessions stay open; who came in by a former issuer is linked anew by their e-mail address.
    """
    reason = rules.flaw(draft)
    if reason is not None:
        raise InvalidInputError(reason)
    target = check_url(draft.issuer, allow_private=allow_private)
    if target.url.scheme != "https" and not allow_private:
        raise InvalidInputError("The issuer's address begins with https://.")
    before = await repository.get_provider(uow)
    # A secret is told to the issuer it was made for, and to nobody who was put in its place.
    kept = before.client_secret if before and before.issuer == draft.issuer else None
    client_secret = draft.client_secret or kept
    if client_secret is None:
        raise InvalidInputError("A new provider needs its client secret.")
    provider = await repository.put_provider(uow, draft, client_secret)
    detail = {"issuer": provider.issuer, "version": provider.version, "enabled": provider.enabled}
    entry = AuditEntry("identity_provider.put", "workspace", uow.workspace_id, detail)
    await audit.record(uow, [entry])
    return provider


async def delete_provider(uow: UnitOfWork) -> None:
    """Raises NoProviderError."""
    if not await repository.delete_provider(uow):
        raise NoProviderError
    entry = AuditEntry("identity_provider.deleted", "workspace", uow.workspace_id)
    await audit.record(uow, [entry])


async def begin(
    database: Database,
    client: GuardedClient,
    workspace: str,
    *,
    redirect_uri: str,
    return_to: str,
    place: Place,
) -> Begun:
    """Where to send the browser. Raises NoProviderError, ProviderUnavailableError, TooManyGuesses.

    `return_to` is believed: look at it with `rules.read_return_to` first.
    """
    await sessions.count_start(database, place)
    async with database.system() as uow:
        provider = await repository.find_provider(uow, workspace)
    if provider is None:
        raise NoProviderError
    metadata = await openid.discover(client, provider.issuer)
    state, browser, nonce, verifier = (secrets.token_urlsafe(_TOKEN_BYTES) for _ in range(4))
    flow = Flow(
        provider.workspace_id, tokens.hash_token(browser), nonce, verifier, redirect_uri, return_to
    )
    async with database.system() as uow:
        await repository.add_flow(uow, flow, tokens.hash_token(state), uow.now + rules.FLOW_LASTS)
    url = rules.authorization_url(
        metadata,
        client_id=provider.client_id,
        redirect_uri=redirect_uri,
        state=state,
        nonce=nonce,
        verifier=verifier,
    )
    return Begun(url, browser)


async def finish(
    database: Database, client: GuardedClient, back: Return, *, place: Place, terms: Terms
) -> Welcome:
    """Open a session for who came back; a way back is walked once, whatever comes of it.

    Raises BadFlowError, IdentityRefusedError, NotInvitedError, ProviderUnavailableError.
    """
    async with database.system() as uow:
        flow = await repository.take_flow(uow, tokens.hash_token(back.state))
        now = int(uow.now.timestamp())
    if flow is None or not hmac.compare_digest(
        flow.browser_hash, tokens.hash_token(back.browser_token)
    ):
        raise BadFlowError
    async with database.read(flow.workspace_id) as uow:
        provider = await get_provider(uow)
    if not provider.enabled:
        raise NoProviderError
    identity = await _identify(client, provider, flow, back.code, now)
    async with database.unit(flow.workspace_id) as uow:
        member_id = await _admit(uow, provider, identity)
        opened = await sessions.open_session(
            uow, member_id, place=place, terms=terms, by=provider.issuer
        )
    await sessions.forgive_start(database, place)
    return Welcome(opened, flow.return_to)


async def forget_old(database: Database) -> None:
    """Delete the ways back that nobody can walk any more."""
    async with database.system() as uow:
        await repository.forget(uow, uow.now)


async def _identify(
    client: GuardedClient, provider: Provider, flow: Flow, code: str, now: int
) -> Identity:
    try:
        metadata = await openid.discover(client, provider.issuer)
        token = await openid.redeem(client, metadata, provider, flow, code)
        return await openid.believe(client, metadata, provider, token, nonce=flow.nonce, now=now)
    except IdentityRefusedError as error:
        log.info("sign_in.identity_refused", reason=error.reason)
        raise


async def _admit(uow: UnitOfWork, provider: Provider, identity: Identity) -> UUID:
    """Who they are here: the member they were before, the one of their address, or a new one."""
    if not rules.is_welcome(identity, provider.email_domains):
        raise NotInvitedError
    linked = await repository.find_linked(uow, identity)
    if linked is not None:
        member_id, is_active = linked
        if not is_active:
            raise NotInvitedError
        return member_id
    if identity.email is None:
        raise NotInvitedError
    found = await repository.find_by_email(uow, identity.email)
    if len(found) > 1:
        raise NotInvitedError
    member_id = found[0] if found else await _take_on(uow, provider, identity, identity.email)
    if not await repository.link(uow, identity, member_id):
        # The same person in two windows at once: the other one was first, this one tries again.
        raise BadFlowError
    detail = {"issuer": identity.issuer}
    await audit.record(uow, [AuditEntry("member.linked", "member", member_id, detail)])
    return member_id


async def _take_on(uow: UnitOfWork, provider: Provider, identity: Identity, email: str) -> UUID:
    if provider.newcomer_role is None:
        raise NotInvitedError
    taken = await repository.list_handles(uow, rules.handle_of(email, ()))
    draft = MemberDraft(
        rules.handle_of(email, taken), identity.name or email, email, provider.newcomer_role
    )
    member = await workspaces.create_member(uow, draft)
    return member.id
