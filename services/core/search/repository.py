"""SQL of search: ids are found across row-level security, and read by others under it.

Postgres asks no GIN index about a row before security has passed it. So the functions that look
into the index run as the role that sees all workspaces, with this one's id in every condition and
every key, and hand out ids and times alone.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.kit.db import APP_ROLE, SYSTEM_ROLE
from services.core.kit.uow import UnitOfWork
from services.core.search.types import Found, SearchFilter, Wanted

Place = tuple[datetime | None, UUID]

FOLD: Final = "SELECT warmline_search_fold(:question)"

MESSAGES: Final = """
SELECT message_id, case_id, occurred_at FROM warmline_find_messages(
  :workspace_id, CAST(:terms AS text[]), CAST(:patterns AS text[]), :most, :by_case,
  :before_at, :before_id, :since, :until, :source_id, :kind, :tier)
"""

FOLLOWERS: Final = """
SELECT follower_id, last_seen_at FROM warmline_find_followers(
  :workspace_id, CAST(:terms AS text[]), CAST(:patterns AS text[]), :most,
  :before_at, :before_id, :source_id)
"""


async def fold(uow: UnitOfWork, question: str) -> str:
    """As texts are folded: by the database's own idea of small letters."""
    return str((await uow.execute(FOLD, {"question": question})).scalar_one())


async def find_messages(
    uow: UnitOfWork,
    wanted: Wanted,
    conditions: SearchFilter,
    after: Place | None,
    most: int,
    *,
    by_case: bool = False,
) -> list[Found]:
    """Newest first; `by_case` leaves only the newest of each case, and none without a case."""
    bound = {
        **_bound(uow, wanted, after, most),
        "by_case": by_case,
        "since": conditions.since,
        "until": conditions.until,
        "source_id": conditions.source_id,
        "kind": conditions.kind,
        "tier": conditions.tier,
    }
    async with _across_security(uow):
        rows = await uow.execute(MESSAGES, bound)
    return [Found(row.message_id, row.occurred_at, row.case_id) for row in rows]


async def find_followers(
    uow: UnitOfWork, wanted: Wanted, source_id: UUID | None, after: Place | None, most: int
) -> list[Found]:
    """The last seen first."""
    bound = _bound(uow, wanted, after, most) | {"source_id": source_id}
    async with _across_security(uow):
        rows = await uow.execute(FOLLOWERS, bound)
    return [Found(row.follower_id, row.last_seen_at) for row in rows]


@asynccontextmanager
async def _across_security(uow: UnitOfWork) -> AsyncIterator[None]:
    """When a statement fails in it, the transaction ends, and the role with it."""
    await uow.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
    yield
    await uow.execute(f"SET LOCAL ROLE {APP_ROLE}")


def _bound(uow: UnitOfWork, wanted: Wanted, after: Place | None, most: int) -> dict[str, Any]:
    before_at, before_id = after or (None, None)
    return {
        "workspace_id": uow.workspace_id,
        "terms": list(wanted.terms),
        "patterns": list(wanted.patterns),
        "most": most,
        "before_at": before_at,
        "before_id": before_id,
    }
