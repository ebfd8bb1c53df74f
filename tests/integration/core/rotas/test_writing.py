"""Writing rotas and teams: at once, at most, and what is announced."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.core.kit.errors import DomainError, InvalidInputError
from services.core.kit.uow import Database
from services.core.rotas import rules
from services.core.rotas import service as rotas
from services.core.rotas.errors import (
    RotaNameTakenError,
    TeamNameTakenError,
    TooManyOverridesError,
    TooManyRotasError,
    TooManyTeamsError,
)
from services.core.rotas.types import Layer, OverrideDraft, RotaDraft, TeamDraft
from services.core.stream import service as stream
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace


@pytest.fixture
async def lin(database: Database, workspace: Workspace) -> UUID:
    async with database.unit(workspace.id) as uow:
        return (await workspaces.create_member(uow, MemberDraft("lin", "Lin"))).id


def draft(member: UUID, name: str = "Nights") -> RotaDraft:
    return RotaDraft(name, "Asia/Shanghai", (Layer("first", (member,), date(2026, 11, 23)),))


async def test_of_two_overrides_at_once_one_is_taken(
    database: Database, workspace: Workspace, lin: UUID
) -> None:
    async with database.unit(workspace.id) as uow:
        rota = await rotas.create_rota(uow, draft(lin))

    inside = asyncio.Barrier(8)

    async def override() -> object:
        async with database.unit(workspace.id) as uow:
            # A new connection is slower at first: each asks once, so that none comes late.
            await rotas.list_gaps(uow, uow.now + timedelta(days=1))
            await inside.wait()
            window = OverrideDraft(lin, uow.now, uow.now + timedelta(hours=1))
            return await rotas.override_rota(uow, rota.id, window)

    done = await asyncio.gather(*(override() for _ in range(8)), return_exceptions=True)
    refused = [each for each in done if isinstance(each, InvalidInputError)]
    assert len(refused) == 7
    assert {problem.code for each in refused for problem in each.errors} == {"overlap"}
    async with database.read(workspace.id) as uow:
        assert len(await rotas.list_overrides(uow, rota.id)) == 1


async def test_a_name_is_taken_once_however_many_want_it_at_once(
    database: Database, workspace: Workspace, lin: UUID
) -> None:
    inside = asyncio.Barrier(4)

    async def create(what: str) -> object:
        async with database.unit(workspace.id) as uow:
            await rotas.list_gaps(uow, uow.now + timedelta(days=1))
            await inside.wait()
            if what == "rota":
                return await rotas.create_rota(uow, draft(lin))
            return await rotas.create_team(uow, TeamDraft("Care", (lin,)))

    for what, refusal in (("rota", RotaNameTakenError), ("team", TeamNameTakenError)):
        done = await asyncio.gather(*(create(what) for _ in range(4)), return_exceptions=True)
        refused = [each for each in done if isinstance(each, DomainError)]
        assert [type(each) for each in refused] == [refusal] * 3


async def test_there_are_so_many_at_most(
    database: Database, workspace: Workspace, lin: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_ROTAS", 1)
    monkeypatch.setattr(rules, "MOST_TEAMS", 1)
    monkeypatch.setattr(rules, "MOST_OVERRIDES", 1)
    async with database.unit(workspace.id) as uow:
        rota = await rotas.create_rota(uow, draft(lin))
        await rotas.create_team(uow, TeamDraft("Care"))
        window = OverrideDraft(lin, uow.now, uow.now + timedelta(hours=1))
        await rotas.override_rota(uow, rota.id, window)
        with pytest.raises(TooManyRotasError):
            await rotas.create_rota(uow, draft(lin, "Days"))
        with pytest.raises(TooManyTeamsError):
            await rotas.create_team(uow, TeamDraft("Sales"))
        later = OverrideDraft(lin, window.ends_at, window.ends_at + timedelta(hours=1))
        with pytest.raises(TooManyOverridesError):
            await rotas.override_rota(uow, rota.id, later)


async def test_what_happens_to_rotas_and_teams_is_announced_in_order(
    database: Database, workspace: Workspace, lin: UUID
) -> None:
    async with database.unit(workspace.id) as uow:
        rota = await rotas.create_rota(uow, draft(lin))
        await rotas.change_rota(uow, rota.id, draft(lin, "Days"))
        window = OverrideDraft(lin, uow.now, uow.now + timedelta(hours=1))
        override = await rotas.override_rota(uow, rota.id, window)
        await rotas.end_override(uow, rota.id, override.id)
        await rotas.archive_rota(uow, rota.id)
        team = await rotas.create_team(uow, TeamDraft("Care", (lin,)))
        await rotas.change_team(uow, team.id, TeamDraft("Sales"))
        await rotas.archive_team(uow, team.id)
    await stream.publish(database)
    async with database.read(workspace.id) as uow:
        facts = await stream.read_after(uow, 0, limit=100)
    told = [each.fact.kind for each in facts]
    assert [kind for kind in told if kind.startswith(("rota.", "team."))] == [
        "rota.created",
        "rota.changed",
        "rota.overridden",
        "rota.override_ended",
        "rota.archived",
        "team.created",
        "team.changed",
        "team.archived",
    ]
