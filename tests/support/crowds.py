"""Makes many of what a world has one of, so that lists have something to be long about."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Table, insert, select
from sqlalchemy.exc import DBAPIError

from services.core.kit.uow import Database
from services.core.models import Base
from tests.support.worlds import FIND, World

# One row a workspace, by their nature.
_SINGLE = {"workspaces", "audit_heads", "stream_heads"}


async def multiply(database: Database, world: World, times: int) -> dict[str, int]:
    """Copy one row of each table so often, with keys of their own; returns how many were taken.

    Copies stand in the lists beside what they were copied from; what they belong to is the same.
    """
    taken: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        if "workspace_id" not in table.columns or table.name in _SINGLE:
            continue
        async with database.unit(world.workspace_id) as uow:
            query = select(table).where(table.c.workspace_id == world.workspace_id)
            one = (await uow.execute(_wanted(table, query, world).limit(1))).one_or_none()
            if one is None:
                continue
            copies = [_copy(table, dict(one._mapping), place) for place in range(1, times + 1)]
            try:
                async with uow.part():
                    await uow.execute(insert(table), copies)
            except DBAPIError:
                continue  # what can be there once only; whoever needs many of it says so
            taken[table.name] = times
    return taken


def _wanted(table: Table, query: Any, world: World) -> Any:
    """The row the world speaks of, where it names one of this table."""
    for name, sql in FIND.items():
        if sql.startswith(f"SELECT id FROM {table.name}") and "id" in table.columns:
            return query.where(table.c.id == UUID(world.ids[name]))
    return query


def _copy(table: Table, row: dict[str, Any], place: int) -> dict[str, Any]:
    """Another value in the last column of each unique key."""
    keys: list[list[Column[Any]]] = [list(table.primary_key.columns)]
    keys += [
        [column for column in index.columns if isinstance(column, Column)]
        for index in table.indexes
        if index.unique
    ]
    changed = {key[-1].name for key in keys if key and key[-1].name != "workspace_id"}
    written = {column.name: row[column.name] for column in table.columns if column.computed is None}
    return written | {name: _another(row[name], place) for name in changed}


def _another(value: Any, place: int) -> Any:
    if isinstance(value, UUID):
        return uuid4()
    if isinstance(value, datetime):
        return value + timedelta(seconds=place)
    if isinstance(value, str):
        return f"{value}-{place}"
    if isinstance(value, bytes):
        return value + bytes([place])
    return value + place if isinstance(value, int) and not isinstance(value, bool) else value
