"""SQL of conversations: read states under a lock, write them whole, link what waited."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from services.core.conversations.models import FollowerRow, MessageRow, PostRow, ThreadRow
from services.core.kit.bulk import insert_missing, insert_rows, update_rows
from services.core.kit.uow import UnitOfWork

# A reply and the message it answers can be written at the same moment by two transactions that
# do not see each other; whoever looks a little later links them.
LINKABLE_WORKSPACES = """
SELECT DISTINCT r.workspace_id
FROM messages r
JOIN messages m ON m.workspace_id = r.workspace_id AND m.source_id = r.source_id
  AND m.external_id = r.in_reply_to AND m.kind <> 'reply' AND m.thread_id IS NOT NULL
WHERE r.thread_id IS NULL AND r.in_reply_to IS NOT NULL AND r.received_at > :since
LIMIT 100
"""

LINKABLE = """
SELECT r.id, r.source_id, r.in_reply_to, m.thread_id, r.request_id,
  least(r.occurred_at, m.occurred_at) AS since
FROM messages r
JOIN messages m ON m.workspace_id = r.workspace_id AND m.source_id = r.source_id
  AND m.external_id = r.in_reply_to AND m.kind <> 'reply' AND m.thread_id IS NOT NULL
WHERE r.workspace_id = :workspace_id AND r.thread_id IS NULL AND r.in_reply_to IS NOT NULL
  AND r.received_at > :since
ORDER BY r.id LIMIT :limit
"""

# The same platform id may name a comment and a DM: the order makes every process choose alike.
TARGETS = """
SELECT DISTINCT ON (source_id, external_id) source_id, external_id, thread_id
FROM messages
WHERE workspace_id = :workspace_id AND source_id = ANY(CAST(:source_ids AS uuid[]))
  AND external_id = ANY(CAST(:external_ids AS text[]))
  AND kind <> 'reply' AND thread_id IS NOT NULL
ORDER BY source_id, external_id, kind
"""

WAITING = """
SELECT id, source_id, in_reply_to, occurred_at FROM messages
WHERE workspace_id = :workspace_id AND source_id = ANY(CAST(:source_ids AS uuid[]))
  AND in_reply_to = ANY(CAST(:external_ids AS text[])) AND thread_id IS NULL
"""

PLACES = """
SELECT id, thread_id FROM messages
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
"""

KNOWN_THREAD = """
ON CONFLICT (workspace_id, id) DO UPDATE SET
  follower_id = coalesce(threads.follower_id, excluded.follower_id),
  post_id = coalesce(threads.post_id, excluded.post_id),
  last_message_at = greatest(threads.last_message_at, excluded.last_message_at)
"""

_HOLD_FREE = """
WITH ours AS MATERIALIZED (
  SELECT id FROM {table}
  WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
  ORDER BY id FOR UPDATE SKIP LOCKED
)
SELECT id FROM {table}
WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS uuid[]))
  AND id NOT IN (SELECT id FROM ours)
"""
HOLD_FREE_THREADS = _HOLD_FREE.format(table="threads")
HOLD_FREE_FOLLOWERS = _HOLD_FREE.format(table="followers")

LINK = """
UPDATE messages SET thread_id = link.thread_id
FROM unnest(CAST(:message_ids AS uuid[]), CAST(:thread_ids AS uuid[])) AS link (id, thread_id)
WHERE messages.workspace_id = :workspace_id AND messages.id = link.id
  AND messages.thread_id IS NULL
"""


NEWEST_WINDOW = """
SELECT occurred_at, attributes ->> 'reply_window_until' AS window_until FROM messages
WHERE workspace_id = :workspace_id AND thread_id = :thread_id AND direction = 'in'
  AND content_at IS NOT NULL AND NOT historical AND occurred_at <= :at
  AND (:anyhow OR attributes ->> 'reply_window_until' IS NOT NULL)
