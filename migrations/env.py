"""Runs migrations as the owner: one transaction each, never waiting long for a lock."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, text

from services.core.kit.db import ConnectionLimits, create_engine
from services.core.models import Base
from services.core.settings import Settings

# A migration that waits for a lock makes everything queue behind it: give up and be run again.
LIMITS = ConnectionLimits(statement_timeout_ms=60_000, lock_timeout_ms=200)
# Two deployments starting at once migrate one after the other.
ADVISORY_LOCK = 0x7761726D


def include_object(
    _thing: object, name: str | None, kind: str, _reflected: bool, _other: object
) -> bool:
    """Partitions are made as time passes; the models know only their parent."""
    return not (kind == "table" and name is not None and name.startswith("deliveries_"))


def run(connection: Connection) -> None:
    """Configure Alembic on an open connection and run."""
    connection.execute(text("SET lock_timeout = '60s'"))
    connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
    connection.execute(text(f"SET lock_timeout = '{LIMITS.lock_timeout_ms}ms'"))
    connection.commit()
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
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


def _url_from_settings() -> str:
    url = Settings().database.url
    if url is None:
        message = "Set WARMLINE__DATABASE__URL, or let `warmline up` run the migrations."
        raise SystemExit(message)
    return url.get_secret_value()


asyncio.run(run_online())
