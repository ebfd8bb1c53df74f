"""Each message carries links; those of a mail to one person are that person's."""

import asyncio
from uuid import UUID, uuid4

import pytest

from services.core.actions import rules
from services.core.actions import service as actions
from services.core.actions.errors import UnknownLinkError
from services.core.alerts.service import parcels
from services.core.alerts.service.parcels import Telling
from services.core.alerts.types import Purpose
from services.core.rotas.types import Person
from tests.support.quiet import QuietDesk

LIN, WU = (Person(UUID(int=n), name, {}, "assignee") for n, name in ((1, "林夏"), (2, "Wu")))


@pytest.mark.parametrize(
    ("kind", "people", "owner"),
    [
        ("email", (LIN,), LIN.member_id),
        ("email", (LIN, WU), None),
        ("email", (), None),
        # In a chat of many anybody may press what is meant for one.
        ("webhook", (LIN,), None),
    ],
)
async def test_links_are_a_persons_where_one_person_reads_them(
    desk: QuietDesk, kind: str, people: tuple[Person, ...], owner: UUID | None
) -> None:
    channel = await desk.webhook(kind=kind)
    alert = await desk.alert()
    async with desk.database.unit(desk.workspace_id) as uow:
        await parcels.queue(uow, [Telling(alert, channel.id, Purpose.FIRING, people=people)])
        message = (await uow.execute("SELECT message FROM outbox")).scalar_one()
    names = ("acknowledge", "resolve", "silence", "assign")
    links = {name: message["links"][name] for name in names}
    for name, path in links.items():
        link = await actions.open_link(desk.database, path.removeprefix("/a/"))
        assert (link.alert_id, link.action.value, link.person_id) == (alert.id, name, owner)


async def test_the_news_that_it_is_over_asks_nobody_to_act(desk: QuietDesk) -> None:
    channel, alert = await desk.webhook(), await desk.alert()
    async with desk.database.unit(desk.workspace_id) as uow:
        await parcels.queue(uow, [Telling(alert, channel.id, Purpose.RESOLVED)])
        message = (await uow.execute("SELECT message FROM outbox")).scalar_one()
    assert "acknowledge" not in message["links"]


async def test_two_that_need_the_first_secret_at_once_sign_with_one(desk: QuietDesk) -> None:
    async def sign() -> bytes:
        async with desk.database.unit(desk.workspace_id) as uow:
            return await actions.secret_of(uow)

    assert len(set(await asyncio.gather(*(sign() for _ in range(6))))) == 1


async def test_no_secret_signs_nothing(desk: QuietDesk) -> None:
    alert = await desk.alert()
    made = rules.links_of(
        alert, desk.workspace_id, secret=b"", now=desk.clock.at, person_id=uuid4()
    )
    with pytest.raises(UnknownLinkError):
        await actions.open_link(desk.database, made["resolve"].removeprefix("/a/"))
