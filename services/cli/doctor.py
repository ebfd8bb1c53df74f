"""`warmline doctor`: looks at everything the product stands on and says what to do about it."""

import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.cli import findings
from services.cli.findings import Finding, Grade
from services.cli.processes import database_address, resolve_settings
from services.cli.terminal import run
from services.core.settings import Settings

if TYPE_CHECKING:
    import asyncpg

_MARKS: Final = {
    Grade.FINE: ("green", "ok    "),
    Grade.MIND: ("yellow", "mind  "),
    Grade.BROKEN: ("bold red", "broken"),
}
_CONNECT_SECONDS: Final = 5
# Rows of these change state all the time, or come and go.
_BUSY_TABLES: Final = ("journal", "timers", "outbox", "clocks", "cases", "facts", "processes")
Question = Callable[["asyncpg.Connection"], Awaitable[Sequence[Finding]]]


def examine_and_tell(data_dir: Path | None) -> int:
    """Print every finding; returns 1 when something is broken, else 0."""
    from rich.console import Console
    from rich.text import Text

    settings = resolve_settings(data_dir)
    console = Console(highlight=False, soft_wrap=True)
    found = run(_examine(settings))
    for finding in found:
        style, mark = _MARKS[finding.grade]
        line = Text.assemble((mark, style), "  ", (finding.name, "bold"), "  ", finding.what)
        console.print(line)
        if finding.advice:
            console.print(f"        → {finding.advice}", markup=False)
    broken = sum(finding.grade is Grade.BROKEN for finding in found)
    console.print(f"{broken} broken." if broken else "Nothing is broken.")
    return 1 if broken else 0


async def _examine(settings: Settings) -> list[Finding]:
    found = [findings.of_python(sys.version_info[:3]), findings.of_disk(settings.data_dir)]
    found += await _examine_redis(settings)
    return found + await _examine_database(settings)


async def _examine_redis(settings: Settings) -> list[Finding]:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    if settings.redis.url is None:
        return [findings.of_redis(None)]
    client = Redis.from_url(
        settings.redis.url.get_secret_value(), socket_connect_timeout=_CONNECT_SECONDS
    )
    try:
        return [findings.of_redis(await client.info("server"))]
    except (RedisError, OSError) as error:
        return [findings.of_silent_redis(error)]
    finally:
        await client.aclose()


