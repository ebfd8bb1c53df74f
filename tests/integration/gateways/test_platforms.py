"""Every kind of channel keeps one promise, whatever its platform does: it says what became."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from services.core.alerts import rules
from services.core.alerts.answers import judge
from services.core.alerts.types import ChannelKind, Outcome
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer, Failure, Parcel, Verdict
from services.core.gateways.channels.wiring import Gateways, open_gateways
from services.core.kit import ids
from tests.support.alerts import NOON
from tests.support.platforms import ACCEPTS, Behaviour, behaviours, parcel_for
from tests.support.sinks import says, sink

MESSAGE = rules.build_greeting("ops", now=NOON)
EVERY_CASE = [(kind, name) for kind in ACCEPTS for name in behaviours(kind)]
# What a fake says to mean the same as the real one.
FAKED = {
    Outcome.SENT: Answer(200, verdict=Verdict.ACCEPTED),
    Outcome.RETRYABLE: Answer(200, verdict=Verdict.AGAIN),
    Outcome.PERMANENT: Answer(200, verdict=Verdict.NEVER),
    Outcome.IN_DOUBT: Answer(failure=Failure.TIMEOUT),
}


@asynccontextmanager
async def opened() -> AsyncIterator[Gateways]:
    async with open_gateways(allow_private_addresses=True, timeout_seconds=0.5) as gateways:
        yield gateways


async def answered(kind: ChannelKind, behaviour: Behaviour) -> Answer:
    async with sink(behaviour.script) as server, opened() as gateways:
        answer = await gateways[kind].send(parcel_for(kind, server.url, MESSAGE))
        assert len(server.requests) == 1
    return answer


@pytest.mark.parametrize(("kind", "name"), EVERY_CASE)
async def test_a_platform_is_taken_at_its_word(kind: ChannelKind, name: str) -> None:
    behaviour = behaviours(kind)[name]
    result = judge(await answered(kind, behaviour))
    assert (result.outcome, result.retry_after) == (behaviour.outcome, behaviour.retry_after)


@pytest.mark.parametrize("outcome", FAKED)
async def test_the_fake_twin_says_the_same(outcome: Outcome) -> None:
    gateway = FakeGateway([FAKED[outcome]])
    parcel = parcel_for(ChannelKind.FEISHU, "https://robots.example", MESSAGE)
    assert judge(await gateway.send(parcel)).outcome is outcome
    assert gateway.parcels == [parcel]


@pytest.mark.parametrize("kind", ACCEPTS)
async def test_nobody_listening_is_tried_again(kind: ChannelKind) -> None:
    async with opened() as gateways:
        answer = await gateways[kind].send(parcel_for(kind, "http://127.0.0.1:1/a", MESSAGE))
    assert answer.failure is Failure.UNREACHABLE


@pytest.mark.parametrize("kind", ACCEPTS)
async def test_an_inward_address_is_never_called(kind: ChannelKind) -> None:
    async with (
        sink(ACCEPTS[kind]) as server,
        open_gateways(allow_private_addresses=False, timeout_seconds=0.5) as gateways,
    ):
        answer = await gateways[kind].send(parcel_for(kind, server.url, MESSAGE))
    assert answer.failure is Failure.BLOCKED
    assert server.requests == []


@pytest.mark.parametrize("kind", sorted(set(ChannelKind) - {ChannelKind.CONSOLE}))
async def test_a_channel_without_its_settings_says_so(kind: ChannelKind) -> None:
    async with opened() as gateways:
        answer = await gateways[kind].send(Parcel(ids.new_id(), MESSAGE))
    assert answer.failure is Failure.MISCONFIGURED
    assert answer.detail


async def test_a_secret_the_platform_repeats_is_not_kept() -> None:
    said = says("500 Oops", body=b"no: /send?access_token=tok-12345678&key=SEC-a-secret")
    async with sink(said) as server, opened() as gateways:
        url = f"http://127.0.0.1:{server.port}/robot/send?access_token=tok-12345678"
        parcel = parcel_for(ChannelKind.DINGTALK, url, MESSAGE, "SEC-a-secret")
        answer = await gateways[ChannelKind.DINGTALK].send(parcel)
    assert answer.detail == "no: /send?access_token=***&key=***"


@pytest.mark.parametrize("kind", ACCEPTS)
@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": None, "sentence": 5, "links": [1], "people": {"a": 1}, "alerts": "no"},
        {"type": "alert.digest", "alerts": [None, {"id": 1}, {"sentence": []}], "people": [3, {}]},
        {"type": "alert.firing", "sentence": {"zh": "\ud800", "en": "\x00"}, "severity": []},
    ],
)
async def test_no_odd_message_keeps_an_alert_from_being_told(
    kind: ChannelKind, message: dict[str, Any]
) -> None:
    if kind is ChannelKind.WEBHOOK:
        pytest.skip("a webhook carries the message itself, which the outbox keeps as JSON")
    async with sink(ACCEPTS[kind]) as server, opened() as gateways:
        answer = await gateways[kind].send(parcel_for(kind, server.url, message))
    assert judge(answer).outcome is Outcome.SENT, answer


@pytest.mark.parametrize("kind", ACCEPTS)
async def test_every_platform_hears_of_the_request(kind: ChannelKind) -> None:
    async with sink(ACCEPTS[kind]) as server, opened() as gateways:
        parcel = parcel_for(kind, server.url, MESSAGE)
        await gateways[kind].send(replace(parcel, request_id="r-123"))
        await gateways[kind].send(parcel)
    (named, said), (unnamed, _) = server.requests
    assert (named.get("x-request-id"), unnamed.get("x-request-id")) == ("r-123", None)
    assert b"r-123" not in said
