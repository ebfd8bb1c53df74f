"""Counts what a piece of code asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from services.core.kit.uow import Database

# What a unit of work says around every change; not what is counted.
_FRAME = ("SET LOCAL", "SET TRANSACTION", "SELECT now()", "SELECT pg_catalog", "show ")


@contextmanager
def counted_queries(database: Database) -> Iterator[list[str]]:
    """The statements that are run inside, in order, without those of the unit of work itself."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(_FRAME):
            asked.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)
