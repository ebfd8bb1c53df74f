"""Runs the migrations from inside the product: no configuration file, no shell, any folder."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import services
from services.cli.processes import database_address, resolve_settings
from services.cli.terminal import CommandError, run, say

if TYPE_CHECKING:
    import asyncpg
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

MIGRATIONS = Path(services.__file__).parent.parent / "migrations"
_CONNECT_SECONDS = 10
# A step that finds its table taken gives up after 200 ms, lets those behind it pass and is tried
# again: long enough for any report to end, and for the limits of our own transactions twice.
LOCK_PATIENCE_SECONDS = 120.0
LOCK_PAUSES_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
# lock_not_available and deadlock_detected
_TRY_AGAIN = {"55P03", "40P01"}
# An index that is being built at this moment is not valid either, and is nobody's mistake.
INVALID_INDEXES = """
SELECT i.indexrelid::regclass::text FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND n.nspname = 'public' AND c.relkind = 'i'
  AND NOT EXISTS (
    SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid
  )
ORDER BY 1
"""


def migrate(
    url: str, *, patience: float = LOCK_PATIENCE_SECONDS, scripts: Path = MIGRATIONS
) -> None:
    """Bring the schema to the newest revision; waits for another process that is at it.

    Safe while the product works: a step waits 200 ms for a lock and is then tried again, for
    `patience` seconds. Alembic's environment runs an event loop of its own, so never call this from
    inside one.

    Raises:
        CommandError: the database is away, newer than this code, or too busy; or an index that
            was built beside the traffic is not valid.
    """
    from alembic import command
    from alembic.util import CommandError as AlembicError
    from sqlalchemy.exc import DBAPIError

    give_up_at = time.monotonic() + patience
    tries = 0
    while True:
        try:
            command.upgrade(alembic_config(url, scripts), "head")
        except AlembicError as error:
            raise CommandError(
                f"This version does not know the database's schema ({error}). A newer Warmline has "
                "migrated it: run that one, or restore a backup."
            ) from error
        except DBAPIError as error:
            if not _is_lock_wait(error) or time.monotonic() >= give_up_at:
                raise CommandError(_explain(error)) from error
        else:
            break
        time.sleep(LOCK_PAUSES_SECONDS[min(tries, len(LOCK_PAUSES_SECONDS) - 1)])
        tries += 1
    check_indexes(url)


def check_indexes(url: str) -> None:
    """Raises CommandError when an index is there and not used: its building was interrupted."""
    if invalid := run(read_invalid_indexes(url)):
        raise CommandError(
            f"These indexes were not built to their end and are not used: {', '.join(invalid)}. "
            f"Run `REINDEX INDEX CONCURRENTLY {invalid[0]}` in psql for each, then migrate again."
        )


async def read_invalid_indexes(url: str) -> list[str]:
    """By name; without those that are being built. Raises OSError when the database is away."""
    import asyncpg

    connection = await asyncpg.connect(plain_address(url), timeout=_CONNECT_SECONDS)
    try:
        return [row[0] for row in await connection.fetch(INVALID_INDEXES)]
    finally:
        await connection.close()


def _is_lock_wait(error: "DBAPIError") -> bool:
    return str(getattr(error.orig, "sqlstate", "") or "") in _TRY_AGAIN


def _explain(error: "DBAPIError") -> str:
    if _is_lock_wait(error):
        return (
            "The migration never got its turn: somebody holds a lock on a table it changes (look "
            "into pg_stat_activity for long transactions). Nothing was changed; run it again."
        )
    return f"The migration failed and was undone: {error.orig}"


def plain_address(url: str) -> str:
    """The address as asyncpg itself wants it."""
    from services.core.kit.db import asyncpg_url

    return asyncpg_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def read_revision(url: str) -> str | None:
    """Where the schema stands now; None when there is none. Raises OSError when it is away."""
    import asyncpg

    connection = await asyncpg.connect(plain_address(url), timeout=_CONNECT_SECONDS)
    try:
        return await revision_of(connection)
    finally:
        await connection.close()


async def revision_of(connection: "asyncpg.Connection") -> str | None:
    import asyncpg

    try:
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return revision


def alembic_config(url: str, scripts: Path = MIGRATIONS) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option(
        "file_template", "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
    )
    config.set_main_option("timezone", "UTC")
    config.attributes["url"] = url
    return config


def migrate_and_tell(data_dir: Path | None) -> None:
    """`warmline migrate`."""
    from services.core.health.service import expected_revision

    url = database_address(resolve_settings(data_dir))
    before = run(read_revision(url))
    if before == expected_revision():
        check_indexes(url)
        say(f"The schema is at {before} already.")
        return
    migrate(url)
    say(f"The schema went from {before or 'nothing'} to {run(read_revision(url))}.")


def draft_revision(message: str, data_dir: Path | None) -> None:
    """`warmline revision`: a file in migrations/versions to be read and finished by a person."""
    from alembic import command

    url = database_address(resolve_settings(data_dir))
    made = command.revision(alembic_config(url), message, autogenerate=True)
    for script in made if isinstance(made, list) else [made]:
        if script is not None:
            say(f"Drafted {Path(script.path).relative_to(MIGRATIONS.parent)}: read it before use.")
