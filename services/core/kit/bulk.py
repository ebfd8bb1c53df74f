"""Rows by the hundred in one statement: a list for each column, unnested by Postgres.

The statement's text depends on the columns alone, so it is prepared once, and a row costs its
values; a list of parameter sets costs a statement for each row, in the driver and in Postgres.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.core.kit.uow import UnitOfWork

Row = Mapping[str, Any]

_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]  # its constructor is untyped
_WORKSPACE: Final = "workspace_id"


async def insert_rows(
    uow: UnitOfWork, table: Table, rows: Sequence[Row], *, conflict: str = ""
) -> None:
    """Insert rows of this workspace; every row names the same columns.

    `conflict` is the end of the statement: `ON CONFLICT …`. A row met twice by a DO UPDATE is
    refused by Postgres, so the caller sends each key once.
    """
    if rows:
        names = _names(rows)
        await uow.execute(_insert(table, names, conflict, ""), _bound(uow, table, names, rows))


async def insert_missing(uow: UnitOfWork, table: Table, rows: Sequence[Row]) -> set[UUID]:
    """Insert what is not there by any unique key; returns the ids really inserted."""
    if not rows:
        return set()
    names = _names(rows)
    statement = _insert(table, names, "ON CONFLICT DO NOTHING", "RETURNING id")
    return set((await uow.execute(statement, _bound(uow, table, names, rows))).scalars())


async def update_rows(uow: UnitOfWork, table: Table, rows: Sequence[Row]) -> None:
    """Write rows of this workspace by `id`; every row names the same columns.

    The caller holds the rows: an update in no particular order waits for nobody then.
    """
    if rows:
        names = _names(rows)
        await uow.execute(_update(table, names), _bound(uow, table, names, rows))


def _names(rows: Sequence[Row]) -> tuple[str, ...]:
    # The workspace is the unit's, whatever a row says.
    return tuple(name for name in rows[0] if name != _WORKSPACE)


@lru_cache(maxsize=256)
def _insert(table: Table, names: tuple[str, ...], conflict: str, returning: str) -> TextClause:
    columns = ", ".join(names)
    return text(
        f"INSERT INTO {table.name} (workspace_id, {columns}) "
        f"SELECT :workspace_id, {_read(table, names)} FROM {_sent(table, names)} "
        f"{conflict} {returning}"
    )


@lru_cache(maxsize=256)
def _update(table: Table, names: tuple[str, ...]) -> TextClause:
    changes = ", ".join(f"{name} = {_value(table, name)}" for name in names if name != "id")
    return text(
        f"UPDATE {table.name} SET {changes} FROM {_sent(table, names)} "
        f"WHERE {table.name}.workspace_id = :workspace_id AND {table.name}.id = sent.id"
    )


def _read(table: Table, names: Sequence[str]) -> str:
    return ", ".join(_value(table, name) for name in names)


def _sent(table: Table, names: Sequence[str]) -> str:
    lists = ", ".join(f"CAST(:{name} AS {_sent_type(table, name)}[])" for name in names)
    return f"unnest({lists}) AS sent ({', '.join(names)})"


def _value(table: Table, name: str) -> str:
    """The column's value out of what was sent: documents and lists travel as JSON."""
    kind = table.c[name].type
    if isinstance(kind, JSONB):
        return f"CAST(sent.{name} AS jsonb)"
    if isinstance(kind, ARRAY):
        items = f"SELECT jsonb_array_elements_text(CAST(sent.{name} AS jsonb))"
        return f"CASE WHEN sent.{name} IS NOT NULL THEN ARRAY({items}) END"
    return f"sent.{name}"


def _sent_type(table: Table, name: str) -> str:
    kind = table.c[name].type
    return "text" if isinstance(kind, JSONB | ARRAY) else kind.compile(dialect=_DIALECT)


def _bound(
    uow: UnitOfWork, table: Table, names: Sequence[str], rows: Sequence[Row]
) -> dict[str, Any]:
    bound: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    for name in names:
        if isinstance(table.c[name].type, JSONB | ARRAY):
            bound[name] = [_document(value) for value in bound[name]]
    bound["workspace_id"] = uow.workspace_id
    return bound


def _document(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
