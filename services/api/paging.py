"""Turns a slice of rows into a page of the API: its models and a signed cursor."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from services.api.deps import PageParams
from services.api.schemas.common import Page, ReadModel
from services.api.schemas.sorting import is_by_name
from services.core.board.types import CaseSort, Place, Slice, View
from services.core.kit.cursors import CursorValue
from services.core.kit.stretches import Stretch
from services.core.triage.types import Tier

_Model = TypeVar("_Model", bound=ReadModel)


def place_of(page: PageParams, purpose: str) -> Place | None:
    """Where the page starts after. Raises InvalidCursorError."""
    start = page.start(datetime, UUID, purpose=purpose)
    return None if start is None else (start[0], start[1])


def case_place_of(
    page: PageParams, sort: CaseSort, purpose: str
) -> tuple[Place | None, Tier | None]:
    """The same, and the tier that was reached if cases are sorted by tier."""
    if not sort.by_tier:
        return place_of(page, purpose), None
    start = page.start(datetime, UUID, str, purpose=purpose)
    return (None, None) if start is None else ((start[0], start[1]), Tier(start[2]))


def made_or_named(page: PageParams, sort: StrEnum, purpose: str) -> Stretch:
    """Of a list whose rows lie by their ids, or by their names. Raises InvalidCursorError."""
    kinds = (str, UUID) if is_by_name(sort) else (UUID,)
    return page.stretch(sort, *kinds, purpose=purpose)


def end_of_named(sort: StrEnum) -> Callable[[Any], list[CursorValue]]:
    """What a cursor of such a list holds."""
    return lambda row: [row.name, row.id] if is_by_name(sort) else [row.id]


def page_of(
    model: type[_Model], found: Slice[View], page: PageParams, purpose: str
) -> Page[_Model]:
    """`purpose` keeps the cursors of two lists apart."""
    items = [model.model_validate(view) for view in found.items]
    if found.end is None:
        return Page(items=items)
    place: list[CursorValue] = [*found.end]
    if found.reached is not None:
        place.append(found.reached.value)
    return Page(items=items, next_cursor=page.next_cursor(place, purpose=purpose))
