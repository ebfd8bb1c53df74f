"""Commands that look after an installation: replay, quarantine, dead letters, watch."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from services.core.health import service as health
from services.core.health.types import AuditLimits
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from tests.support import rows as make
from tests.support.commands import warmline
from tests.support.db import run_sql
from tests.support.line import Line, comment

Command = Callable[..., Awaitable[str]]


@pytest.fixture
def command(database_url: str) -> Command:
    """Run one in the line's workspace, and expect it to end well; its words."""

    async def run(*typed: str, code: int = 0) -> str:
        told = await asyncio.to_thread(warmline, *typed, WARMLINE__DATABASE__URL=database_url)
        assert told.returncode == code, told.stderr
        return told.stdout + told.stderr

    return run


OURS = ("--workspace", "test-brand")
QUARANTINE = """
UPDATE journal SET state = 'quarantined', attempts = 3, error = 'ValueError' RETURNING delivery_id
"""


async def states(line: Line) -> list[str]:
    return [row.state for row in await line.rows("SELECT state FROM journal ORDER BY state")]


async def test_a_dry_run_of_a_replay_says_what_it_would_do_and_does_nothing(
    line: Line, command: Command
) -> None:
    await line.hear(comment("c1"), comment("c2", author="mia"))
    told = await command("replay", "--from", "2020-01-01T00:00:00Z", "--dry-run", *OURS)
    assert "2 entries chosen: 2 processed." in told
    assert await states(line) == ["processed"] * 2


async def test_a_replay_hands_back_what_was_chosen(line: Line, command: Command) -> None:
    await line.hear(comment("c1"), comment("c2", author="mia"))
    assert "0 entries chosen." in await command("replay", "--to", "2020-01-01", *OURS)
    told = await command("replay", "--from", "2020-01-01", "--to", "2099-01-01", *OURS)
    assert "2 entries handed back" in told
    assert await states(line) == ["pending"] * 2


async def test_one_delivery_is_replayed(line: Line, command: Command) -> None:
    delivery_id = await line.deliver(comment("c1"))
    await line.process()
    await line.hear(comment("c2", author="mia"))
    assert "1 entry handed back" in await command("replay", "--delivery", str(delivery_id), *OURS)
    assert await states(line) == ["pending", "processed"]
    told = await command("replay", "--delivery", str(uuid4()), *OURS, code=1)
    assert "No such delivery" in told


async def test_the_quarantine_is_shown_and_emptied(line: Line, command: Command) -> None:
    await line.deliver(comment("c1"), comment("c2", author="mia"))
    (row, _) = await line.rows(QUARANTINE)
    told = await command("quarantine", "list", *OURS)
    assert told.count(str(row.delivery_id)) == 2
    assert "ValueError" in told
    told = await command("quarantine", "release", str(row.delivery_id), str(uuid4()), *OURS)
    assert "2 events handed back" in told
    assert "not found" in told
    assert await states(line) == ["pending"] * 2
    await line.rows(QUARANTINE)
    told = await command("quarantine", "release", "--source", str(line.source_id), *OURS)
    assert "2 events handed back" in told
    trail = await line.rows("SELECT actor_label FROM audit_log WHERE action LIKE 'quarantine%'")
    assert {entry.actor_label for entry in trail} == {"warmline quarantine"}


async def test_dead_letters_are_shown_and_sent_again(line: Line, command: Command) -> None:
    async with line.database.unit(line.workspace_id) as uow:
        channel = await make.add_channel(uow)
        alert = await make.add_alert(uow, uuid4())
        about = {"alert_id": alert.id, "channel_id": channel.id, "last_error": "410 [gone]"}
        letters = [await make.add_outbox(uow, state="dead", sequence=n, **about) for n in range(3)]
    told = await command("dead-letters", "list", *OURS)
    assert all(str(letter.id) in told for letter in letters)
    assert "410 [gone]" in told
    assert "1 queued" in await command("dead-letters", "redrive", str(letters[0].id), *OURS)
    told = await command("dead-letters", "redrive", "--channel", str(channel.id), *OURS)
    assert "2 queued, 0 cancelled." in told
    assert "0 queued" in await command("dead-letters", "redrive", "--all", *OURS)


@pytest.mark.parametrize(
    "typed",
    [
        ("quarantine", "release"),
        ("quarantine", "release", str(UUID(int=7)), "--from", "2026-11-21"),
        ("quarantine", "release", "seven"),
        ("quarantine", "list", "--from", "yesterday"),
        ("dead-letters", "redrive"),
        ("dead-letters", "redrive", str(UUID(int=7)), "--all"),
    ],
)
async def test_what_names_nothing_or_two_things_is_misuse(
    command: Command, typed: tuple[str, ...]
) -> None:
    assert await command(*typed, code=2)


async def test_the_doctor_sees_bloat_stages_partitions_and_indexes(
    line: Line, database_url: str, command: Command
) -> None:
    await health.look(Database(line.database.engine), AuditLimits())
    report = '{"stalls": [{"stage": "sla", "seconds": 77.0}]}'
    await line.rows(
        "UPDATE processes SET report = CAST(:report AS jsonb) WHERE kind = 'auditor' RETURNING 1",
        report=report,
    )
    await run_sql(
        database_url,
        "CREATE TABLE half_built (n int)",
        "CREATE INDEX ix_half_built ON half_built (n)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_half_built'::regclass",
    )
    try:
        told = await command("doctor", code=1)
    finally:
        await run_sql(database_url, "DROP TABLE half_built")
    assert "sla stands still since 1 min" in told
    assert "left half built: ix_half_built" in told
    assert "Partitions  1 months ahead" in told or "Partitions  2 months ahead" in told
    assert "dead rows at most" in told


async def test_one_look_names_what_stands_still_and_what_needs_a_person(
    line: Line, database_url: str, command: Command
) -> None:
    database = Database(create_engine(database_url, pool_size=1))
    async with database.unit(line.workspace_id) as uow:
        await make.add_journal(uow, line.source_id, state="quarantined")
    await database.close()
    told = await command("watch", "--once", code=1)
    assert "worker: No worker lives" in told
    assert "quarantined: 1" in told
