"""Give each workspace its turn: what goes wrong in one of them is kept from the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database

log = structlog.get_logger(__name__)


@asynccontextmanager
async def apart(database: Database, workspace_id: UUID, work: str) -> AsyncIterator[None]:
    """Whatever goes wrong inside is this workspace's and is logged: the others have their turns.

    Raises UnavailableError when it is the database that is away.
    """
    try:
        yield
    except UnavailableError:
        raise
    except Exception:
        log.exception("workspace.broke", work=work, workspace_id=str(workspace_id))
        # Opened for its clock: a database that does not answer is no workspace's fault.
        async with database.system():
            pass
