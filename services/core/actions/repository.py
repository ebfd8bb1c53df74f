"""SQL of the secrets that sign links."""

from uuid import UUID

from services.core.kit.uow import UnitOfWork

FOUND = "SELECT secret FROM link_secrets WHERE workspace_id = :workspace_id"

# Two that need the first one at once both get the one that was first.
ENSURE = """
INSERT INTO link_secrets (workspace_id, secret, version, created_at)
VALUES (:workspace_id, :secret, 1, :now) ON CONFLICT (workspace_id) DO NOTHING
"""

REPLACE = """
INSERT INTO link_secrets (workspace_id, secret, version, created_at)
VALUES (:workspace_id, :secret, 1, :now)
ON CONFLICT (workspace_id) DO UPDATE SET secret = excluded.secret,
  version = link_secrets.version + 1, created_at = excluded.created_at
RETURNING version
"""


async def get_secret(uow: UnitOfWork) -> bytes | None:
    found = (await uow.execute(FOUND, _here(uow.workspace_id))).scalar_one_or_none()
    return None if found is None else bytes(found)


async def add_secret(uow: UnitOfWork, secret: bytes) -> None:
    """Unless there is one."""
    await uow.execute(ENSURE, _here(uow.workspace_id) | {"secret": secret, "now": uow.real_now})


async def replace_secret(uow: UnitOfWork, secret: bytes) -> int:
    """Returns the number of the new one, counted from 1."""
    parameters = _here(uow.workspace_id) | {"secret": secret, "now": uow.real_now}
    return int((await uow.execute(REPLACE, parameters)).scalar_one())


def _here(workspace_id: UUID) -> dict[str, object]:
    return {"workspace_id": workspace_id}
