"""Parcels reach endpoints that misbehave: none lost, repeats known by their id, order kept."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import orjson
import pytest
import structlog

from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer, Failure
from services.core.gateways.channels.webhook import WebhookGateway
from services.core.kit import failpoints, signatures
from services.core.kit.http import GuardedClient
from services.core.kit.ids import new_id
from services.core.stream import service as stream
from services.core.subscriptions import rules
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.service import pausing, sending
from services.core.subscriptions.types import (
    Ordering,
    Outcome,
    ParcelRange,
    ParcelState,
    PauseReason,
    Result,
    SubscriptionChange,
)
from tests.support.sinks import drops, says, sink
from tests.support.subscribers import Newsroom, case_fact

pytestmark = pytest.mark.made_up_facts

LEASE = timedelta(seconds=31)
DAY = timedelta(days=1)


async def test_what_arrives_is_signed_and_is_the_fact_as_the_stream_has_it(
    newsroom: Newsroom,
) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(sink(says("204 No Content")))
        client = await stack.enter_async_context(GuardedClient(allow_private=True))
        reader = await newsroom.subscribe(server.url)
        fact = case_fact()
        async with newsroom.database.unit(newsroom.workspace_id, request_id="r-7") as uow:
            await stream.announce(uow, [fact])
        await newsroom.happen()
        assert await newsroom.send(WebhookGateway(client)) == 1
    ((headers, body),) = server.requests
    assert headers["x-request-id"] == "r-7"
    envelope = orjson.loads(body)
    assert envelope["type"] == "case.opened"
    data = envelope["data"]
    assert (data["kind"], data["subject_id"], data["payload"]) == (
        "case.opened",
        str(fact.subject_id),
        {"tier": "urgent"},
    )
    signed = signatures.sign(
        reader.secrets[0], headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    assert headers["webhook-signature"] == signed
    assert await newsroom.states() == ["sent"]


async def test_the_line_about_a_failure_names_the_request_it_came_of(newsroom: Newsroom) -> None:
    await newsroom.subscribe()
    async with newsroom.database.unit(newsroom.workspace_id, request_id="r-8") as uow:
        await stream.announce(uow, [case_fact()])
    await newsroom.happen(case_fact())
    processors = [structlog.contextvars.merge_contextvars]
    with structlog.testing.capture_logs(processors=processors) as lines:
        await newsroom.send(FakeGateway([Answer(status_code=500)] * 2))
    told = [line for line in lines if line["event"] == "subscription.not_arrived"]
    # The second came of no request.
    assert sorted(str(line.get("request_id")) for line in told) == ["None", "r-8"]


@pytest.mark.parametrize(
    "script",
    [says("500 Oops"), says("404 Not Found"), says("302 Found", "location: /"), drops],
    ids=["broken", "not there", "elsewhere", "hangs up"],
)
async def test_whatever_goes_wrong_is_tried_again_under_the_same_id(
    newsroom: Newsroom, script: object
) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(sink(script))  # type: ignore[arg-type]  # a script
        client = await stack.enter_async_context(GuardedClient(allow_private=True))
        await newsroom.subscribe(server.url)
        await newsroom.happen(case_fact())
        await newsroom.send(WebhookGateway(client))
        assert await newsroom.states() == ["pending"]
        assert await newsroom.send(WebhookGateway(client)) == 0
        newsroom.clock.advance(timedelta(seconds=7))
        server.script = says("200 OK")
        await newsroom.send(WebhookGateway(client))
    assert await newsroom.states() == ["sent"]
    (first, body), (second, again) = server.requests
    assert first["webhook-id"] == second["webhook-id"]
    assert body == again


async def test_an_endpoint_that_asks_for_patience_gets_it(newsroom: Newsroom) -> None:
    await newsroom.subscribe()
    await newsroom.happen(case_fact())
    gateway = FakeGateway([Answer(status_code=503, retry_after=3600)])
    await newsroom.send(gateway)
    newsroom.clock.advance(timedelta(minutes=50))
    assert await newsroom.send(gateway) == 0
    newsroom.clock.advance(timedelta(minutes=11))
    assert await newsroom.send(gateway) == 1
    assert await newsroom.states() == ["sent"]


async def test_an_endpoint_that_is_gone_is_paused_at_once_and_resumes_when_enabled(
    newsroom: Newsroom,
) -> None:
    reader = await newsroom.subscribe()
    listener = await newsroom.subscribe(kinds=["subscription.paused"])
    await newsroom.happen(case_fact(), case_fact())
    await newsroom.send(FakeGateway([Answer(status_code=410)]), concurrency=1)
    found = await newsroom.read(reader.id)
    assert found.pause_reason is PauseReason.GONE
    assert await newsroom.states() == ["dead", "pending"]
    await newsroom.happen()
    told = [row for row in await newsroom.rows() if row.subscription_id == listener.id]
    assert [row.kind for row in told] == ["subscription.paused"]
    assert await warnings(newsroom) == ["firing"]
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        await subscriptions.change_subscription(uow, reader.id, SubscriptionChange(enabled=True))
    gateway = FakeGateway()
    await newsroom.send(gateway)
    assert (await newsroom.read(reader.id)).live
    assert len(gateway.parcels) == 2
    assert await warnings(newsroom) == ["resolved"]


async def test_one_pause_is_warned_of_once_and_ends_with_the_subscription(
    newsroom: Newsroom,
) -> None:
    reader = await newsroom.subscribe()
    for _ in range(2):
        async with newsroom.database.unit(newsroom.workspace_id) as uow:
            await pausing.pause(uow, reader.id, PauseReason.FAILING)
    assert await warnings(newsroom) == ["firing"]
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        await subscriptions.archive_subscription(uow, reader.id)
    assert await warnings(newsroom) == ["resolved"]


async def warnings(newsroom: Newsroom) -> list[str]:
    """The states of the alerts about paused subscriptions."""
    async with newsroom.database.read(newsroom.workspace_id) as uow:
        asked = "SELECT state FROM alerts WHERE detail ->> 'kind' = 'subscription_paused'"
        return list((await uow.execute(asked)).scalars())


async def test_after_days_without_a_success_a_reader_is_paused_and_one_success_forgives(
    newsroom: Newsroom,
) -> None:
    reader = await newsroom.subscribe()
    broken = Answer(failure=Failure.UNREACHABLE)
    await newsroom.happen(case_fact())
    await newsroom.send(FakeGateway([broken]))
    assert (await newsroom.read(reader.id)).failing_since is not None
    newsroom.clock.advance(DAY)
    await newsroom.send(FakeGateway())
    assert (await newsroom.read(reader.id)).failing_since is None
    for _ in range(4):
        newsroom.clock.advance(DAY)
        await newsroom.happen(case_fact())
        await newsroom.send(FakeGateway([broken] * 10))
        assert (await newsroom.read(reader.id)).live
    newsroom.clock.advance(timedelta(hours=1))
    await newsroom.send(FakeGateway([broken] * 10))
    assert (await newsroom.read(reader.id)).pause_reason is PauseReason.FAILING


async def test_the_tenth_failure_is_the_last_and_a_redrive_keeps_the_id(newsroom: Newsroom) -> None:
    reader = await newsroom.subscribe()
    await newsroom.happen(case_fact())
    gateway = FakeGateway([Answer(status_code=500)] * rules.MAX_ATTEMPTS)
    for _ in range(rules.MAX_ATTEMPTS):
        assert await newsroom.states() == ["pending"]
        await newsroom.send(gateway)
        # Straight to the next attempt: three days of them would pause the reader.
        async with newsroom.database.system() as uow:
            await uow.execute(
                "UPDATE subscription_parcels SET next_at = now() - interval '9 years'"
            )
    (row,) = await newsroom.rows()
    assert (row.state, row.attempts) == ("dead", rules.MAX_ATTEMPTS)
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        assert await subscriptions.redrive(uow, reader.id, ParcelRange(row.seq + 1)) == 0
        assert await subscriptions.redrive(uow, reader.id, ParcelRange(row.seq, row.seq)) == 1
    await newsroom.send(gateway)
    assert await newsroom.states() == ["sent"]
    assert len({parcel.id for parcel in gateway.parcels}) == 1
    async with newsroom.database.read(newsroom.workspace_id) as uow:
        (told,) = await subscriptions.list_parcels(uow, reader.id, state=ParcelState.SENT)
    assert len(told.attempts) == rules.MAX_ATTEMPTS + 1
    assert told.webhook_id == gateway.parcels[0].id


async def test_two_workers_send_each_parcel_once(newsroom: Newsroom) -> None:
    for _ in range(2):
        await newsroom.subscribe()
    await newsroom.happen(*(case_fact() for _ in range(25)))
    gateway = FakeGateway()
    await asyncio.gather(newsroom.send(gateway, limit=5), newsroom.send(gateway, limit=5))
    sent = [parcel.id for parcel in gateway.parcels]
    assert (len(sent), len(set(sent))) == (50, 50)


async def test_of_one_subject_a_later_fact_waits_for_the_earlier_to_arrive(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe(ordering=Ordering.SUBJECT)
    mine, other = new_id(), new_id()
    kinds = ("case.opened", "case.changed", "case.resolved")
    await newsroom.happen(*(case_fact(kind, mine) for kind in kinds), case_fact(subject_id=other))
    gateway = FakeGateway([Answer(status_code=500)])
    await newsroom.send(gateway, concurrency=1)
    # The first failed: the other subject went on, and nothing of this one.
    assert await newsroom.states() == ["pending", "pending", "pending", "sent"]
    newsroom.clock.advance(timedelta(seconds=7))
    while await newsroom.send(gateway):
        pass
    told = [p.message["kind"] for p in gateway.parcels if p.message["subject_id"] == str(mine)]
    assert told == ["case.opened", *kinds]
    assert set(await newsroom.states()) == {"sent"}


async def test_order_holds_while_facts_are_queued_and_results_written_at_once(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe(ordering=Ordering.SUBJECT)
    subject = new_id()
    gateway = FakeGateway()

    async def tell() -> None:
        for _ in range(30):
            await newsroom.happen(case_fact("case.changed", subject))

    telling = asyncio.create_task(tell())
    while not telling.done() or "pending" in await newsroom.states():
        await newsroom.send(gateway)
    await telling
    told = [parcel.message["seq"] for parcel in gateway.parcels]
    assert (len(told), told) == (30, sorted(told))


async def test_what_was_given_up_lets_the_next_go_and_lines_up_again_when_redriven(
    newsroom: Newsroom,
) -> None:
    reader = await newsroom.subscribe(ordering=Ordering.SUBJECT)
    subject = new_id()
    await newsroom.happen(case_fact(subject_id=subject), case_fact("case.changed", subject))
    async with newsroom.database.system() as uow:
        await uow.execute("UPDATE subscription_parcels SET attempts = 9")
    await newsroom.send(FakeGateway([Answer(status_code=500)] * 9), concurrency=1)
    assert await newsroom.states() == ["dead", "dead"]
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        assert await subscriptions.redrive(uow, reader.id, ParcelRange()) == 2
    assert [row.waits for row in await newsroom.rows()] == [False, True]
    while await newsroom.send(FakeGateway()):
        pass
    assert await newsroom.states() == ["sent", "sent"]


async def test_a_worker_killed_between_sending_and_writing_leaves_a_doubt_and_no_loss(
    newsroom: Newsroom,
) -> None:
    reader = await newsroom.subscribe()
    await newsroom.happen(case_fact())
    (first,) = await sending.claim_parcels(newsroom.database, 10)
    # It was sent, and nobody lived to write it down.
    assert await sending.claim_parcels(newsroom.database, 10) == []
    newsroom.clock.advance(LEASE)
    gateway = FakeGateway()
    await newsroom.send(gateway)
    assert gateway.parcels[0].id == rules.webhook_id_of(reader.id, first.seq)
    # The dead one's word comes after all, and changes nothing.
    await sending.complete(newsroom.database, [(first, Result(Outcome.FAILED, 500))])
    assert await newsroom.states() == ["sent"]
    async with newsroom.database.read(newsroom.workspace_id) as uow:
        (told,) = await subscriptions.list_parcels(uow, reader.id)
    assert [one.outcome for one in told.attempts] == [Outcome.SENT, Outcome.IN_DOUBT]


async def test_results_lost_with_the_database_are_sent_again_under_the_same_id(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe()
    await newsroom.happen(case_fact())
    gateway = FakeGateway()
    # The claim's commit is the first, the result's the second: with one seat nothing is claimed
    # before the result is written.
    failpoints.arm("db.before_commit:fail#2")
    try:
        await newsroom.send(gateway, concurrency=1)
    finally:
        failpoints.disarm()
    assert await newsroom.states() == ["pending"]
    newsroom.clock.advance(LEASE)
    await newsroom.send(gateway)
    assert await newsroom.states() == ["sent"]
    assert len({parcel.id for parcel in gateway.parcels}) == 1


async def test_an_endpoint_that_says_nothing_keeps_only_its_own_seats(newsroom: Newsroom) -> None:
    slow, quick = await newsroom.subscribe("https://slow.example"), await newsroom.subscribe()
    await newsroom.happen(*(case_fact() for _ in range(20)))
    gateway = FakeGateway(held=lambda parcel: parcel.config["url"] == slow.url)
    sending_all = asyncio.create_task(newsroom.send(gateway, concurrency=12, width=4))
    try:
        await gateway.wait_until(
            lambda: sum(p.config["url"] == quick.url for p in gateway.answered) == 20,
            timeout_seconds=60,
        )
        assert sum(p.config["url"] == slow.url for p in gateway.parcels) == 4
    finally:
        gateway.open_gate()
        await sending_all


async def test_while_a_secret_is_rotated_both_sign(newsroom: Newsroom) -> None:
    reader = await newsroom.subscribe()
    async with newsroom.database.unit(newsroom.workspace_id) as uow:
        rotated = await subscriptions.rotate_secret(uow, reader.id)
    assert rotated.secrets[1] == reader.secrets[0] != rotated.secrets[0]
    await newsroom.happen(case_fact())
    gateway = FakeGateway()
    await newsroom.send(gateway)
    assert gateway.parcels[0].secrets == rotated.secrets
    newsroom.clock.advance(timedelta(days=2))
    await newsroom.happen(case_fact())
    await newsroom.send(gateway)
    assert gateway.parcels[1].secrets == rotated.secrets[:1]
