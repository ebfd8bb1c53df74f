"""How Postgres reads the figures of a look: the windows by their times, and never all messages."""

from uuid import UUID

import pytest

from services.core.alerts.types import Severity
from services.core.detectors import service as detectors
from services.core.detectors.types import DetectorDraft, DetectorKind
from services.core.kit.uow import Database
from services.core.triage.types import Tier
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.alerts import NOON, Desk
from tests.support.db import run_sql
from tests.support.queries import captured_queries

# Five weeks, a message every three minutes.
SEED = """
INSERT INTO messages (workspace_id, id, source_id, kind, direction, external_id, text,
  occurred_at, created_known, content_at, content_rank, received_at, tier, sentiment)
SELECT '{workspace}', gen_random_uuid(), '{source}', 'comment', 'in', n::text, 'x', at, true, at,
  '0', at, 'routine', 'neutral'
FROM generate_series(1, 17000) AS n
CROSS JOIN LATERAL (SELECT timestamptz '{noon}' - n * interval '3 minutes' AS at) AS placed
"""
WATCHED = {
    DetectorKind.SENTIMENT_DIP: (),
    DetectorKind.VOLUME_SPIKE: (),
    DetectorKind.SILENCE: (),
    DetectorKind.KEYWORD_SURGE: ("烂脸",),
}


@pytest.fixture
async def desk(database: Database, workspace: Workspace, database_url: str) -> Desk:
    desk = Desk(database, workspace)
    async with desk.database.unit(workspace.id) as uow:
        source = UUID(str((await make.add_source(uow)).id))
        for kind, words in WATCHED.items():
            draft = DetectorDraft(
                name=kind.value,
                kind=kind,
                threshold=20,
                window_minutes=60,
                minimum=10,
                cool_down_minutes=60,
                severity=Severity.HINT,
                tier=Tier.ROUTINE,
                words=words,
                enabled=True,
            )
            await detectors.create_detector(uow, draft)
    seed = SEED.format(workspace=workspace.id, source=source, noon=NOON.isoformat())
    await run_sql(database_url, seed, "ANALYZE messages")
    return desk


async def test_every_window_is_found_by_its_times(desk: Desk) -> None:
    with captured_queries(desk.database) as sent:
        await detectors.look(desk.database)
    figures = [(sql, given) for sql, given in sent if "generate_series(0" in sql]
    assert len(figures) == len(WATCHED)
    async with desk.database.system() as uow:
        for statement, parameters in figures:
            explained = await uow.connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            plan = "\n".join(row[0] for row in explained)
            assert "ix_messages_time" in plan, plan
            assert "Seq Scan on messages" not in plan, plan
