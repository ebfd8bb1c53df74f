"""Who answers for whom while members are away, and who is asked when they are away as well."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.core.calendars import service as calendars
from services.core.calendars.types import StandstillDraft, StandstillReason
from services.core.kit.clock import FrozenClock
from services.core.kit.errors import InvalidInputError
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Office:
    """Four members, and a clock that can be moved."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self.clock = FrozenClock(NOON)
        self.database = Database(database.engine, self.clock)
        self.workspace_id = workspace.id
        self.members: dict[str, UUID] = {}

    async def leave(
        self,
        who: str | None,
        stand_in: str | None = None,
        *,
        hours: tuple[float, float] = (-1, 1),
        withdrawn: bool = False,
    ) -> None:
        draft = StandstillDraft(
            StandstillReason.OUT_OF_OFFICE,
            NOON + hours[0] * HOUR,
            NOON + hours[1] * HOUR,
            member_id=self.members[who] if who else None,
            stand_in_id=self.members[stand_in] if stand_in else None,
        )
        async with self.database.unit(self.workspace_id) as uow:
            absence = await calendars.announce(uow, draft)
            if withdrawn:
                await calendars.withdraw(uow, absence.id)

    async def stand_ins(self) -> dict[str, str]:
        names = {member_id: name for name, member_id in self.members.items()}
        async with self.database.read(self.workspace_id) as uow:
            found = await calendars.list_stand_ins(uow)
        return {names[away]: names[stand_in] for away, stand_in in found.items()}


@pytest.fixture
async def office(database: Database, workspace: Workspace) -> Office:
    opened = Office(database, workspace)
    async with opened.database.unit(workspace.id) as uow:
        for handle in ("lin", "mei", "tao", "wen"):
            member = await workspaces.create_member(uow, MemberDraft(handle, handle.title()))
            opened.members[handle] = member.id
    return opened


async def test_somebody_answers_for_whoever_is_away_and_for_nobody_else(office: Office) -> None:
    assert await office.stand_ins() == {}
    await office.leave("lin", "mei")
    await office.leave("tao")  # nobody stands in
    assert await office.stand_ins() == {"lin": "mei"}


async def test_a_stand_in_who_is_away_is_passed_by(office: Office) -> None:
    await office.leave("lin", "mei")
    await office.leave("mei", "tao")
    assert await office.stand_ins() == {"lin": "tao", "mei": "tao"}
    await office.leave("tao")
    assert await office.stand_ins() == {}


async def test_an_absence_counts_from_its_beginning_to_its_end(office: Office) -> None:
    await office.leave("lin", "mei", hours=(0, 1))
    await office.leave("tao", "wen", hours=(1, 2))
    assert await office.stand_ins() == {"lin": "mei"}
    office.clock.advance(HOUR)
    assert await office.stand_ins() == {"tao": "wen"}
    office.clock.advance(HOUR)
    assert await office.stand_ins() == {}


async def test_what_was_taken_back_or_is_the_teams_own_names_nobody(office: Office) -> None:
    await office.leave("lin", "mei", hours=(1, 2), withdrawn=True)
    await office.leave(None, "wen")
    office.clock.advance(1.5 * HOUR)
    assert await office.stand_ins() == {}


async def test_a_circle_of_stand_ins_is_refused_where_it_would_close(office: Office) -> None:
    await office.leave("lin", "mei")
    await office.leave("mei", "tao")
    with pytest.raises(InvalidInputError) as caught:
        await office.leave("tao", "lin")
    assert [(each.pointer, each.code) for each in caught.value.errors] == [
        ("/stand_in_id", "circle")
    ]


async def test_absences_of_a_range_are_listed_with_their_stand_ins(office: Office) -> None:
    await office.leave("lin", "mei", hours=(0, 1))
    await office.leave("tao", hours=(2, 3))
    await office.leave(None, hours=(0, 3))
    async with office.database.read(office.workspace_id) as uow:
        found = await calendars.list_absences(uow, NOON - HOUR, NOON + 2 * HOUR)
        assert await calendars.list_absences(uow, NOON - HOUR, NOON) == []
        assert len(await calendars.list_absences(uow, NOON, NOON + 3 * HOUR)) == 2
    assert [(each.member_id, each.stand_in_id) for each in found] == [
        (office.members["lin"], office.members["mei"])
    ]
