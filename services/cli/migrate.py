"""Runs the migrations from inside the product: no configuration file, no shell, any folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import services
from services.cli.processes import database_address, resolve_settings
from services.cli.terminal import CommandError, run, say

if TYPE_CHECKING:
    import asyncpg
    from alembic.config import Config

MIGRATIONS = Path(services.__file__).parent.parent / "migrations"
_CONNECT_SECONDS = 10


def migrate(url: str) -> None:
    """Bring the schema to the newest revision; waits for another process that is at it.

    Alembic's environment runs an event loop of its own, so never call this from inside one.

    Raises:
        CommandError: the database is away, or newer than this code.
    """
    from alembic import command
    from alembic.util import CommandError as AlembicError
    from sqlalchemy.exc import DBAPIError

    try:
        command.upgrade(alembic_config(url), "head")
    except AlembicError as error:
        raise CommandError(
            f"This version does not know the database's schema ({error}). A newer Warmline has "
            "migrated it: run that one, or restore a backup."
        ) from error
    except DBAPIError as error:
        raise CommandError(f"The migration failed and was undone: {error.orig}") from error


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


def alembic_config(url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
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
