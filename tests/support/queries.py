"""Counts what a piece of code asks of the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from services.core.kit.uow import Database

# Who calls is remembered for a second; on a slow machine it is asked again in between.
_OF_WHO_CALLS = ("api_keys", "FROM sessions")

Sent = tuple[str, Any]


@contextmanager
def captured_queries(database: Database, *, without: tuple[str, ...] = ()) -> Iterator[list[Sent]]:
    """Statements and their parameters, but for the three that open every unit of work."""
    sent: list[Sent] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        opening = statement.startswith(("SET ", "SELECT now()"))
        if not opening and not any(part in statement for part in without):
            sent.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def counted_queries(database: Database) -> Iterator[Sequence[Sent]]:
    """The same without those that find out who calls, for counting them."""
    with captured_queries(database, without=_OF_WHO_CALLS) as sent:
        yield sent
