"""A stretch of an ordered list: how far somebody has read, which way, and how many come next."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

_Query = TypeVar("_Query", bound=Select[Any])


@dataclass(frozen=True, slots=True)
class Stretch:
    """`seen` are the values that order the last row already read, its id or number last.

    Without any of it, the whole list in its order.
    """

    seen: tuple[Any, ...] | None = None
    descending: bool = False
    limit: int | None = None

    def of(self, query: _Query, *order: InstrumentedAttribute[Any]) -> _Query:
        """The rows of the query that belong to it; `order` are what `seen` holds values of."""
        if self.seen is not None:
            query = query.where(self._beyond(order, self.seen))
        turned = [column.desc() for column in order] if self.descending else order
        return query.order_by(*turned).limit(self.limit)

    def sql(self, *order: str) -> str:
        """The end of a statement that has a WHERE already; `bound` are its parameters."""
        beyond = ""
        if self.seen is not None:
            values = ", ".join(f":seen_{place}" for place, _ in enumerate(order))
            beyond = f"AND ({', '.join(order)}) {'<' if self.descending else '>'} ({values}) "
        return f"{beyond}ORDER BY {self.order(*order)} LIMIT :most"

    def order(self, *order: str) -> str:
        """The columns as they stand after ORDER BY."""
        return ", ".join(f"{column} DESC" if self.descending else column for column in order)

    @property
    def bound(self) -> dict[str, Any]:
        """What `sql` names."""
        seen = {f"seen_{place}": value for place, value in enumerate(self.seen or ())}
        return seen | {"most": self.limit}

    def _beyond(
        self, order: tuple[InstrumentedAttribute[Any], ...], seen: tuple[Any, ...]
    ) -> ColumnElement[bool]:
        beyond: ColumnElement[bool]
        if len(order) == 1:
            beyond = order[0] < seen[0] if self.descending else order[0] > seen[0]
        else:
            place = tuple_(*order)
            beyond = place < seen if self.descending else place > seen
        return beyond


EVERYTHING = Stretch()


def oldest(limit: int) -> Stretch:
    """The first so many."""
    return Stretch(limit=limit)


def newest(limit: int) -> Stretch:
    """The last so many, backwards."""
    return Stretch(descending=True, limit=limit)
