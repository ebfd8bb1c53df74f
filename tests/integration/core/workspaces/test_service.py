"""Workspaces and members as commands and other features use them."""

import asyncio

import pytest

from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.ids import new_id
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.errors import BadKeyError, HandleTakenError, SlugTakenError
from services.core.workspaces.types import MemberDraft, Scope, Workspace
from tests.support.client import make_key
from tests.support.queries import captured_queries


async def test_the_default_workspace_is_made_once_by_however_many_starters(
    database: Database,
) -> None:
    made = await asyncio.gather(*(workspaces.ensure_default_workspace(database) for _ in range(8)))
    assert len({workspace.id for workspace in made}) == 1
    assert await workspaces.list_workspaces(database) == [made[0]]


async def test_a_short_name_belongs_to_one_workspace(database: Database) -> None:
    await workspaces.create_workspace(database, "Glow")
    with pytest.raises(SlugTakenError):
        await workspaces.create_workspace(database, "glow!")
    assert len(await workspaces.list_workspaces(database)) == 1


async def test_a_name_without_letters_of_ours_still_gets_a_short_name(database: Database) -> None:
    workspace = await workspaces.create_workspace(database, "暖线")
    assert workspace.slug.startswith("w-")


async def test_a_workspace_is_found_by_short_name_or_id(
    database: Database, workspace: Workspace
) -> None:
    for wanted in (workspace.slug, str(workspace.id)):
        assert await workspaces.find_workspace(database, wanted) == workspace
    for unknown in ("nobody", str(new_id())):
        assert await workspaces.find_workspace(database, unknown) is None


async def test_a_key_is_found_by_its_prefix(database: Database, workspace: Workspace) -> None:
    key = await make_key(database, workspace.id)
    found = await workspaces.find_key(database, key.split("_")[1])
    assert found is not None
    assert found.workspace_id == workspace.id
    assert await workspaces.find_key(database, "nothing0") is None


async def test_a_key_needs_a_scope_a_future_and_a_member_that_exists(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        with pytest.raises(InvalidInputError):
            await workspaces.create_key(uow, name="x", scopes=[])
        with pytest.raises(InvalidInputError):
            await workspaces.create_key(uow, name="x", scopes=[Scope.READ], expires_at=uow.now)
        with pytest.raises(NotFoundError):
            await workspaces.create_key(uow, name="x", scopes=[Scope.READ], member_id=new_id())


async def test_what_is_no_key_asks_the_database_nothing(database: Database) -> None:
    with captured_queries(database) as asked:
        for raw in (None, "", "wl_", "x" * 1_000_000):
            with pytest.raises(BadKeyError):
                await workspaces.authenticate(database, raw)
    assert asked == []


async def test_a_busy_key_asks_the_database_once(database: Database, workspace: Workspace) -> None:
    key = await make_key(database, workspace.id)
    with captured_queries(database) as asked:
        callers = await asyncio.gather(*(workspaces.authenticate(database, key) for _ in range(50)))
    assert len(set(callers)) == 1
    # The hash, what the key may do, and the trace that it was used.
    assert len(asked) == 3


async def test_members_are_found_by_handle(database: Database, workspace: Workspace) -> None:
    async with database.unit(workspace.id) as uow:
        lin = await workspaces.create_member(uow, MemberDraft("lin", "林夏"))
        assert await workspaces.find_member_ids(uow, ["lin", "nobody"]) == {"lin": lin.id}
        assert await workspaces.find_member_ids(uow, []) == {}
        with pytest.raises(HandleTakenError):
            await workspaces.create_member(uow, MemberDraft("lin", "Lin"))


async def test_nothing_changes_for_what_is_not_there(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        for attempt in (
            workspaces.get_member(uow, new_id()),
            workspaces.change_member(uow, new_id(), {"name": "x"}),
            workspaces.revoke_key(uow, new_id()),
        ):
            with pytest.raises(NotFoundError):
                await attempt
    async with database.unit(new_id()) as uow:
        for attempt_here in (
            workspaces.get_workspace(uow),
            workspaces.change_workspace(uow, {"name": "x"}),
        ):
            with pytest.raises(NotFoundError):
                await attempt_here
