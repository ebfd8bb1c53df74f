"""On-call rotas: written in versions, overridden for a while, and asked who is on call."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.api.deps import LongPageQuery, ManageUnit, ReadUnit, WorkUnit
from services.api.errors import problems
from services.api.ladder_use import find_ladder_naming
from services.api.schemas.common import Moment, Page
from services.api.schemas.rotas import (
    GapView,
    OnCallView,
    OverrideBody,
    OverrideView,
    RotaBody,
    RotaView,
    ShiftView,
    WatchedRotaView,
)
from services.api.schemas.sorting import NamedSort, StartSort, VersionSort, purpose_of
from services.api.whole import part_of
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.rotas import rules
from services.core.rotas import service as rotas
from services.core.rotas.errors import (
    OverrideOverError,
    RotaInUseError,
    RotaNameTakenError,
    TooManyOverridesError,
    TooManyRotasError,
)
from services.core.rotas.types import Rota
from services.core.workspaces import service as workspaces

router = APIRouter(prefix="/v1/rotas", tags=["rotas"])

LOOK_AHEAD = timedelta(days=28)
MOST_GAPS = 20
_FORTNIGHT = 14
_REFUSED = problems(RotaNameTakenError, TooManyRotasError, InvalidInputError, NotFoundError)


@router.get("", summary="List rotas", responses=problems(InvalidCursorError))
async def list_rotas(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> Page[RotaView]:
    """Live rotas. There are 100 at most."""
    found = [RotaView.of(each) for each in await rotas.list_rotas(uow)]
    return part_of(found, page, sort, noun="rotas")


@router.post("", summary="Create a rota", status_code=status.HTTP_201_CREATED, responses=_REFUSED)
async def create_rota(uow: ManageUnit, body: RotaBody, response: Response) -> WatchedRotaView:
    """`gaps` say when nobody will be on call; it is saved all the same."""
    rota = await rotas.create_rota(uow, body.to_draft())
    response.headers["location"] = f"/v1/rotas/{rota.id}"
    return await _watched(uow, rota, response)


@router.get("/gaps", summary="List the coming gaps of every rota")
async def list_gaps(
    uow: ReadUnit,
    days: Annotated[
        int, Query(ge=1, le=rules.LONGEST_RANGE.days, description="How far to look ahead.")
    ] = _FORTNIGHT,
) -> Page[GapView]:
    """Where nobody will be on call though somebody has to be, the earliest first."""
    gaps = await rotas.list_gaps(uow, uow.now + timedelta(days=days))
    return Page(items=[GapView.model_validate(gap) for gap in gaps])


@router.get("/{rota_id}", summary="Read a rota", responses=problems(NotFoundError))
async def get_rota(uow: ReadUnit, rota_id: UUID, response: Response) -> WatchedRotaView:
    """The current version. Who is on call now is told by `/on-call`."""
    return await _watched(uow, await rotas.get_rota(uow, rota_id), response)


@router.put("/{rota_id}", summary="Save the next version of a rota", responses=_REFUSED)
async def change_rota(
    uow: ManageUnit, rota_id: UUID, body: RotaBody, response: Response
) -> WatchedRotaView:
    """In force at once, for alerts that climb already as well."""
    return await _watched(uow, await rotas.change_rota(uow, rota_id, body.to_draft()), response)


@router.delete(
    "/{rota_id}",
    summary="Archive a rota",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, RotaInUseError),
)
async def archive_rota(uow: ManageUnit, rota_id: UUID) -> None:
    """One that a live ladder names cannot be; climbing alerts would ask the next wider circle."""
    ladder = await find_ladder_naming(uow, rota_id)
    if ladder is not None:
        raise RotaInUseError(ladder)
    await rotas.archive_rota(uow, rota_id)


@router.get(
    "/{rota_id}/versions",
    summary="List the versions of a rota",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_versions(
    uow: ReadUnit,
    rota_id: UUID,
    page: LongPageQuery,
    sort: VersionSort = VersionSort.OLDEST,
) -> Page[RotaView]:
    """Every version ever saved, those of archived rotas included."""
    purpose = purpose_of(f"versions/{rota_id}", sort)
    stretch = page.stretch(sort, int, purpose=purpose)
    found = await rotas.list_versions(uow, rota_id, stretch)
    items, cursor = page.cut(found, lambda one: [one.version], purpose=purpose)
    return Page(items=[RotaView.of(each) for each in items], next_cursor=cursor)


@router.get(
    "/{rota_id}/on-call",
    summary="Say who is on call",
    responses=problems(NotFoundError),
)
async def show_on_call(
    uow: ReadUnit,
    rota_id: UUID,
    at: Annotated[Moment | None, Query(description="Now, if left out.")] = None,
) -> OnCallView:
    """With overrides, absences and stand-ins as they are known now. Nobody is a null."""
    shift = await rotas.show_on_call(uow, rota_id, at or uow.now)
    if shift.member_id is None:
        return OnCallView.named(shift, None)
    member = await workspaces.get_member(uow, shift.member_id)
    return OnCallView.named(shift, member.name)


@router.get(
    "/{rota_id}/shifts",
    summary="List the shifts of a rota",
    responses=problems(NotFoundError, InvalidInputError),
)
async def list_shifts(
    uow: ReadUnit,
    rota_id: UUID,
    start: Annotated[Moment | None, Query(alias="from", description="Now, if left out.")] = None,
    end: Annotated[
        Moment | None,
        Query(alias="to", description="At most 92 days later; 14, if left out."),
    ] = None,
) -> Page[ShiftView]:
    """The whole range, without holes or overlaps; in a gap nobody is on call.

    Laid out by the version in force now, also for what has been.
    """
    start = start or uow.now
    end = end or start + timedelta(days=_FORTNIGHT)
    shifts = await rotas.list_shifts(uow, rota_id, start, end)
    return Page(items=[ShiftView.model_validate(shift) for shift in shifts])


@router.get(
    "/{rota_id}/overrides",
    summary="List the overrides of a rota",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_overrides(
    uow: ReadUnit, rota_id: UUID, page: LongPageQuery, sort: StartSort = StartSort.EARLIEST
) -> Page[OverrideView]:
    """Those that run and those to come. There are at most 200."""
    listed = await rotas.list_overrides(uow, rota_id)
    found = [OverrideView.model_validate(each) for each in listed]
    return part_of(found, page, sort, noun=f"overrides/{rota_id}")


@router.post(
    "/{rota_id}/overrides",
    summary="Override a rota for a while",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFoundError, TooManyOverridesError, InvalidInputError),
)
async def override_rota(uow: WorkUnit, rota_id: UUID, body: OverrideBody) -> OverrideView:
    """One member has it from a moment to another; overrides of a rota do not overlap."""
    override = await rotas.override_rota(uow, rota_id, body.to_draft(uow.now))
    return OverrideView.model_validate(override)


@router.delete(
    "/{rota_id}/overrides/{override_id}",
    summary="End an override, or take it back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, OverrideOverError),
)
async def end_override(uow: WorkUnit, rota_id: UUID, override_id: UUID) -> None:
    """One that runs ends now; one that has not begun never was."""
    await rotas.end_override(uow, rota_id, override_id)


async def _watched(uow: UnitOfWork, rota: Rota, response: Response) -> WatchedRotaView:
    response.headers["etag"] = f'"{rota.version}"'
    gaps = await rotas.list_gaps(uow, uow.now + LOOK_AHEAD, rota_id=rota.id)
    return WatchedRotaView.watched(rota, gaps[:MOST_GAPS])
