"""Facts become parcels: each once for each who asked, whoever queues, and none is forgotten."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.core.gateways.channels.fake import FakeGateway
from services.core.kit.ids import new_id
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.types import Ordering, SubscriptionChange
from services.core.triage.types import Tier
from tests.support.factories import make_source
from tests.support.subscribers import Newsroom, case_fact

pytestmark = pytest.mark.made_up_facts


async def kinds_by_reader(newsroom: Newsroom) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in await newsroom.rows():
        found.setdefault(row.name, []).append(row.kind)
    return found


async def test_a_reader_is_told_of_the_kinds_it_asked_for(newsroom: Newsroom) -> None:
    for kinds in (["*"], ["case.*"], ["case.opened", "alert.raised"]):
        await newsroom.subscribe(kinds=kinds)
    await newsroom.happen(
        case_fact("case.opened"), case_fact("case.resolved"), case_fact("alert.raised")
    )
    assert await kinds_by_reader(newsroom) == {
        "Reader 1": ["case.opened", "case.resolved", "alert.raised"],
        "Reader 2": ["case.opened", "case.resolved"],
        "Reader 3": ["case.opened", "alert.raised"],
    }


async def test_conditions_leave_out_other_tiers_and_sources_and_what_names_none(
    newsroom: Newsroom,
) -> None:
    ours = UUID(str((await make_source(newsroom.database, newsroom.workspace_id)).id))
    await newsroom.settle()
    await newsroom.subscribe(tiers=(Tier.URGENT,))
    await newsroom.subscribe(source_ids=(ours,))
    await newsroom.happen(
        case_fact("case.opened", tier="urgent", source_id=str(ours)),
        case_fact("case.opened", tier="routine", source_id=str(new_id())),
        Fact("team.created", "team", new_id(), {"name": "Nights", "version": 1, "members": 0}),
    )
    assert {name: len(told) for name, told in (await kinds_by_reader(newsroom)).items()} == {
        "Reader 1": 1,
        "Reader 2": 1,
    }


async def test_a_reader_hears_nothing_from_before_it_came_and_nothing_of_itself(
    newsroom: Newsroom,
) -> None:
    await newsroom.happen(case_fact())
    reader = await newsroom.subscribe()
    assert await newsroom.rows() == []
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        await subscriptions.change_subscription(uow, reader.id, SubscriptionChange(name="Other"))
    await newsroom.happen(case_fact())
    assert [row.kind for row in await newsroom.rows()] == ["case.opened"]


async def test_many_who_queue_at_once_while_facts_are_written_lose_none_and_double_none(
    newsroom: Newsroom,
) -> None:
    for _ in range(3):
        await newsroom.subscribe()
    subjects = [new_id() for _ in range(60)]

    async def write(part: int) -> None:
        for subject in subjects[part::6]:
            async with newsroom.database.unit(newsroom.workspace_id) as uow:
                await stream.announce(uow, [case_fact(subject_id=subject)])
            await stream.publish(newsroom.database)

    async def queue() -> None:
        for _ in range(15):
            await subscriptions.queue_news(newsroom.database, limit=2, window=7)

    await asyncio.gather(*(write(part) for part in range(6)), *(queue() for _ in range(4)))
    await stream.publish(newsroom.database)
    await newsroom.queue()
    for reader in ("Reader 1", "Reader 2", "Reader 3"):
        told = [row.subject_id for row in await newsroom.rows() if row.name == reader]
        assert sorted(told) == sorted(subjects)


async def test_with_order_by_subject_only_the_first_of_each_does_not_wait(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe(ordering=Ordering.SUBJECT)
    mine, other = new_id(), new_id()
    await newsroom.happen(case_fact(subject_id=mine), case_fact("case.changed", mine))
    await newsroom.happen(case_fact("case.resolved", mine), case_fact(subject_id=other))
    waiting = [(row.subject_id == mine, row.waits) for row in await newsroom.rows()]
    assert waiting == [(True, False), (True, True), (True, True), (False, False)]


async def test_facts_nobody_looked_at_yet_are_kept_however_old(newsroom: Newsroom) -> None:
    await newsroom.subscribe()
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        await stream.announce(uow, [case_fact()])
    await stream.publish(newsroom.database)
    newsroom.clock.advance(timedelta(days=3))
    await subscriptions.forget_facts(newsroom.database)
    assert await newsroom.queue() == 1
    await subscriptions.forget_facts(newsroom.database)
    async with newsroom.database.read(newsroom.workspace_id) as uow:
        assert await stream.read_after(uow, 0) == []


async def test_a_disabled_reader_goes_on_from_where_it_stood(newsroom: Newsroom) -> None:
    reader = await newsroom.subscribe()

    async def enable(*, enabled: bool) -> None:
        async with newsroom.database.unit(newsroom.workspace_id) as uow:
            await subscriptions.change_subscription(
                uow, reader.id, SubscriptionChange(enabled=enabled)
            )

    await enable(enabled=False)
    await newsroom.happen(case_fact())
    assert await newsroom.rows() == []
    await enable(enabled=True)
    await newsroom.queue()
    assert [row.kind for row in await newsroom.rows()] == ["case.opened"]


async def test_what_arrived_is_kept_a_week_and_all_else_a_month(newsroom: Newsroom) -> None:
    await newsroom.subscribe()
    await newsroom.happen(case_fact(), case_fact())
    async with newsroom.database.system() as uow:
        await uow.execute(
            "UPDATE subscription_parcels SET state = 'sent' WHERE seq ="
            " (SELECT min(seq) FROM subscription_parcels)"
        )
    assert await subscriptions.forget_parcels(newsroom.database) == 0
    newsroom.clock.advance(timedelta(days=8))
    assert await subscriptions.forget_parcels(newsroom.database) == 1
    assert await newsroom.states() == ["pending"]
    newsroom.clock.advance(timedelta(days=23))
    assert await subscriptions.forget_parcels(newsroom.database) == 1


async def test_what_followed_something_forgotten_waits_for_it_no_longer(newsroom: Newsroom) -> None:
    await newsroom.subscribe(ordering=Ordering.SUBJECT)
    subject = new_id()
    await newsroom.happen(case_fact(subject_id=subject))
    newsroom.clock.advance(timedelta(days=20))
    await newsroom.happen(case_fact("case.changed", subject), case_fact("case.resolved", subject))
    newsroom.clock.advance(timedelta(days=11))
    assert await subscriptions.forget_parcels(newsroom.database) == 1
    rows = await newsroom.rows()
    assert [(row.kind, row.waits) for row in rows] == [
        ("case.changed", False),
        ("case.resolved", True),
    ]


async def test_a_cursor_somebody_holds_is_passed_by_and_the_others_go_on(
    newsroom: Newsroom,
) -> None:
    held, free = await newsroom.subscribe(), await newsroom.subscribe()
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        await stream.announce(uow, [case_fact()])
    await stream.publish(newsroom.database)
    async with newsroom.database.system() as holding:
        await holding.execute(
            "SELECT FROM subscriptions WHERE id = :id FOR UPDATE", {"id": held.id}
        )
        # Whoever waited for it would be refused after the two seconds a lock is waited for.
        assert await newsroom.queue() == 1
    assert [row.subscription_id for row in await newsroom.rows()] == [free.id]
    assert await newsroom.queue() == 1


async def test_a_parcel_somebody_holds_is_passed_by_and_the_others_are_sent(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe()
    await newsroom.happen(case_fact(), case_fact())
    held, free = (row.seq for row in await newsroom.rows())
    gateway = FakeGateway()
    async with newsroom.database.system() as holding:
        await holding.execute(
            "SELECT FROM subscription_parcels WHERE seq = :seq FOR UPDATE", {"seq": held}
        )
        await newsroom.send(gateway)
    assert [parcel.message["seq"] for parcel in gateway.parcels] == [free]
    await newsroom.send(gateway)
    assert [parcel.message["seq"] for parcel in gateway.parcels] == [free, held]
