"""SQL of the stream: write unnumbered, number in order, read by number."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, Table

from services.core.kit import ids
from services.core.kit.bulk import insert_rows
from services.core.kit.uow import UnitOfWork
from services.core.stream.models import FactRow
from services.core.stream.types import Fact, PublishedFact

FACTS: Final = cast("Table", FactRow.__table__)

# One publisher at a time in the whole installation: the order is given by a single writer.
PUBLISHER_LOCK = 0x77617273

WORKSPACES_WITH_NEWS = """
SELECT DISTINCT workspace_id FROM facts WHERE seq IS NULL LIMIT 500
"""

# The head row is the counter: locked, so that two publishers could not give one number twice.
NUMBER = """
WITH head AS (
  INSERT INTO stream_heads (workspace_id, last_seq, first_kept_seq) VALUES (:workspace_id, 0, 1)
  ON CONFLICT (workspace_id) DO UPDATE SET last_seq = stream_heads.last_seq
  RETURNING last_seq
), fresh AS MATERIALIZED (
  SELECT id, row_number() OVER (ORDER BY id) AS place
  FROM facts WHERE workspace_id = :workspace_id AND seq IS NULL ORDER BY id LIMIT :batch
), numbered AS (
  UPDATE facts SET seq = head.last_seq + fresh.place
  FROM fresh, head WHERE facts.workspace_id = :workspace_id AND facts.id = fresh.id
  RETURNING facts.seq
)
SELECT count(*) AS published, max(seq) AS last_seq FROM numbered
"""

ADVANCE = "UPDATE stream_heads SET last_seq = :last_seq WHERE workspace_id = :workspace_id"

AFTER = """
SELECT seq, kind, subject_kind, subject_id, payload, at FROM facts
WHERE workspace_id = :workspace_id AND seq > :after ORDER BY seq LIMIT :limit
"""

BETWEEN = """
SELECT seq, kind, subject_kind, subject_id, payload, at FROM facts
WHERE workspace_id = :workspace_id AND seq > :after AND seq <= :end
  AND EXISTS (SELECT FROM unnest(CAST(:beginnings AS text[])) AS asked (beginning)
    WHERE starts_with(facts.kind, asked.beginning))
ORDER BY seq LIMIT :limit
"""

HEAD = "SELECT last_seq, first_kept_seq FROM stream_heads WHERE workspace_id = :workspace_id"

# The head moves with the deletion: a reader below it is told of the gap.
FORGET = """
WITH old AS (
  DELETE FROM facts WHERE seq IS NOT NULL AND at < :before AND NOT EXISTS (
    SELECT FROM unnest(CAST(:workspaces AS uuid[]), CAST(:positions AS bigint[]))
      AS held (workspace_id, position)
    WHERE held.workspace_id = facts.workspace_id AND facts.seq > held.position)
  RETURNING workspace_id, seq
), last AS (
  SELECT workspace_id, max(seq) AS seq, count(*) AS n FROM old GROUP BY workspace_id
), moved AS (
  UPDATE stream_heads h SET first_kept_seq = greatest(h.first_kept_seq, last.seq + 1)
  FROM last WHERE h.workspace_id = last.workspace_id
)
SELECT coalesce(sum(n), 0) FROM last
"""


# A pause or a break counts: who takes it up again goes on from where it stood.
ASKED = """
SELECT DISTINCT unnest(kinds) FROM subscriptions
WHERE workspace_id = :workspace_id AND archived_at IS NULL
"""


async def list_asked(uow: UnitOfWork) -> set[str]:
    """The kinds and beginnings of kinds that subscriptions of the workspace name."""
    return set((await uow.execute(ASKED, {"workspace_id": uow.workspace_id})).scalars())


async def add_facts(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    rows = [
        {
            "id": ids.new_id(),
            "kind": fact.kind,
            "subject_kind": fact.subject_kind,
            "subject_id": fact.subject_id,
            "payload": fact.payload,
            "at": uow.now,
            "request_id": uow.request_of(fact.subject_id),
        }
        for fact in facts
    ]
    await insert_rows(uow, FACTS, rows)


async def lock_publisher(uow: UnitOfWork) -> bool:
    """True when this transaction is the publisher until it ends."""
    row = await uow.execute("SELECT pg_try_advisory_xact_lock(:key)", {"key": PUBLISHER_LOCK})
    return bool(row.scalar_one())


async def list_workspaces_with_news(uow: UnitOfWork) -> list[UUID]:
    return list((await uow.execute(WORKSPACES_WITH_NEWS)).scalars())


async def number_facts(uow: UnitOfWork, workspace_id: UUID, batch: int) -> int:
    """Give the next numbers to what is visible and unnumbered; returns how many."""
    row = (await uow.execute(NUMBER, {"workspace_id": workspace_id, "batch": batch})).one()
    if row.published:
        await uow.execute(ADVANCE, {"workspace_id": workspace_id, "last_seq": row.last_seq})
    return int(row.published)


async def list_after(uow: UnitOfWork, after: int, limit: int) -> list[PublishedFact]:
    rows = await uow.execute(
        AFTER, {"workspace_id": uow.workspace_id, "after": after, "limit": limit}
    )
    return [_read(row) for row in rows]


async def list_between(
    uow: UnitOfWork, after: int, end: int, beginnings: Sequence[str], limit: int
) -> list[PublishedFact]:
    """Facts numbered above `after` up to `end` whose kind begins with one of these."""
    bound = {"after": after, "end": end, "beginnings": list(beginnings), "limit": limit}
    rows = await uow.execute(BETWEEN, bound | {"workspace_id": uow.workspace_id})
    return [_read(row) for row in rows]


def _read(row: Row[Any]) -> PublishedFact:
    fact = Fact(row.kind, row.subject_kind, row.subject_id, row.payload)
    return PublishedFact(row.seq, fact, row.at)


async def get_head(uow: UnitOfWork) -> tuple[int, int]:
    """(last number given, first number still kept); (0, 1) before anything was published."""
    row = (await uow.execute(HEAD, {"workspace_id": uow.workspace_id})).one_or_none()
    return (row.last_seq, row.first_kept_seq) if row else (0, 1)


async def forget_facts(uow: UnitOfWork, before: datetime, held: Mapping[UUID, int]) -> int:
    """Delete published facts older than `before`, but for those behind a held number; how many."""
    bound = {"before": before, "workspaces": list(held), "positions": list(held.values())}
    return int((await uow.execute(FORGET, bound)).scalar_one())
