"""What goes wrong in one workspace, and what that costs the others: nothing."""

import pytest

from services.core.kit.errors import UnavailableError
from services.core.kit.turns import apart
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace


async def test_what_breaks_in_one_workspace_ends_there(
    database: Database, workspace: Workspace
) -> None:
    async with apart(database, workspace.id, "a test"), database.unit(workspace.id):
        raise ZeroDivisionError


async def test_a_database_that_is_away_is_nobodys_fault(
    database: Database, workspace: Workspace
) -> None:
    with pytest.raises(UnavailableError):
        async with apart(database, workspace.id, "a test"):
            raise UnavailableError


async def test_what_fails_in_a_part_is_undone_and_what_came_before_stays(
    database: Database, workspace: Workspace
) -> None:
    change = "UPDATE workspaces SET name = :name WHERE id = :id"
    name_of = "SELECT name FROM workspaces WHERE id = :id"
    async with database.unit(workspace.id) as uow:
        await uow.execute(change, {"name": "before", "id": workspace.id})
        with pytest.raises(ZeroDivisionError):
            async with uow.part():
                await uow.execute(change, {"name": "inside", "id": workspace.id})
                raise ZeroDivisionError
    async with database.read(workspace.id) as uow:
        assert (await uow.execute(name_of, {"id": workspace.id})).scalar_one() == "before"
