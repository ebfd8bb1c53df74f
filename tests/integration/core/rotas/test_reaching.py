"""Finding whom audiences name, many at a time, from what is kept."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.core.calendars import service as calendars
from services.core.calendars.types import StandstillDraft, StandstillReason
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.rotas import service as rotas
from services.core.rotas.types import (
    Audience,
    AudienceKind,
    ContactKind,
    GapReason,
    Layer,
    OverrideDraft,
    RotaDraft,
    TeamDraft,
    Wanted,
)
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Role, Workspace
from tests.support.queries import counted_queries

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ASSIGNEE = Audience(AudienceKind.ASSIGNEE)


class Team:
    """A workspace at noon: Lin and Mei take turns in a rota, Tao manages."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self.database = Database(database.engine, FrozenClock(NOON))
        self.workspace_id = workspace.id
        self.ids: dict[str, UUID] = {}

    async def gather(self) -> None:
        async with self.database.unit(self.workspace_id) as uow:
            for handle in ("lin", "mei", "tao"):
                role = Role.MANAGER if handle == "tao" else Role.MODERATOR
                draft = MemberDraft(handle, handle.title(), f"{handle}@example.com", role)
                self.ids[handle] = (await workspaces.create_member(uow, draft)).id
            turns = (self.ids["lin"], self.ids["mei"])
            layer = Layer("first", turns, date(2026, 11, 23), 0, 1)
            nights = await rotas.create_rota(uow, RotaDraft("Nights", "UTC", (layer,)))
            care = await rotas.create_team(uow, TeamDraft("Care", turns))
        self.ids |= {"rota": nights.id, "team": care.id}

    async def leave(self, who: str, stand_in: str | None = None) -> None:
        draft = StandstillDraft(
            StandstillReason.OUT_OF_OFFICE,
            NOON - HOUR,
            NOON + HOUR,
            member_id=self.ids[who],
            stand_in_id=self.ids[stand_in] if stand_in else None,
        )
        async with self.database.unit(self.workspace_id) as uow:
            await calendars.announce(uow, draft)

    async def ask(
        self, *audiences: Audience, assignee: str | None = None, at: datetime = NOON
    ) -> list[tuple[str, str]]:
        wanted = Wanted(audiences, self.ids[assignee] if assignee else None, at)
        async with self.database.read(self.workspace_id) as uow:
            (people,) = await rotas.resolve_audiences(uow, [wanted])
        return [(person.name, person.because) for person in people]

    @property
    def rota(self) -> Audience:
        return Audience(AudienceKind.ROTA, self.ids["rota"])


@pytest.fixture
async def team(database: Database, workspace: Workspace) -> Team:
    gathered = Team(database, workspace)
    await gathered.gather()
    return gathered


async def test_who_is_on_call_depends_on_the_moment_asked_for(team: Team) -> None:
    assert await team.ask(team.rota) == [("Mei", "on call in Nights")]
    tomorrow = NOON + timedelta(days=1)
    assert await team.ask(team.rota, at=tomorrow) == [("Lin", "on call in Nights")]


async def test_absences_and_overrides_are_read_as_they_are_kept(team: Team) -> None:
    await team.leave("mei", "tao")
    assert await team.ask(team.rota) == [("Tao", "stands in for Mei")]
    assert await team.ask(team.rota, at=NOON + HOUR) == [("Mei", "on call in Nights")]
    async with team.database.unit(team.workspace_id) as uow:
        window = OverrideDraft(team.ids["lin"], NOON, NOON + HOUR)
        await rotas.override_rota(uow, team.ids["rota"], window)
    assert await team.ask(team.rota) == [("Lin", "on call in Nights")]


async def test_contacts_come_along_and_the_members_own_address_fills_in(team: Team) -> None:
    async with team.database.unit(team.workspace_id) as uow:
        given = {ContactKind.SLACK: "U024BE7LH", ContactKind.EMAIL: "lin@work.example"}
        await rotas.put_contacts(uow, team.ids["lin"], given)
        wanted = [Wanted((ASSIGNEE,), team.ids[name], NOON) for name in ("lin", "mei")]
        (lin,), (mei,) = await rotas.resolve_audiences(uow, wanted)
    assert lin.contacts == {"slack": "U024BE7LH", "email": "lin@work.example"}
    assert mei.contacts == {"email": "mei@example.com"}


async def test_teams_roles_and_everybody_are_whoever_is_active(team: Team) -> None:
    care, managers = Audience(AudienceKind.TEAM, team.ids["team"]), Role.MANAGER
    async with team.database.unit(team.workspace_id) as uow:
        await workspaces.change_member(uow, team.ids["lin"], {"active": False})
    assert await team.ask(care) == [("Mei", "in the team Care")]
    assert await team.ask(Audience(AudienceKind.ROLE, role=managers)) == [("Tao", "manager")]
    everybody = await team.ask(Audience(AudienceKind.EVERYBODY))
    assert [name for name, _ in everybody] == ["Mei", "Tao"]
    assert await team.ask(ASSIGNEE, assignee="lin") == []


async def test_what_is_archived_reaches_nobody(team: Team) -> None:
    async with team.database.unit(team.workspace_id) as uow:
        await rotas.archive_rota(uow, team.ids["rota"])
        await rotas.archive_team(uow, team.ids["team"])
    assert await team.ask(team.rota, Audience(AudienceKind.TEAM, team.ids["team"])) == []


async def test_a_thousand_questions_are_five_statements(team: Team) -> None:
    await team.leave("mei", "tao")
    audiences = (
        team.rota,
        ASSIGNEE,
        Audience(AudienceKind.TEAM, team.ids["team"]),
        Audience(AudienceKind.ROLE, role=Role.MANAGER),
        Audience(AudienceKind.EVERYBODY),
    )
    wanted = [Wanted(audiences, uuid4(), NOON) for _ in range(1_000)]
    async with team.database.read(team.workspace_id) as uow:
        with counted_queries(team.database) as sent:
            found = await rotas.resolve_audiences(uow, wanted)
        assert len(sent) == 5
        with counted_queries(team.database) as sent:
            assert await rotas.resolve_audiences(uow, []) == []
        assert len(sent) == 0
    assert {len(people) for people in found} == {2}
    assert {person.name for person in found[0]} == {"Tao", "Lin"}


async def test_gaps_of_every_rota_are_listed_in_four_statements(team: Team) -> None:
    await team.leave("mei")
    async with team.database.read(team.workspace_id) as uow:
        with counted_queries(team.database) as sent:
            (gap,) = await rotas.list_gaps(uow, NOON + timedelta(days=14))
        assert len(sent) == 4
        assert await rotas.list_gaps(uow, NOON) == []
    assert (gap.rota_id, gap.reason) == (team.ids["rota"], GapReason.AWAY)
    assert (gap.start, gap.end) == (NOON, NOON + HOUR)


async def test_rotas_of_another_workspace_are_nobodys_here(team: Team, database: Database) -> None:
    other = await workspaces.create_workspace(database, "Other brand")
    wanted = Wanted((team.rota, ASSIGNEE, Audience(AudienceKind.EVERYBODY)), team.ids["lin"], NOON)
    async with team.database.read(other.id) as uow:
        assert await rotas.resolve_audiences(uow, [wanted]) == [()]
        assert await rotas.list_on_call(uow, NOON) == []
