"""Journals with much in them, written by SQL: entries that wait, of deliveries nobody kept."""

from uuid import UUID

from tests.support.db import connect

FILL = """
INSERT INTO journal (workspace_id, delivery_id, position, source_id, external_id, type,
  occurred_at, received_at, clamped, historical, state, next_at)
SELECT $1, gen_random_uuid(), 0, $2, 'waits-' || number, 'comment.created',
  moment, moment, false, false, 'pending', moment
FROM generate_series(1, $3) AS number, LATERAL (
  SELECT now() - make_interval(secs => $4 + ($3 - number) * 0.001) AS moment
) AS received
"""


async def fill_journal(
    url: str, workspace_id: UUID, source_id: UUID | str, count: int, *, age: float = 1.0
) -> None:
    """So many entries that wait for a worker, the newest `age` seconds old. They have no bodies."""
    connection = await connect(url)
    try:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute(FILL, workspace_id, UUID(str(source_id)), count, age)
    finally:
        await connection.close()