async def _examine_database(settings: Settings) -> list[Finding]:
    import asyncpg

    from services.cli.migrate import plain_address

    address = plain_address(database_address(settings))
    try:
        connection = await asyncpg.connect(address, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [findings.of_silent_postgres(error)]
    try:
        return [finding for ask in _QUESTIONS for finding in await ask(connection)]
    finally:
        await connection.close()


async def _ask_version(connection: "asyncpg.Connection") -> Sequence[Finding]:
    number = await connection.fetchval("SHOW server_version_num")
    return [
        findings.of_postgres(
            int(number) // 10_000, await connection.fetchval("SHOW server_version")
        )
    ]


async def _ask_text(connection: "asyncpg.Connection") -> Sequence[Finding]:
    """Chinese must count as letters: else search by trigram finds nothing, silently."""
    row = await connection.fetchrow(
        """
        SELECT current_setting('server_encoding') AS encoding,
               lower('ÄPFEL') = 'äpfel' AS lowers, '烂脸' ~ '^\\w+$' AS knows_chinese,
               EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS offers_trgm
        """
    )
    return findings.of_text(
        row["encoding"],
        knows_letters=row["lowers"] and row["knows_chinese"],
        offers_trigrams=row["offers_trgm"],
    )


async def _ask_schema(connection: "asyncpg.Connection") -> Sequence[Finding]:
    from services.cli.migrate import revision_of
    from services.core.health.service import expected_revision

    return [findings.of_schema(await revision_of(connection), expected_revision())]


async def _ask_roles(connection: "asyncpg.Connection") -> Sequence[Finding]:
    from services.core.kit.db import APP_ROLE, SYSTEM_ROLE

    rows = await connection.fetch(
        """
        SELECT rolname, rolsuper OR rolbypassrls AS unbound,
               pg_has_role(current_user, oid, 'MEMBER') AS ours
        FROM pg_roles WHERE rolname = ANY($1)
        """,
        [APP_ROLE, SYSTEM_ROLE],
    )
    usable = {row["rolname"] for row in rows if row["ours"]}
    unbound = {row["rolname"] for row in rows if row["unbound"]}
    return [findings.of_roles({APP_ROLE, SYSTEM_ROLE} - usable, unbound)]


async def _ask_walls(connection: "asyncpg.Connection") -> Sequence[Finding]:
    rows = await connection.fetch(
        """
        SELECT c.relname FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relnamespace = 'public'::regnamespace
          AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
        """
    )
    return [findings.of_walls([row["relname"] for row in rows])]


async def _ask_clock(connection: "asyncpg.Connection") -> Sequence[Finding]:
    from services.core.kit.clock import host_now

    before = host_now()
    there = await connection.fetchval("SELECT clock_timestamp()")
    after = host_now()
    return [findings.of_clock((there - (before + (after - before) / 2)).total_seconds())]


async def _ask_work(connection: "asyncpg.Connection") -> Sequence[Finding]:
    """Asked as the role that looks across workspaces; needs the schema."""
    from services.core.health.service import SILENCE, WORKER
    from services.core.kit.db import SYSTEM_ROLE

    if not await connection.fetchval("SELECT to_regclass('processes') IS NOT NULL"):
        return []
    async with connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
        alive = await connection.fetchval(
            "SELECT count(*) FROM processes WHERE kind = $1 AND seen_at > now() - $2::interval",
            WORKER,
            SILENCE,
        )
        row = await connection.fetchrow(
            """
            SELECT
              (SELECT count(*) FROM journal WHERE state = 'pending') AS waiting,
              (SELECT extract(epoch FROM now() - min(received_at))::float8
               FROM journal WHERE state = 'pending') AS oldest,
              (SELECT count(*) FROM journal WHERE state = 'quarantined') AS quarantined,
              (SELECT extract(epoch FROM now() - min(fire_at))::float8
               FROM timers WHERE state = 'pending' AND fire_at < now()) AS lag,
              (SELECT count(*) FROM outbox WHERE state = 'dead') AS dead
            """
        )
    return [findings.of_workers(alive), *findings.of_backlog(dict(row))]


async def _ask_bloat(connection: "asyncpg.Connection") -> Sequence[Finding]:
    """Statistics are the server's own count, and may lag behind by a second."""
    tables = await connection.fetch(
        """
        SELECT relname AS name, n_live_tup AS live, n_dead_tup AS dead,
          extract(epoch FROM now() - greatest(last_autovacuum, last_vacuum))::float8 AS vacuumed
        FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname = ANY($1)
        """,
        _BUSY_TABLES,
    )
    oldest = await connection.fetchrow(
        """
        SELECT pid, application_name AS application,
          extract(epoch FROM now() - xact_start)::float8 AS seconds
        FROM pg_stat_activity
        WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
          AND backend_type = 'client backend'
        ORDER BY xact_start LIMIT 1
        """
    )
    return [
        *findings.of_bloat([dict(table) for table in tables]),
        findings.of_long_transaction(dict(oldest) if oldest else None),
    ]


async def _ask_indexes(connection: "asyncpg.Connection") -> Sequence[Finding]:
    rows = await connection.fetch(
        """
        SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND c.relnamespace = 'public'::regnamespace
        """
    )
    return [findings.of_indexes([row["relname"] for row in rows])]


async def _ask_partitions(connection: "asyncpg.Connection") -> Sequence[Finding]:
    if not await connection.fetchval("SELECT to_regclass('deliveries') IS NOT NULL"):
        return []
    months = await connection.fetchval(
        """
        SELECT count(*) FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = 'deliveries'::regclass AND child.relname ~ '^deliveries_[0-9]{6}$'
          AND right(child.relname, 6) >= to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')
        """
    )
    # Counting them would read every month there is.
    strays = await connection.fetchval(
        "SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'deliveries_default'"
    )
    return [findings.of_partitions(months - 1, strays or 0)]


async def _ask_stages(connection: "asyncpg.Connection") -> Sequence[Finding]:
    from services.core.kit.db import SYSTEM_ROLE

    if not await connection.fetchval("SELECT to_regclass('processes') IS NOT NULL"):
        return []
    async with connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
        row = await connection.fetchrow(
            """
            SELECT report->'stalls' AS stalls,
              extract(epoch FROM now() - seen_at)::float8 AS looked
            FROM processes WHERE kind = 'auditor' ORDER BY seen_at DESC LIMIT 1
            """
        )
    if row is None:
        return findings.of_stages({}, None)
    stalls = json.loads(row["stalls"] or "[]")
    return findings.of_stages({one["stage"]: one["seconds"] for one in stalls}, row["looked"])


_QUESTIONS: Final[tuple[Question, ...]] = (
    _ask_version,
    _ask_text,
    _ask_schema,
    _ask_roles,
    _ask_walls,
    _ask_clock,
    _ask_work,
    _ask_stages,
    _ask_bloat,
    _ask_indexes,
    _ask_partitions,
)
