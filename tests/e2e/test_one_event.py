"""One event followed from outside: which delivery, which alert, which message to the robot."""

import asyncio
from typing import Any

import httpx
import pytest

from services.core.alerts.types import ChannelKind
from tests.support.brands import Brand, said
from tests.support.platforms import ACCEPTS
from tests.support.processes import Site
from tests.support.sinks import Sink, sink
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

LOOPBACK = {"ALERTS__ALLOW_PRIVATE_ADDRESSES": "true"}
KEYWORD = {
    "name": "Eyes",
    "conditions": {"patterns": ["辣眼"]},
    "effects": {"alert": True},
}
IDS = ("r-123", "r-124", "r-125")


async def start(site: Site, brand: Brand, robot: Sink) -> None:
    await asyncio.gather(site.start_api(**LOOPBACK), site.start_worker(**LOOPBACK))
    await brand.register_source("brand")
    await brand.create("/v1/rules", KEYWORD)
    body = {"name": "night", "kind": "feishu", "config": {"url": robot.url}}
    await brand.create("/v1/channels", body)


def heard(robot: Sink) -> list[str | None]:
    return sorted(headers.get("x-request-id", "") for headers, _ in robot.requests)


async def sent_of(brand: Brand, alert: dict[str, Any]) -> dict[str, Any]:
    """The robot's one message of an alert, once it has arrived."""

    async def find() -> Any:
        items = (await brand.get(f"/v1/alerts/{alert['id']}/deliveries"))["items"]
        (one,) = (each for each in items if each["channel_name"] == "night")
        return one if one["state"] == "sent" else None

    found: dict[str, Any] = await wait_until(find)
    return found


async def test_a_delivery_its_alert_and_its_message_name_one_request(
    site: Site, brand: Brand
) -> None:
    async with sink(ACCEPTS[ChannelKind.FEISHU]) as robot:
        await start(site, brand, robot)
        texts = {name: said(f"c-{name}", author=name, text="有点辣眼") for name in IDS}
        sent = [await brand.deliver(texts[name], request_id=name) for name in IDS]
        # The platform did not hear the answer, and sends it again under another id.
        await brand.send(sent[0], request_id="r-999")
        await wait_until(lambda: len(robot.requests) >= len(IDS))
        assert heard(robot) == list(IDS)

        found = (await brand.get("/v1/alerts"))["items"]
        assert len(found) == len(IDS)
        for alert in found:
            message = await brand.get(f"/v1/messages/{alert['message_id']}")
            assert message["external_id"] == f"c-{alert['request_id']}"
            assert (await sent_of(brand, alert))["request_id"] == alert["request_id"]
            shown = await brand.get(f"/v1/alerts/{alert['id']}")
            assert shown["request_id"] == alert["request_id"]
        for name, one in zip(IDS, sent, strict=True):
            delivery = await brand.get(f"/v1/deliveries/{one.receipts[0]['delivery_id']}")
            assert delivery["request_id"] == name
        await replay(brand, sent[0].receipts[0]["delivery_id"])
        assert heard(robot) == list(IDS)


async def replay(brand: Brand, delivery_id: str) -> None:
    """Process it once more, asked for by another request, to the end."""
    answer = await brand.http.post(
        f"/v1/deliveries/{delivery_id}/replay", headers={"x-request-id": "r-777"}
    )
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    async def done() -> bool:
        shown = await brand.get(f"/v1/deliveries/{delivery_id}")
        assert shown["request_id"] == IDS[0]
        return bool(shown["state"] == "processed")

    await wait_until(done)
