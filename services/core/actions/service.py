"""Links that let somebody act without signing in: written with each message, believed once."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.actions import repository, rules
from services.core.actions.errors import LinkOverError, UnknownLinkError
from services.core.actions.types import Link, Linked
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.uow import Database, UnitOfWork

SECRET_BYTES: Final = 32
ACKNOWLEDGED_FOR: Final = rules.ACKNOWLEDGED_FOR
SILENT_FOR: Final = rules.SILENT_FOR
short_id_of: Final = rules.short_id_of


async def secret_of(uow: UnitOfWork) -> bytes:
    """What signs this workspace's links; made when it is first needed."""
    found = await repository.get_secret(uow)
    if found is None:
        await repository.add_secret(uow, secrets.token_bytes(SECRET_BYTES))
        found = await repository.get_secret(uow)
    if found is None:
        raise AssertionError("a secret that was just kept must be there")
    return found


def links_of(
    alert: Linked,
    *,
    workspace_id: UUID,
    secret: bytes,
    now: datetime,
    base_url: str = "",
    person_id: UUID | None = None,
) -> dict[str, str]:
    """Links by what they do: `acknowledge`, `resolve`, `silence`, and `assign` where it has a case.

    They open for three days from `now`, which is everybody's (`real_now`): no sandbox moves them.
    Without a `base_url` they are paths, as the other links of a message are. Make them for a
    person where one person reads the message: what they do is then recorded as theirs. Behind one
    that is nobody's, the page asks who it is.
    """
    found = rules.links_of(alert, workspace_id, secret=secret, now=now, person_id=person_id)
    return {action: base_url.rstrip("/") + path for action, path in found.items()}


async def open_link(database: Database, token: str) -> Link:
    """What a genuine link says. Raises UnknownLinkError, LinkOverError.

    A forged one costs as much as a genuine one and learns nothing.
    """
    link = rules.read_token(token)
    if link is None:
        raise UnknownLinkError
    async with database.read(link.workspace_id) as uow:
        if not rules.is_genuine(token, await repository.get_secret(uow)):
            raise UnknownLinkError
        if link.expires_at <= uow.real_now:
            raise LinkOverError
    return link


async def rotate_secret(uow: UnitOfWork) -> int:
    """Make every link sent so far worthless; returns the number of the new secret."""
    version = await repository.replace_secret(uow, secrets.token_bytes(SECRET_BYTES))
    entry = AuditEntry("links.rotated", "workspace", uow.workspace_id, {"version": version})
    await audit.record(uow, [entry])
    return version
