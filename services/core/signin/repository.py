"""SQL of signing in elsewhere. A way back is found by its state, before a workspace is known."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from services.core.kit import ids
from services.core.kit.uow import UnitOfWork
from services.core.signin.types import Flow, Identity, Provider, ProviderDraft
from services.core.workspaces.types import Role

GET: Final = "SELECT * FROM identity_providers WHERE workspace_id = :workspace_id"
BY_SLUG: Final = """
SELECT p.* FROM workspaces w JOIN identity_providers p ON p.workspace_id = w.id
WHERE w.slug = :slug AND p.enabled
"""
PUT: Final = """
INSERT INTO identity_providers (workspace_id, issuer, client_id, client_secret, email_domains,
  newcomer_role, enabled, version, created_at, updated_at)
VALUES (:workspace_id, :issuer, :client_id, :client_secret, :email_domains, :newcomer_role,
  :enabled, 1, :now, :now)
ON CONFLICT (workspace_id) DO UPDATE SET issuer = :issuer, client_id = :client_id,
  client_secret = :client_secret, email_domains = :email_domains, newcomer_role = :newcomer_role,
  enabled = :enabled, version = identity_providers.version + 1, updated_at = :now
RETURNING *
"""
DELETE: Final = "DELETE FROM identity_providers WHERE workspace_id = :workspace_id"
ADD_FLOW: Final = """
INSERT INTO sign_in_flows (workspace_id, id, state_hash, browser_hash, nonce, verifier,
  redirect_uri, return_to, created_at, expires_at)
VALUES (:workspace_id, :id, :state_hash, :browser_hash, :nonce, :verifier, :redirect_uri,
  :return_to, :now, :expires_at)
"""
TAKE_FLOW: Final = """
DELETE FROM sign_in_flows WHERE state_hash = :state_hash AND expires_at > :now RETURNING *
"""
LINKED: Final = """
SELECT l.member_id, m.active FROM identity_links l
JOIN members m ON m.workspace_id = l.workspace_id AND m.id = l.member_id
WHERE l.workspace_id = :workspace_id AND l.issuer = :issuer AND l.subject = :subject
"""
BY_EMAIL: Final = """
SELECT id FROM members
WHERE workspace_id = :workspace_id AND lower(email) = lower(:email) AND active LIMIT 2
"""
LINK: Final = """
INSERT INTO identity_links (workspace_id, issuer, subject, member_id, created_at)
VALUES (:workspace_id, :issuer, :subject, :member_id, :now)
ON CONFLICT (workspace_id, issuer, subject) DO NOTHING
"""
HANDLES: Final = """
SELECT handle FROM members WHERE workspace_id = :workspace_id AND handle LIKE :start LIMIT 1000
"""
FORGET: Final = "DELETE FROM sign_in_flows WHERE expires_at < :before"


async def get_provider(uow: UnitOfWork) -> Provider | None:
    row = (await uow.execute(GET, {"workspace_id": uow.workspace_id})).one_or_none()
    return _provider(row) if row else None


async def find_provider(uow: UnitOfWork, slug: str) -> Provider | None:
    """By the workspace's short name, across workspaces, if it may be used."""
    row = (await uow.execute(BY_SLUG, {"slug": slug})).one_or_none()
    return _provider(row) if row else None


async def put_provider(uow: UnitOfWork, draft: ProviderDraft, client_secret: str) -> Provider:
    values = {
        "workspace_id": uow.workspace_id,
        "issuer": draft.issuer,
        "client_id": draft.client_id,
        "client_secret": client_secret,
        "email_domains": list(draft.email_domains),
        "newcomer_role": draft.newcomer_role,
        "enabled": draft.enabled,
        "now": uow.real_now,
    }
    return _provider((await uow.execute(PUT, values)).one())


async def delete_provider(uow: UnitOfWork) -> bool:
    return (await uow.execute(DELETE, {"workspace_id": uow.workspace_id})).rowcount == 1


async def add_flow(uow: UnitOfWork, flow: Flow, state_hash: bytes, expires_at: datetime) -> None:
    values = {
        "workspace_id": flow.workspace_id,
        "id": ids.new_id(),
        "state_hash": state_hash,
        "browser_hash": flow.browser_hash,
        "nonce": flow.nonce,
        "verifier": flow.verifier,
        "redirect_uri": flow.redirect_uri,
        "return_to": flow.return_to,
        "now": uow.now,
        "expires_at": expires_at,
    }
    await uow.execute(ADD_FLOW, values)


async def take_flow(uow: UnitOfWork, state_hash: bytes) -> Flow | None:
    """Across workspaces; nobody takes it a second time."""
    found = await uow.execute(TAKE_FLOW, {"state_hash": state_hash, "now": uow.now})
    row = found.one_or_none()
    if row is None:
        return None
    return Flow(
        row.workspace_id,
        bytes(row.browser_hash),
        row.nonce,
        row.verifier,
        row.redirect_uri,
        row.return_to,
    )


async def find_linked(uow: UnitOfWork, identity: Identity) -> tuple[UUID, bool] | None:
    """The member somebody was before, and whether they are active."""
    row = (await uow.execute(LINKED, _named(uow, identity))).one_or_none()
    return (row.member_id, row.active) if row else None


async def find_by_email(uow: UnitOfWork, email: str) -> list[UUID]:
    found = await uow.execute(BY_EMAIL, {"workspace_id": uow.workspace_id, "email": email})
    return list(found.scalars())


async def link(uow: UnitOfWork, identity: Identity, member_id: UUID) -> bool:
    """False when somebody is linked to this identity already."""
    values = _named(uow, identity) | {"member_id": member_id, "now": uow.real_now}
    return (await uow.execute(LINK, values)).rowcount == 1


async def list_handles(uow: UnitOfWork, base: str) -> set[str]:
    start = base.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "%"
    found = await uow.execute(HANDLES, {"workspace_id": uow.workspace_id, "start": start})
    return set(found.scalars())


async def forget(uow: UnitOfWork, before: datetime) -> None:
    await uow.execute(FORGET, {"before": before})


def _named(uow: UnitOfWork, identity: Identity) -> dict[str, Any]:
    return {
        "workspace_id": uow.workspace_id,
        "issuer": identity.issuer,
        "subject": identity.subject,
    }


def _provider(row: Row[Any]) -> Provider:
    return Provider(
        workspace_id=row.workspace_id,
        issuer=row.issuer,
        client_id=row.client_id,
        client_secret=row.client_secret,
        email_domains=tuple(row.email_domains),
        newcomer_role=Role(row.newcomer_role) if row.newcomer_role else None,
        enabled=row.enabled,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
