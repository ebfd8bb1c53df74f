"""The floor under every table and every connection: metadata, types, engines, roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, MetaData, Text, event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from services.core.kit import tracing
from services.core.kit.clock import host_nanoseconds, monotonic

# The role of everyday work: owns nothing, so row-level security binds it.
APP_ROLE = "warmline_app"
# The role of the few statements that look across workspaces: claims, directories, totals.
SYSTEM_ROLE = "warmline_system"

# The first Postgres that can end a transaction as a whole.
TRANSACTION_TIMEOUT_SINCE = (17,)

_ANSWER_SLACK_SECONDS = 1.0
# Used so lately, a connection is taken to be alive.
TRUSTED_SECONDS = 1.0

# Storage of tables whose rows change state and are soon done with: vacuumed early and at full
# speed, with room beside each row for its next version.
QUEUE_TABLE = {
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_delay": "0",
    "fillfactor": "85",
}

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Json = dict[str, Any]
Key = Annotated[UUID, mapped_column(PG_UUID(as_uuid=True), primary_key=True)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]


class Base(DeclarativeBase):
    """Tables are read and written as rows; there is no lazy loading to trip over."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        UUID: PG_UUID(as_uuid=True),
        datetime: DateTime(timezone=True),
        str: Text(),
        list[str]: ARRAY(Text()),
        Json: JSONB(),
        list[Json]: JSONB(),
    }


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Milliseconds after which Postgres ends a statement, a lock wait or an idle transaction."""

    statement_timeout_ms: int = 5_000
    lock_timeout_ms: int = 2_000
    idle_in_transaction_timeout_ms: int = 15_000

    @property
    def answer_seconds(self) -> float:
        """How long a client waits for a statement's answer before it holds the line for dead.

        Postgres ends a statement long before; only a Postgres that is unreachable says nothing.
        """
        return self.statement_timeout_ms / 1000 + _ANSWER_SLACK_SECONDS

    @property
    def transaction_timeout_ms(self) -> int:
        """For a whole transaction: a process frozen amid piped statements idles in none of them."""
        return 2 * max(self.statement_timeout_ms, self.idle_in_transaction_timeout_ms)


def asyncpg_url(url: str) -> URL:
    """Any `postgres://` or `postgresql://` address as SQLAlchemy's asyncpg dialect wants it."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    return parsed.set(drivername="postgresql+asyncpg")


def create_engine(
    url: str,
    *,
    limits: ConnectionLimits | None = None,
    pool_size: int = 10,
    acquire_timeout: float = 2.0,
    role: str | None = APP_ROLE,
    application_name: str = "warmline",
) -> AsyncEngine:
    """An engine whose connections start as `role`, in UTC, with every wait bounded.

    `role=None` connects as the address says: for migrations only.
    """
    limits = limits or ConnectionLimits()
    engine = create_async_engine(
        asyncpg_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=acquire_timeout,
        # The few that are needed stay warm: each has to plan the statements for itself.
        pool_use_lifo=True,
        connect_args={
            "server_settings": _server_settings(limits, role, application_name),
            "timeout": 5,
            "command_timeout": limits.answer_seconds,
        },
    )
    _give_up_on_silence(engine)
    _ask_after_rest(engine)
    if tracing.is_on():
        _time_statements(engine)
    if role is not None:
        _bound_transactions(engine, limits.transaction_timeout_ms)
    return engine


def _give_up_on_silence(engine: AsyncEngine) -> None:
    """A line on which no answer came is hung up on: a rollback on it would wait just as long."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def hang_up(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, TimeoutError):
            context.is_disconnect = True
            context.invalidate_pool_on_disconnect = False


def _ask_after_rest(engine: AsyncEngine) -> None:
    """A restarted Postgres must not hand out corpses: who has rested is asked whether it lives.

    The question is a transaction of its own, as dear as a small unit. A connection that served a
    moment ago is spared it: if Postgres hung up on that since, its socket has said so.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_driver: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["rests_since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def ask(driver: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
        rests_since = entry.info.get("rests_since")
        if driver.driver_connection.is_closed():
            raise InvalidatePoolError
        if rests_since is None or monotonic() - rests_since < TRUSTED_SECONDS:
            return
        try:
            driver.ping()
        except engine.sync_engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _time_statements(engine: AsyncEngine) -> None:
    """Tell the span under way how long its statements took: verb and table, nothing else of them.

    Looked for when the engine is made: without traces no statement pays for them.
    """

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def begin(*told: Any) -> None:
        told[4].began = host_nanoseconds()

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def end(*told: Any) -> None:
        tracing.note_statement(told[2], told[4].began)


def _bound_transactions(engine: AsyncEngine, milliseconds: int) -> None:
    """Have Postgres end transactions that stay open; only 17 and newer can, and older ones refuse.

    A worker that was stopped while it sent statements in a row would else keep its entries locked
    for as long as it sleeps: no other limit runs between two statements of a pipeline.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def bound(connection: Any, _record: object) -> None:
        if connection.driver_connection.get_server_version() >= TRANSACTION_TIMEOUT_SINCE:
            statement = f"SET transaction_timeout = {milliseconds}"
            connection.run_async(lambda driver: driver.execute(statement))


def _server_settings(
    limits: ConnectionLimits, role: str | None, application_name: str
) -> Mapping[str, str]:
    settings = {
        "application_name": application_name,
        "timezone": "UTC",
        # Short statements pay more for compiling than they win.
        "jit": "off",
        "statement_timeout": str(limits.statement_timeout_ms),
        "lock_timeout": str(limits.lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(limits.idle_in_transaction_timeout_ms),
    }
    return settings if role is None else settings | {"role": role}


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Enums are text and a CHECK: readable in psql, extended by an ordinary migration."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def in_range(column: str) -> CheckConstraint:
    """Years 2000 to 2100: a `20000-01-01` in a row makes the driver raise on every read of it."""
    return CheckConstraint(
        f"{column} >= '2000-01-01 00:00:00+00' AND {column} < '2101-01-01 00:00:00+00'",
        name=f"{column}_range",
    )
