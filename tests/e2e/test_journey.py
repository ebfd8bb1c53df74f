"""The main job, seen from outside: from a signed webhook to an alert, and back to calm."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from services.simulator.receiver import WebhookReceiver
from tests.support.brands import Brand, answered, said
from tests.support.listening import Listener, listening
from tests.support.processes import Site
from tests.support.relays import redis_wire
from tests.support.servers import ServerAddress
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.e2e

# Seconds: the first warning comes early, and the reply has plenty of time before the promise ends.
BUDGET = 40
FIRST_STEP = 5  # percent: two seconds
TARGET = {
    "first_response_seconds": BUDGET,
    "next_response_seconds": BUDGET,
    "resolution_seconds": 10 * BUDGET,
}
POLICY = {
    "name": "A few seconds",
    "targets": {"urgent": TARGET, "important": TARGET, "routine": TARGET},
    "response_steps": [FIRST_STEP, 100],
    "position": 1,
}
STORY = ["case.opened", "alert.raised", "alert.resolved"]
LOOPBACK = {"ALERTS__ALLOW_PRIVATE_ADDRESSES": "true"}

Reply = Callable[[Brand, dict[str, Any]], Awaitable[None]]
Disturb = Callable[[], Awaitable[None]]


async def reply_on_the_platform(brand: Brand, case: dict[str, Any]) -> None:
    (question,) = case["messages"]
    await brand.deliver(answered("r1", question["external_id"]))


async def record_the_reply(brand: Brand, case: dict[str, Any]) -> None:
    await brand.create(f"/v1/cases/{case['id']}/replies", {"text": "亲，马上为您处理"})


async def nothing_happens() -> None:
    """The quiet variant of a disturbance."""


@asynccontextmanager
async def on_call(brand: Brand) -> AsyncIterator[WebhookReceiver]:
    """Somebody's own endpoint, registered as a channel; all it knows is the secret it was shown."""
    body = {"name": "on-call", "kind": "webhook", "url": "http://127.0.0.1:9/not-yet"}
    channel = await brand.create("/v1/channels", body)
    async with WebhookReceiver([channel["secret"]]) as receiver:
        moved = await brand.http.patch(f"/v1/channels/{channel['id']}", json={"url": receiver.url})
        assert moved.status_code == 200, moved.text
        yield receiver


async def start(site: Site, brand: Brand) -> None:
    await asyncio.gather(site.start_api(**LOOPBACK), site.start_worker(**LOOPBACK))
    await brand.register_source("brand")
    await brand.create("/v1/policies", POLICY)


async def told(receiver: WebhookReceiver, kind: str) -> dict[str, Any]:
    """What was said in the first webhook of this kind; it had a good signature, or is not here."""
    await receiver.wait_until(lambda at: kind in kinds(at), timeout_seconds=PATIENCE)
    (one,) = [one.json() for one in receiver.received if one.json()["type"] == kind]
    data: dict[str, Any] = one["data"]
    return data


def kinds(receiver: WebhookReceiver) -> list[str]:
    return [one.json()["type"] for one in receiver.received]


async def the_case(brand: Brand, source_message: str) -> dict[str, Any]:
    """The case a message ended up in, once it has."""

    async def find() -> Any:
        query = {"source_id": brand.source_id, "external_id": source_message}
        (message,) = (await brand.get("/v1/messages", **query))["items"] or [{"case_id": None}]
        return message["case_id"]

    found: dict[str, Any] = await brand.get(f"/v1/cases/{await wait_until(find)}")
    return found


def clocks(case: dict[str, Any]) -> dict[str, str]:
    return {clock["kind"]: clock["state"] for clock in case["clocks"]}


async def go_the_whole_way(brand: Brand, reply: Reply, disturb: Disturb = nothing_happens) -> None:
    """One complaint from its webhook to the news that all is well, and the stream beside it."""
    async with on_call(brand) as receiver:
        async with listening(brand.http) as before:
            sent = await brand.deliver(said("c1"))
            case = await the_case(brand, "c1")
            assert (case["state"], case["tier"]) == ("open", "urgent")
            assert clocks(case) == {"first_response": "running", "resolution": "running"}

            alarm = await told(receiver, "alert.firing")
            assert (alarm["case_id"], alarm["percent"]) == (case["id"], FIRST_STEP)
            await wait_until(lambda: "alert.raised" in before.kinds)
        await disturb()
        # Nobody listens while the answer comes: the number says from where to go on.
        await reply(brand, case)
        async with listening(brand.http, after=before.last) as after:
            calm = await told(receiver, "alert.resolved")
            await wait_until(lambda: "alert.resolved" in after.kinds)
        assert calm["alert_id"] == alarm["alert_id"]
        assert receiver.refusals == []
    await assert_the_end(brand, sent.receipts[0]["delivery_id"], case["id"])
    await assert_one_story(brand, before, after)


async def assert_the_end(brand: Brand, delivery_id: str, case_id: str) -> None:
    case = await brand.get(f"/v1/cases/{case_id}")
    assert case["state"] == "resolved"
    assert clocks(case) == {"first_response": "met", "resolution": "met"}
    assert [(alert["state"], alert["step"]) for alert in case["alerts"]] == [
        ("resolved", FIRST_STEP)
    ]
    delivery = await brand.get(f"/v1/deliveries/{delivery_id}")
    assert delivery["state"] == "processed"


async def assert_one_story(brand: Brand, before: Listener, after: Listener) -> None:
    """What came before hanging up and after coming back is the whole stream, in its order."""
    heard = before.heard + after.heard
    numbers = [one.number for one in heard]
    assert numbers == list(range(1, len(numbers) + 1))
    kinds_heard = [one.kind for one in heard]
    for earlier, later in pairwise(STORY):
        assert kinds_heard.index(earlier) < kinds_heard.index(later), kinds_heard
    async with listening(brand.http, after=0) as again:
        await wait_until(lambda: len(again.heard) >= len(heard))
    assert again.heard[: len(heard)] == heard


@pytest.mark.parametrize("reply", [reply_on_the_platform, record_the_reply])
async def test_a_complaint_alarms_somebody_and_a_reply_brings_calm(
    site: Site, brand: Brand, valkey_server: ServerAddress, reply: Reply
) -> None:
    site.redis_url = valkey_server.url
    await start(site, brand)
    await site.readiness("ready")
    await go_the_whole_way(brand, reply)


async def test_the_same_happens_when_redis_never_started(
    site: Site, brand: Brand, valkey_server: ServerAddress
) -> None:
    async with redis_wire(valkey_server.url) as (wire, site.redis_url):
        await wire.cut()
        await start(site, brand)
        await site.readiness("degraded")
        await go_the_whole_way(brand, reply_on_the_platform)


async def test_the_same_happens_when_redis_stops_in_the_middle(
    site: Site, brand: Brand, valkey_server: ServerAddress
) -> None:
    async with redis_wire(valkey_server.url) as (wire, site.redis_url):
        await start(site, brand)
        await site.readiness("ready")
        await go_the_whole_way(brand, record_the_reply, disturb=wire.cut)
        await site.readiness("degraded")
