"""Numbers by their names, and the rows behind each of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from services.api.deps import PageQuery, ReadUnit
from services.api.errors import problems
from services.api.routes.objectives import AskedRange, Format
from services.api.schemas.common import Page
from services.api.schemas.metrics import (
    DefinitionsView,
    DefinitionView,
    MeasuredView,
    RowView,
)
from services.core.kit.cursors import InvalidCursorError
from services.core.metrics import service as metrics
from services.core.metrics.definitions import REGISTRY
from services.core.metrics.errors import CellError, UnknownMetricError, UnknownSplitError
from services.core.metrics.sheets import as_csv
from services.core.metrics.types import Coordinates, Part, Split
from services.core.objectives.errors import RangeError, UnknownTimeZoneError

router = APIRouter(prefix="/v1/metrics", tags=["metrics"])

ROWS = "metrics.rows"
Name = Annotated[str, Path(max_length=60, description="As in the list.", examples=["reply_rate"])]


@router.get("", summary="List every metric and what it means")
async def list_metrics(uow: ReadUnit) -> DefinitionsView:  # noqa: ARG001 - a key is asked for
    """Names, words in Chinese and English, what is left out, and what each can be split by."""
    return DefinitionsView(
        metrics=[DefinitionView.of_definition(found) for found in REGISTRY.values()]
    )


@router.get(
    "/{name}",
    summary="Read a metric",
    response_model=MeasuredView,
    responses=problems(RangeError, UnknownTimeZoneError, UnknownMetricError, UnknownSplitError)
    | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_metric(
    uow: ReadUnit,
    name: Name,
    wanted: AskedRange,
    by: Split | None = None,
    form: Annotated[Format, Query(alias="format")] = Format.JSON,
) -> MeasuredView | Response:
    """Counted from the rows themselves, as of now, over at most 400 days.

    Split by day, days without anything have a cell too. Split by follower, post, member or source,
    the largest come first, a thousand at most.
    """
    found = await metrics.measure(uow, name, wanted, by)
    if form is Format.CSV:
        named = {"content-disposition": f'attachment; filename="{found.definition.name}.csv"'}
        return Response(as_csv(found), media_type="text/csv", headers=named)
    return MeasuredView.of(found)


@router.get(
    "/{name}/rows",
    summary="List the rows behind a number",
    responses=problems(
        RangeError,
        UnknownTimeZoneError,
        UnknownMetricError,
        UnknownSplitError,
        CellError,
        InvalidCursorError,
    ),
)
async def list_rows(
    uow: ReadUnit,
    name: Name,
    wanted: AskedRange,
    page: PageQuery,
    *,
    by: Split | None = None,
    key: Annotated[
        str | None, Query(max_length=200, description="The `key` of an item; goes with `by`.")
    ] = None,
    part: Annotated[
        Part, Query(description="All rows of the cell, or those its `part` counts.")
    ] = Part.ALL,
) -> Page[RowView]:
    """As many as the cell says, the first first. Without `by` and `key`, those of the total."""
    start = page.start(datetime, UUID, purpose=ROWS)
    after = None if start is None else (start[0], start[1])
    cell = Coordinates(by, key, part)
    found = await metrics.list_rows(uow, name, wanted, cell, after=after, limit=page.limit + 1)
    items, cursor = page.cut(found, lambda row: [row.at, row.id], purpose=ROWS)
    return Page(items=[RowView.model_validate(each) for each in items], next_cursor=cursor)
