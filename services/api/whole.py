"""Lists so short that they are read whole: put in order and cut into pages after the reading."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from services.api.deps import PageParams
from services.api.schemas.common import Page, ReadModel
from services.api.schemas.sorting import is_descending, purpose_of

_Model = TypeVar("_Model", bound=ReadModel)

# What such a list can be ordered by, and what a cursor of it holds.
_KINDS: Final[dict[str, type]] = {
    "name": str,
    "position": int,
    "starts_at": datetime,
    "created_at": datetime,
    "updated_at": datetime,
}


def part_of(rows: Sequence[_Model], page: PageParams, sort: StrEnum, *, noun: str) -> Page[_Model]:
    """The rows that `page` asks for, ordered by the field that `sort` names and by their ids.

    `noun` keeps the cursors of two lists apart. Raises InvalidCursorError.
    """
    purpose, field = purpose_of(noun, sort), sort.removeprefix("-")
    place = _place_by(field)
    ordered = sorted(rows, key=place, reverse=is_descending(sort))
    seen = page.start(_KINDS[field], UUID, purpose=purpose)
    if seen is not None:
        ordered = [row for row in ordered if _lies_beyond(place(row), seen, sort)]
    items, cursor = page.cut(ordered, lambda row: list(place(row)), purpose=purpose)
    return Page(items=list(items), next_cursor=cursor)


def _place_by(field: str) -> Callable[[Any], tuple[Any, UUID]]:
    return lambda row: (getattr(row, field), row.id)


def _lies_beyond(place: tuple[Any, UUID], seen: tuple[Any, ...], sort: StrEnum) -> bool:
    return place < seen if is_descending(sort) else place > seen
