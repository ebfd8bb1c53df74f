"""What Postgres is told to count, and what not."""

import asyncpg
import pytest

from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces.types import Workspace
from tests.support.seeding import seed_cases

COUNTED = "SELECT count(*) FROM pg_stats WHERE tablename = 'messages' AND attname = $1"

KEPT = """
SELECT attstattarget FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attname = 'workspace_id'
"""


async def test_no_list_is_kept_of_whose_messages_there_are(
    database: Database, workspace: Workspace, superuser: asyncpg.Connection
) -> None:
    """Of who is not on it the planner would be sure that there are none (decision 0030)."""
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
    await seed_cases(superuser, workspace.id, cases=300, messages_per_case=2)
    await superuser.execute("ANALYZE messages")
    assert await superuser.fetchval(COUNTED, "author_id") == 1
    assert await superuser.fetchval(COUNTED, "workspace_id") == 0


@pytest.mark.parametrize("table", ["messages", "followers", "judgements", "threads"])
async def test_nor_of_what_messages_are_joined_with(
    superuser: asyncpg.Connection, table: str
) -> None:
    assert await superuser.fetchval(KEPT, table) == 0
