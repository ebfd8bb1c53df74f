"""What no single message shows: detectors, tried on the past before they are switched on."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.api.deps import LongPageQuery, ManageReadUnit, ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.detectors import (
    BUILT_IN,
    BacktestView,
    DetectorBody,
    DetectorsView,
    DetectorView,
    FiringView,
    PresetView,
    TryBody,
    presets,
)
from services.api.schemas.sorting import FiringSort, NamedSort, purpose_of
from services.api.whole import part_of
from services.core.detectors import service as detectors
from services.core.detectors.errors import (
    DetectorNameTakenError,
    NothingKeptError,
    TooLittleHistoryError,
    TooManyDetectorsError,
)
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError

router = APIRouter(prefix="/v1/detectors", tags=["detectors"])

FIRINGS = "detector_firings"


@router.get("", summary="List detectors", responses=problems(InvalidCursorError))
async def list_detectors(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> DetectorsView:
    """There are 50 at most; `built_in`, the same on every page, watches without being asked."""
    found = [DetectorView.of(one) for one in await detectors.list_detectors(uow)]
    part = part_of(found, page, sort, noun="detectors")
    return DetectorsView(items=part.items, built_in=BUILT_IN, next_cursor=part.next_cursor)


@router.get("/presets", summary="List kinds of detectors")
async def list_presets(uow: ReadUnit) -> Page[PresetView]:  # noqa: ARG001 - asks for a key
    """What each kind compares, within which bounds, and values to begin with."""
    return Page(items=presets())


@router.post(
    "",
    summary="Create a detector",
    status_code=status.HTTP_201_CREATED,
    responses=problems(DetectorNameTakenError, TooManyDetectorsError, InvalidInputError),
)
async def create_detector(uow: ManageUnit, body: DetectorBody, response: Response) -> DetectorView:
    """Switched off until somebody says `enabled: true`. Try it first: `POST /v1/detectors/try`."""
    detector = DetectorView.of(await detectors.create_detector(uow, body.to_draft()))
    response.headers["location"] = f"/v1/detectors/{detector.id}"
    response.headers["etag"] = f'"{detector.version}"'
    return detector


@router.post(
    "/try",
    summary="Try a detector on the past",
    responses=problems(InvalidInputError, NothingKeptError, TooLittleHistoryError),
)
async def try_detector(uow: ManageReadUnit, body: TryBody) -> BacktestView:
    """When a draft would have fired in the last days, by the law of the live look."""
    draft = body.detector.to_draft()
    return BacktestView.of(await detectors.try_out(uow, draft, days=body.days))


@router.get("/firings", summary="List firings", responses=problems(InvalidCursorError))
async def list_firings(
    uow: ReadUnit,
    page: PageQuery,
    detector_id: UUID | None = None,
    sort: FiringSort = FiringSort.NEWEST,
) -> Page[FiringView]:
    """Unasked the last begun first; those of archived detectors stay."""
    purpose = purpose_of(FIRINGS, sort)
    stretch = page.stretch(sort, datetime, UUID, purpose=purpose)
    found = await detectors.list_firings(uow, stretch, detector_id=detector_id)
    items, cursor = page.cut(found, lambda one: [one.started_at, one.id], purpose=purpose)
    return Page(items=[FiringView.of(one) for one in items], next_cursor=cursor)


@router.get("/{detector_id}", summary="Read a detector", responses=problems(NotFoundError))
async def get_detector(uow: ReadUnit, detector_id: UUID, response: Response) -> DetectorView:
    """The version in force."""
    detector = DetectorView.of(await detectors.get_detector(uow, detector_id))
    response.headers["etag"] = f'"{detector.version}"'
    return detector


@router.put(
    "/{detector_id}",
    summary="Save the next version of a detector",
    responses=problems(NotFoundError, DetectorNameTakenError, InvalidInputError),
)
async def change_detector(
    uow: ManageUnit, detector_id: UUID, body: DetectorBody, response: Response
) -> DetectorView:
    """What the version before told of is resolved; the new one looks from the next minute on."""
    changed = await detectors.change_detector(uow, detector_id, body.to_draft())
    response.headers["etag"] = f'"{changed.version}"'
    return DetectorView.of(changed)


@router.delete(
    "/{detector_id}",
    summary="Archive a detector",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def archive_detector(uow: ManageUnit, detector_id: UUID) -> None:
    """It looks no more. Its firings stay."""
    await detectors.archive_detector(uow, detector_id)


@router.get(
    "/{detector_id}/backtest",
    summary="Try a saved detector on the past",
    responses=problems(NotFoundError, NothingKeptError, TooLittleHistoryError),
)
async def backtest_detector(
    uow: ReadUnit, detector_id: UUID, days: Annotated[int, Query(ge=1, le=30)] = 30
) -> BacktestView:
    """When it would have fired, had it looked every minute of these days."""
    return BacktestView.of(await detectors.backtest(uow, detector_id, days=days))