ORDER BY occurred_at DESC, id DESC LIMIT 1
"""


async def lock_threads(
    uow: UnitOfWork, threads: Sequence[dict[str, Any]], others: Iterable[UUID]
) -> None:
    """Make the threads and hold them all until the end, in id order so that nobody deadlocks."""
    # First what exists, in one order for everybody; then the new ones, which nobody holds yet.
    await hold_threads(uow, sorted({row["id"] for row in threads} | set(others)))
    rows = sorted(threads, key=lambda row: row["id"])
    await insert_rows(uow, _table(ThreadRow), rows, conflict=KNOWN_THREAD)


async def hold_threads(uow: UnitOfWork, thread_ids: Sequence[UUID]) -> list[Row[Any]]:
    """Lock existing threads; returns those that exist in this workspace."""
    query = (
        select(ThreadRow.__table__)
        .where(ThreadRow.workspace_id == uow.workspace_id, ThreadRow.id.in_(thread_ids))
        .order_by(ThreadRow.id)
        .with_for_update()
    )
    return list(await uow.execute(query))


async def hold_free_threads(uow: UnitOfWork, ids: Sequence[UUID]) -> set[UUID]:
    """Lock what nobody holds, waiting for nobody; returns those that somebody else holds."""
    return await _hold_free(uow, HOLD_FREE_THREADS, ids)


async def hold_free_followers(uow: UnitOfWork, ids: Sequence[UUID]) -> set[UUID]:
    """Lock what nobody holds, waiting for nobody; returns those that somebody else holds."""
    return await _hold_free(uow, HOLD_FREE_FOLLOWERS, ids)


async def lock_followers(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Row[Any]]:
    return await _lock(uow, FollowerRow, FollowerRow.id, FollowerRow.workspace_id, ids)


async def lock_posts(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Row[Any]]:
    return await _lock(uow, PostRow, PostRow.id, PostRow.workspace_id, ids)


async def lock_messages(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Row[Any]]:
    return await _lock(uow, MessageRow, MessageRow.id, MessageRow.workspace_id, ids)


async def add_followers(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    return await _add(uow, FollowerRow, rows)


async def add_posts(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    return await _add(uow, PostRow, rows)


async def add_messages(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    return await _add(uow, MessageRow, rows)


async def change_followers(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await _change(uow, FollowerRow, rows)


async def change_posts(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await _change(uow, PostRow, rows)


async def change_messages(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    await _change(uow, MessageRow, rows)


async def list_targets(
    uow: UnitOfWork, wanted: set[tuple[UUID, str]]
) -> dict[tuple[UUID, str], UUID]:
    """(source, external id) of answered messages → their threads."""
    rows = await uow.execute(TARGETS, _pairs(uow, wanted))
    found = {(row.source_id, row.external_id): row.thread_id for row in rows}
    return {pair: thread_id for pair, thread_id in found.items() if pair in wanted}


async def list_waiting(uow: UnitOfWork, wanted: set[tuple[UUID, str]]) -> list[Row[Any]]:
    """Replies that wait for one of these messages: id, source_id, in_reply_to, occurred_at."""
    rows = await uow.execute(WAITING, _pairs(uow, wanted))
    return [row for row in rows if (row.source_id, row.in_reply_to) in wanted]


async def list_places(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Message id → thread, for messages already known."""
    rows = await uow.execute(PLACES, {"workspace_id": uow.workspace_id, "ids": list(ids)})
    return {row.id: row.thread_id for row in rows}


async def list_linkable_workspaces(uow: UnitOfWork, since: datetime) -> list[UUID]:
    return list((await uow.execute(LINKABLE_WORKSPACES, {"since": since})).scalars())


async def list_linkable(uow: UnitOfWork, since: datetime, limit: int) -> list[Row[Any]]:
    return list(
        await uow.execute(
            LINKABLE, {"workspace_id": uow.workspace_id, "since": since, "limit": limit}
        )
    )


async def link_messages(uow: UnitOfWork, links: dict[UUID, UUID]) -> None:
    """Give waiting replies their threads."""
    if not links:
        return
    parameters = {
        "workspace_id": uow.workspace_id,
        "message_ids": list(links),
        "thread_ids": list(links.values()),
    }
    await uow.execute(LINK, parameters)


