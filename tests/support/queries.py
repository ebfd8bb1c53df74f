"""Counts what a piece of code asks of the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from services.core.kit.uow import Database

# What a unit of work says around every change; not what is counted.
_FRAME = ("SET LOCAL", "SET TRANSACTION", "SELECT now()", "SELECT pg_catalog", "show ")


Sent = tuple[str, Any]


@contextmanager
def captured_queries(database: Database) -> Iterator[list[Sent]]:
    """Statements and their parameters, but for the three that open every unit of work."""
    sent: list[Sent] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.startswith(("SET ", "SELECT now()")):
            sent.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def counted_queries(database: Database) -> Iterator[Sequence[Sent]]:
    """The same, for counting them."""
    with captured_queries(database) as sent:
        yield sent
