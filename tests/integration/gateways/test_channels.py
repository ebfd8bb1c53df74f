"""Every channel keeps one promise: it takes a parcel and says honestly what became of it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.core.alerts import answers, rules
from services.core.alerts.types import ChannelKind, Outcome
from services.core.gateways.channels.console import ConsoleGateway
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer, ChannelGateway, Failure, Parcel
from services.core.gateways.channels.posting import read_retry_after
from services.core.gateways.channels.webhook import WebhookGateway
from services.core.gateways.channels.wiring import open_gateways
from services.core.kit import ids
from services.core.kit.http import MAX_ANSWER_BYTES, GuardedClient
from services.core.kit.signatures import SignatureHeaders, generate_secret, verify
from tests.support.alerts import NOON
from tests.support.sinks import Script, Sink, drops, says, sink, waits_for, writes

SECRET, OLD_SECRET = generate_secret(), generate_secret()
MESSAGE = rules.build_greeting("ops", now=NOON)

# What the other side does, what the channel must say about it, and what that means.
CASES: dict[str, tuple[Script, Answer, Outcome]] = {
    "accepts": (says("200 OK", body=b"thanks"), Answer(200, detail="thanks"), Outcome.SENT),
    "accepts in silence": (writes(b"HTTP/1.1 204 -\r\n\r\n"), Answer(204), Outcome.SENT),
    "breaks": (says("500 Oops", body=b"oops"), Answer(500, detail="oops"), Outcome.RETRYABLE),
    "is busy": (
        says("429 Slow down", "retry-after: 30"),
        Answer(429, retry_after=30.0),
        Outcome.RETRYABLE,
    ),
    "is gone": (says("410 Gone"), Answer(410), Outcome.PERMANENT),
    "sends elsewhere": (
        says("302 Found", "location: http://127.0.0.1:1/"),
        Answer(302),
        Outcome.PERMANENT,
    ),
    "is slow": (
        waits_for(asyncio.Event()),
        Answer(failure=Failure.TIMEOUT),
        Outcome.IN_DOUBT,
    ),
    "hangs up": (drops, Answer(failure=Failure.LOST), Outcome.IN_DOUBT),
    "talks nonsense": (
        writes(b"\x16\x03garbage\r\n\r\n"),
        Answer(failure=Failure.LOST),
        Outcome.IN_DOUBT,
    ),
    "talks without end": (
        says("200 OK", body=b"x" * 3 * MAX_ANSWER_BYTES),
        Answer(200, detail="x" * 200),
        Outcome.SENT,
    ),
    "draws on the terminal": (
        says("400 No", body="\x1b[31mred\r\nnext\x00中文".encode()),
        Answer(400, detail="[31mred next 中文"),
        Outcome.PERMANENT,
    ),
}

Opened = AbstractAsyncContextManager[tuple[ChannelGateway, Parcel, Callable[[], int]]]


def parcel_for(url: str, *secrets: str) -> Parcel:
    return Parcel(ids.new_id(), MESSAGE, {"url": url}, secrets or (SECRET,))


@asynccontextmanager
async def live(
    script: Script, _: Answer
) -> AsyncIterator[tuple[ChannelGateway, Parcel, Callable[[], int]]]:
    async with (
        sink(script) as server,
        GuardedClient(allow_private=True, timeout_seconds=0.5) as client,
    ):
        yield WebhookGateway(client), parcel_for(server.url), lambda: len(server.requests)


@asynccontextmanager
async def fake(
    _: Script, answer: Answer
) -> AsyncIterator[tuple[ChannelGateway, Parcel, Callable[[], int]]]:
    gateway = FakeGateway([answer])
    yield gateway, parcel_for("https://ops.example/in"), lambda: len(gateway.parcels)


@pytest.mark.parametrize("opened", [live, fake])
@pytest.mark.parametrize("behaviour", CASES)
async def test_a_channel_says_what_the_other_side_did(
    behaviour: str, opened: Callable[[Script, Answer], Opened]
) -> None:
    script, expected, outcome = CASES[behaviour]
    async with opened(script, expected) as (gateway, parcel, count):
        answer = await gateway.send(parcel)
        assert count() == 1
    assert (answer.status_code, answer.failure, answer.retry_after) == (
        expected.status_code,
        expected.failure,
        expected.retry_after,
    )
    if expected.failure is None:
        assert answer.detail == expected.detail
    assert answers.judge(answer).outcome is outcome


async def delivered(act: Callable[[WebhookGateway, Sink], Awaitable[None]]) -> Sink:
    async with (
        sink(says("200 OK")) as server,
        GuardedClient(allow_private=True) as client,
    ):
        await act(WebhookGateway(client), server)
    return server


async def test_a_webhook_verifies_with_the_new_secret_and_with_the_old_one() -> None:
    async def act(gateway: WebhookGateway, server: Sink) -> None:
        await gateway.send(parcel_for(server.url, SECRET, OLD_SECRET))

    ((headers, body),) = (await delivered(act)).requests
    signed = SignatureHeaders(
        webhook_id=(headers["webhook-id"].encode(),),
        timestamp=(headers["webhook-timestamp"].encode(),),
        signature=(headers["webhook-signature"].encode(),),
    )
    for secret in (SECRET, OLD_SECRET):
        verify(secrets=[secret], headers=signed, body=body, now=datetime.now(UTC))
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "type": "channel.test",
        "timestamp": NOON.isoformat(),
        "data": MESSAGE,
    }


async def test_every_attempt_of_one_parcel_has_one_id() -> None:
    async def act(gateway: WebhookGateway, server: Sink) -> None:
        parcel = parcel_for(server.url)
        for _ in range(2):
            await gateway.send(parcel)

    requests = (await delivered(act)).requests
    assert len({headers["webhook-id"] for headers, _ in requests}) == 1


async def test_an_inward_address_is_not_called_and_says_so() -> None:
    async with (
        sink(says("200 OK")) as server,
        GuardedClient(ports=frozenset({server.port})) as client,
    ):
        answer = await WebhookGateway(client).send(parcel_for(server.url))
    assert answer.failure is Failure.BLOCKED
    assert server.requests == []


async def test_nobody_listening_means_unreachable() -> None:
    async with sink(drops) as server:
        url = server.url
    async with GuardedClient(allow_private=True) as client:
        answer = await WebhookGateway(client).send(parcel_for(url))
    assert answer.failure is Failure.UNREACHABLE


@pytest.mark.parametrize(
    "parcel",
    [
        Parcel(ids.new_id(), MESSAGE, {}, (SECRET,)),
        Parcel(ids.new_id(), MESSAGE, {"url": 5}, (SECRET,)),
        Parcel(ids.new_id(), MESSAGE, {"url": "https://ops.example/"}),
        Parcel(ids.new_id(), MESSAGE, {"url": "https://ops.example/"}, ("whsec_short",)),
    ],
)
async def test_a_channel_that_is_not_set_up_says_so(parcel: Parcel) -> None:
    async with GuardedClient() as client:
        answer = await WebhookGateway(client).send(parcel)
    assert answer.failure is Failure.MISCONFIGURED
    assert "whsec_short" not in answer.detail


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        ("0.5", 0.5),
        ("-5", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        (format_datetime(NOON + timedelta(seconds=90)), 90.0),
        (format_datetime(NOON - timedelta(seconds=90)), 0.0),
        ("Sat, 21 Nov 2026 12:01:00", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    value: str | None, seconds: float | None
) -> None:
    assert read_retry_after(value, NOON) == seconds


async def test_the_console_writes_a_line_for_machines() -> None:
    stream = io.StringIO()
    parcel = Parcel(ids.new_id(), MESSAGE)
    answer = await ConsoleGateway(stream).send(parcel)
    assert answers.judge(answer).outcome is Outcome.SENT
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {"alert": MESSAGE, "id": str(parcel.id)}


async def test_the_console_speaks_both_languages_to_people() -> None:
    stream = io.StringIO()
    message = MESSAGE | {"severity": "breach", "links": {"case": "/v1/cases/1"}}
    await ConsoleGateway(stream, human=True).send(Parcel(ids.new_id(), message))
    assert "breach" in stream.getvalue()
    assert "渠道已连通。 / This is a test: the channel works. /v1/cases/1" in stream.getvalue()


async def test_the_console_lets_no_markup_through() -> None:
    stream = io.StringIO()
    message = MESSAGE | {"sentence": {"zh": "[red]x[/red]", "en": ""}}
    await ConsoleGateway(stream, human=True).send(Parcel(ids.new_id(), message))
    assert "[red]x[/red]" in stream.getvalue()


async def test_a_closed_console_is_unreachable() -> None:
    stream = io.StringIO()
    stream.close()
    answer = await ConsoleGateway(stream, human=False).send(Parcel(ids.new_id(), MESSAGE))
    assert answer.failure is Failure.UNREACHABLE


async def test_an_installation_opens_every_kind_of_channel() -> None:
    async with open_gateways(allow_private_addresses=False, timeout_seconds=1) as gateways:
        assert set(gateways) == set(ChannelKind)
