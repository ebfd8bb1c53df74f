"""Turns a slice of rows into a page of the API: its models and a signed cursor."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from services.api.deps import PageParams
from services.api.schemas.common import Page, ReadModel
from services.core.board.types import Place, Slice, View

_Model = TypeVar("_Model", bound=ReadModel)


def place_of(page: PageParams, purpose: str) -> Place | None:
    """Where the page starts after. Raises InvalidCursorError."""
    start = page.start(datetime, UUID, purpose=purpose)
    return None if start is None else (start[0], start[1])


def page_of(
    model: type[_Model], found: Slice[View], page: PageParams, purpose: str
) -> Page[_Model]:
    """`purpose` keeps the cursors of two lists apart."""
    items = [model.model_validate(view) for view in found.items]
    end = None if found.end is None else page.next_cursor(list(found.end), purpose=purpose)
    return Page(items=items, next_cursor=end)
