"""A file holds each row once, whoever writes it, is killed, or writes beside another."""

import asyncio
import os
import tracemalloc
from datetime import timedelta
from uuid import UUID

import pytest

from services.core.exports import repository, rules, service
from services.core.exports.errors import ExportGoneError, ExportOverError, TooManyExportsError
from services.core.exports.types import Export, ExportDraft, ExportState, FileFormat, What
from services.core.kit.errors import InvalidInputError
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make

MANY = """
INSERT INTO messages (workspace_id, id, source_id, kind, direction, external_id, text, occurred_at,
  created_known, received_at, content_at)
SELECT :workspace_id, gen_random_uuid(), :workspace_id, 'comment', 'in', n::text, '', now()
  - (n / 10) * interval '1 second', true, now(), now() FROM generate_series(1, :count) AS n
"""
# The trail has fewer indexes to keep than messages have.
TRAIL = """
INSERT INTO audit_log (workspace_id, id, at, actor_kind, actor_id, actor_label, action,
  subject_kind, subject_id, detail)
SELECT :workspace_id, gen_random_uuid(), now(), 'key', n::text, 'Front end', 'case.resolved',
  'case', n::text, '{}' FROM generate_series(1, 2000) AS n
"""
# WARMLINE_TEST_ROWS asks for another size.
ROWS = int(
    os.environ.get("WARMLINE_TEST_ROWS")
    or (1_000_000 if os.environ.get("WARMLINE_TEST_LONG") else 100_000)
)


async def order(database: Database, workspace_id: UUID, draft: ExportDraft) -> Export:
    async with database.unit(workspace_id) as uow:
        return await service.order(uow, draft)


async def show(database: Database, workspace_id: UUID, export_id: UUID) -> Export:
    async with database.read(workspace_id) as uow:
        return await service.get_export(uow, export_id)


async def write_all(database: Database, **sizes: int) -> None:
    while (await service.write_some(database, **sizes)).claimed:
        pass


async def lines_of(database: Database, workspace_id: UUID, export: Export) -> list[bytes]:
    pieces = [piece async for piece in service.read_file(database, workspace_id, export)]
    return b"".join(pieces).splitlines()


async def test_a_large_file_holds_every_row_once_in_flat_memory(
    database: Database, workspace: Workspace
) -> None:
    for _ in range(ROWS // 2_000):
        async with database.unit(workspace.id) as uow:
            await uow.execute(TRAIL, {"workspace_id": workspace.id})
    export = await order(database, workspace.id, ExportDraft(What.AUDIT, FileFormat.NDJSON))
    async with database.read(workspace.id) as uow:
        expected = (await uow.execute("SELECT count(*) FROM audit_log")).scalar_one()
    tracemalloc.start()
    # Small pieces: while memory is traced all takes four times as long, and a unit may not.
    await write_all(database, rows=1_000)
    _, written = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    done = await show(database, workspace.id, export.id)
    rows = 0
    async for piece in service.read_file(database, workspace.id, done):
        rows += piece.count(b"\n")
    _, read = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # What made the workspace and the order itself are in the trail too.
    assert (done.state, done.rows_done, rows) == (ExportState.DONE, expected, expected)
    assert done.bytes_done > 200 * ROWS
    # Some pieces of two megabytes, whatever the file's size.
    assert max(written, read) < 60_000_000
    if ROWS == 100_000:
        lines = await lines_of(database, workspace.id, done)
        assert len({line[:46] for line in lines}) == expected


async def test_whoever_is_killed_loses_no_row_and_doubles_none(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await uow.execute(MANY, {"workspace_id": workspace.id, "count": 95})
    export = await order(database, workspace.id, ExportDraft(What.MESSAGES, FileFormat.NDJSON))
    # One claims, writes a little and is heard of no more.
    async with database.system() as across:
        lost = await repository.claim(across, timedelta())
    assert lost is not None
    await service._write_piece(database, lost, 10)
    async with database.unit(workspace.id) as uow:
        await repository.change_export(uow, export.id, next_at=uow.real_now - service.LEASE)
    # Others go on, at once, and the lost one comes back too late.
    await asyncio.gather(*(write_all(database, rows=10, pieces=2) for _ in range(3)))
    assert await service._write_piece(database, lost, 10) is None
    done = await show(database, workspace.id, export.id)
    lines = await lines_of(database, workspace.id, done)
    assert (done.rows_done, len(lines), len(set(lines))) == (95, 95, 95)


@pytest.mark.parametrize("what", list(What))
async def test_everything_there_is_can_be_written_out(
    database: Database, workspace: Workspace, what: What
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        await make.add_follower(uow, source.id, handle="=HYPERLINK()")
        await make.add_case(uow, source.id)
        await make.add_message(uow, source.id, text="烂脸", deleted_at=uow.now)
        await make.add_message(uow, source.id, text="谢谢")
    filters = {"since": "2026-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"}
    filters = filters if "since" in rules.FILTERS[what] else {"source_id": str(source.id)}
    export = await order(database, workspace.id, ExportDraft(what, filters=filters))
    await write_all(database, rows=1)
    done = await show(database, workspace.id, export.id)
    text = b"\n".join(await lines_of(database, workspace.id, done)).decode("utf-8-sig")
    assert done.state is ExportState.DONE
    assert text.splitlines()[0] == ",".join(rules.COLUMNS[what])
    assert "烂脸" not in text
    assert what is not What.MESSAGES or "谢谢" in text
    assert what is not What.FOLLOWERS or "'=HYPERLINK" in text


async def test_an_export_is_cancelled_counted_refused_and_runs_out(
    database: Database, workspace: Workspace
) -> None:
    draft = ExportDraft(What.CASES)
    ordered = [await order(database, workspace.id, draft) for _ in range(rules.MOST_LIVE)]
    with pytest.raises(TooManyExportsError):
        await order(database, workspace.id, draft)
    with pytest.raises(InvalidInputError):
        await order(database, workspace.id, ExportDraft(What.CASES, filters={"kind": "dm"}))
    async with database.unit(workspace.id) as uow:
        assert (await service.cancel(uow, ordered[0].id)).state is ExportState.CANCELLED
    with pytest.raises(ExportOverError):
        async with database.unit(workspace.id) as uow:
            await service.cancel(uow, ordered[0].id)
    await write_all(database)
    async with database.unit(workspace.id) as uow:
        assert (await service.note_download(uow, ordered[1].id)).chunks == 1
        await repository.change_export(uow, ordered[1].id, expires_at=uow.now)
    assert await service.expire(database) == 1
    assert await service.expire(database) == 0
    with pytest.raises(ExportGoneError):
        async with database.unit(workspace.id) as uow:
            await service.note_download(uow, ordered[1].id)
