"""Teams an alert may be for, and where each member is reached."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import LongPageQuery, ManageReadUnit, ManageUnit, ReadUnit
from services.api.errors import problems
from services.api.ladder_use import find_ladder_naming
from services.api.schemas.common import Page
from services.api.schemas.rotas import ContactsBody, ContactsView, TeamBody, TeamView
from services.api.schemas.sorting import NamedSort
from services.api.whole import part_of
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.rotas import service as rotas
from services.core.rotas.errors import TeamInUseError, TeamNameTakenError, TooManyTeamsError

router = APIRouter(prefix="/v1", tags=["rotas"])

_REFUSED = problems(TeamNameTakenError, TooManyTeamsError, InvalidInputError, NotFoundError)


@router.get("/teams", summary="List teams", responses=problems(InvalidCursorError))
async def list_teams(
    uow: ReadUnit, page: LongPageQuery, sort: NamedSort = NamedSort.NAME
) -> Page[TeamView]:
    """Live teams with their members. There are 200 at most."""
    found = [TeamView.model_validate(each) for each in await rotas.list_teams(uow)]
    return part_of(found, page, sort, noun="teams")


@router.post(
    "/teams", summary="Create a team", status_code=status.HTTP_201_CREATED, responses=_REFUSED
)
async def create_team(uow: ManageUnit, body: TeamBody, response: Response) -> TeamView:
    """Its members are named whole, now or later."""
    team = await rotas.create_team(uow, body.to_draft())
    response.headers["location"] = f"/v1/teams/{team.id}"
    response.headers["etag"] = f'"{team.version}"'
    return TeamView.model_validate(team)


@router.get("/teams/{team_id}", summary="Read a team", responses=problems(NotFoundError))
async def get_team(uow: ReadUnit, team_id: UUID, response: Response) -> TeamView:
    """Its name and its members."""
    team = await rotas.get_team(uow, team_id)
    response.headers["etag"] = f'"{team.version}"'
    return TeamView.model_validate(team)


@router.put("/teams/{team_id}", summary="Change a team", responses=_REFUSED)
async def change_team(
    uow: ManageUnit, team_id: UUID, body: TeamBody, response: Response
) -> TeamView:
    """Its name and all its members, in place of those before."""
    team = await rotas.change_team(uow, team_id, body.to_draft())
    response.headers["etag"] = f'"{team.version}"'
    return TeamView.model_validate(team)


@router.delete(
    "/teams/{team_id}",
    summary="Archive a team",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError, TeamInUseError),
)
async def archive_team(uow: ManageUnit, team_id: UUID) -> None:
    """One that a live ladder names cannot be; climbing alerts would ask the next wider circle."""
    ladder = await find_ladder_naming(uow, team_id)
    if ladder is not None:
        raise TeamInUseError(ladder)
    await rotas.archive_team(uow, team_id)


@router.get(
    "/members/{member_id}/contacts",
    summary="Read where a member is reached",
    responses=problems(NotFoundError),
)
async def get_contacts(uow: ManageReadUnit, member_id: UUID) -> ContactsView:
    """By platform; what is not there was never said."""
    return ContactsView.of(await rotas.list_contacts(uow, member_id))


@router.put(
    "/members/{member_id}/contacts",
    summary="Say where a member is reached",
    responses=problems(NotFoundError, InvalidInputError),
)
async def put_contacts(uow: ManageUnit, member_id: UUID, body: ContactsBody) -> ContactsView:
    """All of them at once. Each is checked to be spelled as its platform spells a person."""
    return ContactsView.of(await rotas.put_contacts(uow, member_id, body.to_domain()))
