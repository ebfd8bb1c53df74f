"""Runs migrations as the owner: one transaction each, never waiting long for a lock."""

import asyncio
import time
from typing import Any

from alembic import context
from sqlalchemy import Connection, text

from services.core.kit.db import ConnectionLimits, create_engine
from services.core.models import Base
from services.core.settings import Settings

# A migration that waits for a lock makes everything queue behind it: give up, and whoever called
# tries again (`warmline migrate` does).
LIMITS = ConnectionLimits(statement_timeout_ms=60_000, lock_timeout_ms=200)
# Two deployments starting at once migrate one after the other.
ADVISORY_LOCK = 0x7761726D
LONGEST_TURN, LOOK_SECONDS = 60.0, 0.2


def include_object(
    _thing: object, name: str | None, kind: str, _reflected: bool, _other: object
) -> bool:
    """Partitions are made as time passes; the models know only their parent."""
    return not (kind == "table" and name is not None and name.startswith("deliveries_"))


def wait_for_our_turn(connection: Connection) -> None:
    """Asks again and again. Who waits inside a statement holds a snapshot, for which an index that
    the other one builds concurrently would wait in turn, and both for ever.
    """
    for _ in range(int(LONGEST_TURN / LOOK_SECONDS)):
        ours = connection.execute(text(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})"))
        taken = bool(ours.scalar_one())
        connection.commit()
        if taken:
            return
        time.sleep(LOOK_SECONDS)
    raise SystemExit("Another migration has been at work here for a minute; try again later.")


def run(connection: Connection) -> None:
    """Configure Alembic on an open connection and run."""
    wait_for_our_turn(connection)
    options: dict[str, Any] = {
        "target_metadata": Base.metadata,
        "include_object": include_object,
        "compare_server_default": True,
        "transaction_per_migration": True,
    }
    context.configure(connection=connection, **options)
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    url = context.config.attributes.get("url") or _url_from_settings()
    engine = create_engine(url, limits=LIMITS, role=None, application_name="warmline-migrate")
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
            await connection.commit()
    finally:
        # Whoever tries again must not find our turn still taken by ourselves.
        await engine.dispose()


def _url_from_settings() -> str:
    url = Settings().database.url
    if url is None:
        message = "Set WARMLINE__DATABASE__URL, or let `warmline up` run the migrations."
        raise SystemExit(message)
    return url.get_secret_value()


asyncio.run(run_online())