async def list_advocates(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Those of these followers that are advocates, with since when; no statement for nobody."""
    if not ids:
        return {}
    query = select(FollowerRow.id, FollowerRow.advocate_since).where(
        FollowerRow.workspace_id == uow.workspace_id,
        FollowerRow.id.in_(ids),
        FollowerRow.advocate_since.is_not(None),
    )
    return {row.id: row.advocate_since for row in await uow.execute(query)}


async def mark_advocates(uow: UnitOfWork, message_ids: Sequence[UUID]) -> None:
    """Let these be answers of advocates."""
    await _change(uow, MessageRow, [{"id": each, "by_advocate": True} for each in message_ids])


async def get_newest_window(
    uow: UnitOfWork, thread_id: UUID, at: datetime, *, anyhow: bool
) -> Row[Any] | None:
    parameters = {
        "workspace_id": uow.workspace_id,
        "thread_id": thread_id,
        "at": at,
        "anyhow": anyhow,
    }
    return (await uow.execute(NEWEST_WINDOW, parameters)).one_or_none()


async def list_post_sources(uow: UnitOfWork, post_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    query = select(PostRow.id, PostRow.source_id).where(
        PostRow.workspace_id == uow.workspace_id, PostRow.id.in_(post_ids)
    )
    return {row.id: row.source_id for row in await uow.execute(query)}


async def get_thread(uow: UnitOfWork, thread_id: UUID) -> Row[Any] | None:
    rows = await hold_threads(uow, [thread_id])
    return rows[0] if rows else None


def _pairs(uow: UnitOfWork, wanted: set[tuple[UUID, str]]) -> dict[str, Any]:
    return {
        "workspace_id": uow.workspace_id,
        "source_ids": list({source_id for source_id, _ in wanted}),
        "external_ids": list({external_id for _, external_id in wanted}),
    }


async def _hold_free(uow: UnitOfWork, statement: str, ids: Sequence[UUID]) -> set[UUID]:
    if not ids:
        return set()
    bound = {"workspace_id": uow.workspace_id, "ids": list(ids)}
    return set((await uow.execute(statement, bound)).scalars())


async def _lock(
    uow: UnitOfWork,
    table: type[DeclarativeBase],
    key: InstrumentedAttribute[UUID],
    tenant: InstrumentedAttribute[UUID],
    ids: Sequence[UUID],
) -> list[Row[Any]]:
    query = (
        select(table.__table__)
        .where(tenant == uow.workspace_id, key.in_(ids))
        .order_by(key)
        .with_for_update()
    )
    return list(await uow.execute(query))


async def _add(
    uow: UnitOfWork, table: type[DeclarativeBase], rows: Sequence[dict[str, Any]]
) -> set[UUID]:
    """Insert what is not there; returns the ids really inserted."""
    return await insert_missing(uow, _table(table), sorted(rows, key=lambda row: row["id"]))


async def _change(
    uow: UnitOfWork, table: type[DeclarativeBase], rows: Sequence[dict[str, Any]]
) -> None:
    await update_rows(uow, _table(table), rows)


def _table(row: type[DeclarativeBase]) -> Table:
    return cast("Table", row.__table__)


# A judgement belongs to one state of the text: of another one it is an earlier.
JUDGED_BEFORE = """
SELECT DISTINCT j.message_id
FROM unnest(CAST(:ids AS uuid[]), CAST(:ranks AS text[])) AS asked (id, rank)
JOIN judgements j ON j.workspace_id = :workspace_id AND j.message_id = asked.id
  AND j.content_rank <> asked.rank
"""


async def list_judged_before(uow: UnitOfWork, ranks: Mapping[UUID, str]) -> set[UUID]:
    """Of messages, by the rank of their text now, those that were judged with another text."""
    bound = {"ids": list(ranks), "ranks": list(ranks.values()), "workspace_id": uow.workspace_id}
    return set((await uow.execute(JUDGED_BEFORE, bound)).scalars())
