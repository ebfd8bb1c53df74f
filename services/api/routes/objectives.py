"""How promises were kept, what will be missed next, and what the objective leaves room for."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.api.deps import ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.objectives import (
    AtRiskView,
    AttainmentView,
    BandsView,
    BandView,
    ObjectiveBody,
    ObjectiveView,
    PromiseView,
    When,
)
from services.core.desk import promising
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError
from services.core.objectives import service as objectives
from services.core.objectives import sheets
from services.core.objectives.errors import KeyOfSplitError, RangeError, UnknownTimeZoneError
from services.core.objectives.types import By, Range, Selection, Standing, Verdict

router = APIRouter(prefix="/v1/objectives", tags=["objectives"])

ROWS = "objectives.rows"
AT_RISK = "objectives.at_risk"
MOST_MINUTES = 14 * 24 * 60


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


async def read_range(
    uow: ReadUnit,
    start: Annotated[
        When | None,
        Query(alias="from", description="A moment, or a day of `tz`. By default 28 days before."),
    ] = None,
    end: Annotated[
        When | None, Query(alias="to", description="Not included itself. By default now.")
    ] = None,
    tz: Annotated[
        str,
        Query(min_length=1, max_length=64, description="Whose days: an IANA name."),
    ] = "UTC",
) -> Range:
    return objectives.read_range(uow, start, end, tz)


AskedRange = Annotated[Range, Depends(read_range, scope="function")]
BadRange = problems(RangeError, UnknownTimeZoneError)


@router.get("", summary="Read the objective, its error budget and its burns")
async def get_objective(uow: ReadUnit, response: Response) -> ObjectiveView:
    """Until one is saved, the default is shown: 90 % of responses over 28 days."""
    return _show(await objectives.get_standing(uow), response)


@router.put("", summary="Save the objective", responses=problems(InvalidInputError))
async def save_objective(uow: ManageUnit, body: ObjectiveBody, response: Response) -> ObjectiveView:
    """The workspace has one. From now on misses that come too fast alert on the default ladder."""
    await promising.check_sources(uow, body.source_ids, "/source_ids")
    return _show(await objectives.save_objective(uow, body.to_objective()), response)


@router.get(
    "/attainment",
    summary="Read how promises were kept",
    response_model=AttainmentView,
    responses=BadRange | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_attainment(
    uow: ReadUnit,
    wanted: AskedRange,
    by: By = By.DAY,
    form: Annotated[Format, Query(alias="format")] = Format.JSON,
) -> AttainmentView | Response:
    """Promises due in a range of at most 400 days, split, with the times of their answers.

    Kept, broken and open are told for the clock, for the tier's target and for what the public was
    promised. As CSV, a line a key, then the total and resolution.
    """
    found = await objectives.measure(uow, wanted, by)
    if form is Format.CSV:
        named = {"content-disposition": f'attachment; filename="attainment-by-{by.value}.csv"'}
        return Response(sheets.as_csv(found), media_type="text/csv", headers=named)
    return AttainmentView.of(found)


@router.get(
    "/attainment/rows",
    summary="List the promises behind a number",
    responses=problems(RangeError, UnknownTimeZoneError, KeyOfSplitError, InvalidCursorError),
)
async def list_rows(
    uow: ReadUnit,
    wanted: AskedRange,
    page: PageQuery,
    *,
    by: By | None = None,
    key: Annotated[
        str | None, Query(max_length=200, description="The `key` of an item; goes with `by`.")
    ] = None,
    verdict: Verdict | None = None,
) -> Page[PromiseView]:
    """The first due first. Without `by` and `key`, every response of the range."""
    start = page.start(datetime, UUID, purpose=ROWS)
    after = None if start is None else (start[0], start[1])
    chosen = Selection(by, key, verdict)
    found = await objectives.list_rows(uow, wanted, chosen, after=after, limit=page.limit + 1)
    items, cursor = page.cut(found, lambda row: [row["due_at"], row["id"]], purpose=ROWS)
    return Page(items=[PromiseView.model_validate(each) for each in items], next_cursor=cursor)


@router.get("/attainment/bands", summary="Compare quick answers with slow ones", responses=BadRange)
async def compare_bands(uow: ReadUnit, wanted: AskedRange) -> BandsView:
    """What followers did after a first answer within 4 h, after more than 12 h, and between."""
    found = await objectives.compare_bands(uow, wanted)
    return BandsView(bands=[BandView.model_validate(each) for each in found])


@router.get(
    "/at-risk", summary="List what will be missed soon", responses=problems(InvalidCursorError)
)
async def list_at_risk(
    uow: ReadUnit,
    page: PageQuery,
    within_minutes: Annotated[int, Query(ge=1, le=MOST_MINUTES)] = 120,
) -> Page[AtRiskView]:
    """Promises due within this time that nobody has kept yet, the first due first.

    Those that stand still for nobody knows how long are left out; of two due at once, the direct
    message comes first.
    """
    start = page.start(datetime, int, UUID, purpose=AT_RISK)
    after = None if start is None else (start[0], start[1], start[2])
    within = timedelta(minutes=within_minutes)
    found = await objectives.list_at_risk(uow, within, after=after, limit=page.limit + 1)
    items, cursor = page.cut(
        found, lambda row: [row["due_at"], row["place"], row["id"]], purpose=AT_RISK
    )
    return Page(items=[AtRiskView.model_validate(each) for each in items], next_cursor=cursor)


def _show(standing: Standing, response: Response) -> ObjectiveView:
    # The figures move by themselves; what people edit has changed when it was saved.
    saved = standing.objective.updated_at
    response.headers["etag"] = f'"{int(saved.timestamp() * 1_000_000) if saved else 0}"'
    return ObjectiveView.of(standing)
