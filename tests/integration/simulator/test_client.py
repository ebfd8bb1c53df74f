"""The sender keeps to the plan, and keeps asking under the same id until it is answered."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from services.simulator.client import Answer, DeliveryClient, SendPolicy, read_answer
from services.simulator.deliveries import PlannedDelivery
from services.simulator.ledger import Ledger
from services.simulator.receiver import Misbehaviour, WebhookReceiver

SECRET = "whsec_" + base64.b64encode(b"a secret only these tests know..").decode()
STRANGER = "whsec_" + base64.b64encode(b"a secret of somebody else.......").decode()
ACCEPTED = Misbehaviour(status=202, body=b'{"delivery_id": "d", "accepted": 3, "duplicates": 1}')
IMPATIENT = SendPolicy(attempts=4, first_wait_seconds=0.001, timeout_seconds=5.0)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
async def product() -> AsyncIterator[WebhookReceiver]:
    """Stands where the product's intake would: signatures checked, answers as in WEBHOOK.md."""
    async with WebhookReceiver([SECRET]) as listening:
        listening.misbehave(ACCEPTED)
        yield listening


def client(
    product: WebhookReceiver,
    *,
    secret: str = SECRET,
    policy: SendPolicy = IMPATIENT,
    ledger: Ledger | None = None,
) -> DeliveryClient:
    base_url = product.url.removesuffix("/webhooks")
    return DeliveryClient(base_url, "src_1", secret, policy=policy, ledger=ledger)


def delivery(name: str = "d1", at: float = 0.0) -> PlannedDelivery:
    return PlannedDelivery(at, name, b'{"type":"x"}', (f"e-{name}",))


async def test_a_delivery_arrives_signed_at_the_sources_address(product: WebhookReceiver) -> None:
    async with client(product) as sender:
        answer = await sender.send(delivery())
    assert answer == Answer(202, accepted=3, duplicates=1)
    (request,) = product.accepted
    assert request.path == "/v1/sources/src_1/deliveries"
    assert request.headers["content-type"] == "application/json"
    assert (request.webhook_id, request.body) == ("d1", b'{"type":"x"}')
    assert product.refusals == []


@pytest.mark.parametrize("trouble", [500, 502, 503, 429])
async def test_a_retry_keeps_the_id_and_the_body(product: WebhookReceiver, trouble: int) -> None:
    product.misbehave(Misbehaviour(status=trouble), times=2)
    async with client(product) as sender:
        answer = await sender.send(delivery())
    assert answer.is_ack
    assert [(r.webhook_id, r.body, r.status) for r in product.received] == [
        ("d1", b'{"type":"x"}', trouble),
        ("d1", b'{"type":"x"}', trouble),
        ("d1", b'{"type":"x"}', 202),
    ]
    assert (sender.counters.sent, sender.counters.retries, sender.counters.acked) == (1, 2, 1)


async def test_an_answer_that_got_lost_is_asked_for_again(product: WebhookReceiver) -> None:
    product.misbehave(Misbehaviour(drop=True), times=1)
    async with client(product) as sender:
        answer = await sender.send(delivery())
    assert answer.is_ack
    assert [r.webhook_id for r in product.received] == ["d1", "d1"]


async def test_a_refusal_is_final(product: WebhookReceiver) -> None:
    product.misbehave(Misbehaviour(status=422), times=1)
    async with client(product) as sender:
        answer = await sender.send(delivery())
    assert answer.status == 422
    assert len(product.received) == 1
    assert sender.counters.failed == 1


async def test_a_wrong_secret_is_refused_once_and_reported(product: WebhookReceiver) -> None:
    async with client(product, secret=STRANGER) as sender:
        answer = await sender.send(delivery())
    assert answer.status == 401
    assert product.refusals == ["no signature matches"]
    assert sender.counters.statuses == {"401": 1}


async def test_patience_ends_after_the_last_attempt(product: WebhookReceiver) -> None:
    product.misbehave(Misbehaviour(status=503))
    async with client(product) as sender:
        answer = await sender.send(delivery())
    assert answer.status == 503
    assert len(product.received) == IMPATIENT.attempts
    assert (sender.counters.failed, sender.counters.waiting) == (1, 0)


async def test_a_server_that_is_not_there_is_a_failure_and_no_error() -> None:
    async with WebhookReceiver([SECRET]) as gone:
        pass
    async with client(gone) as sender:
        answer = await sender.send(delivery())
    assert answer == Answer(None)
    assert sender.counters.statuses == {"ConnectError": IMPATIENT.attempts}


async def test_retry_after_is_waited_for_before_the_next_attempt(product: WebhookReceiver) -> None:
    product.misbehave(Misbehaviour(status=429, retry_after="1"), times=1)
    async with client(product) as sender:
        await sender.send(delivery())
    first, second = product.received
    assert second.at - first.at >= timedelta(seconds=1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    response = httpx.Response(503, headers={"retry-after": header})
    assert read_answer(response, now=NOW).retry_after_seconds == seconds


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b'{"accepted": true}', b"\xff"])
def test_an_odd_body_costs_the_counts_and_not_the_answer(body: bytes) -> None:
    assert read_answer(httpx.Response(202, content=body), now=NOW) == Answer(202)


class TestTheOpenLoop:
    async def test_a_slow_server_does_not_slow_the_plan_down(
        self, product: WebhookReceiver
    ) -> None:
        # Nobody is answered before all have come: a sender that waits would never get there.
        product.misbehave(Misbehaviour(status=202, delay_seconds=3600.0))
        plan = [delivery(f"d{n}", at=n / 1000) for n in range(20)]
        stop = asyncio.Event()
        async with client(product) as sender, asyncio.TaskGroup() as both:
            sending = both.create_task(sender.run(plan, stop))
            await product.wait_until(lambda it: len(it.received) == 20)
            sending.cancel()

    async def test_a_full_house_is_counted_as_lag(self, product: WebhookReceiver) -> None:
        product.misbehave(Misbehaviour(status=202, delay_seconds=0.05))
        one_at_a_time = SendPolicy(max_in_flight=1)
        async with client(product, policy=one_at_a_time) as sender:
            await sender.run([delivery(f"d{n}") for n in range(4)], asyncio.Event())
        # The fourth waited for three answers, each held back on purpose.
        assert sender.counters.worst_lag_seconds >= 0.14
        assert sender.counters.from_plan.highest >= 0.19
        assert sender.counters.acked == 4

    async def test_what_may_not_wait_is_given_up(self, product: WebhookReceiver) -> None:
        product.misbehave(Misbehaviour(status=202, delay_seconds=0.05))
        crowded = SendPolicy(max_in_flight=1, max_waiting=2)
        async with client(product, policy=crowded) as sender:
            await sender.run([delivery(f"d{n}") for n in range(5)], asyncio.Event())
        assert (sender.counters.acked, sender.counters.failed) == (2, 3)

    async def test_stopping_lets_nothing_new_go(self, product: WebhookReceiver) -> None:
        stop = asyncio.Event()
        plan = [delivery("now"), delivery("later", at=3600.0)]
        async with client(product) as sender, asyncio.TaskGroup() as both:
            both.create_task(sender.run(plan, stop))
            await product.wait_until(lambda it: bool(it.accepted))
            stop.set()
        assert [r.webhook_id for r in product.received] == ["now"]

    async def test_stopping_gives_up_what_waits_for_its_turn(
        self, product: WebhookReceiver
    ) -> None:
        product.misbehave(Misbehaviour(status=202, delay_seconds=0.2))
        one_at_a_time = SendPolicy(max_in_flight=1)
        stop = asyncio.Event()
        async with client(product, policy=one_at_a_time) as sender, asyncio.TaskGroup() as both:
            both.create_task(sender.run([delivery(f"d{n}") for n in range(3)], stop))
            await product.wait_until(lambda it: bool(it.received))
            stop.set()
        assert len(product.received) == 1
        assert (sender.counters.acked, sender.counters.waiting) == (1, 0)

    async def test_stopping_gives_up_what_waits_for_a_retry(self, product: WebhookReceiver) -> None:
        product.misbehave(Misbehaviour(status=503, retry_after="3600"))
        patient = SendPolicy(longest_wait_seconds=3600.0)
        stop = asyncio.Event()
        async with client(product, policy=patient) as sender, asyncio.TaskGroup() as both:
            both.create_task(sender.run([delivery()], stop))
            await product.wait_until(lambda it: bool(it.received))
            stop.set()
        assert (sender.counters.failed, sender.counters.waiting) == (1, 0)
        assert len(product.received) == 1


class TestTheLedger:
    async def test_every_end_is_a_line(self, product: WebhookReceiver, tmp_path: Path) -> None:
        path = tmp_path / "sent.jsonl"
        product.misbehave(Misbehaviour(status=503), times=1)
        product.misbehave(Misbehaviour(status=422), times=1)
        with Ledger(path, durable=True) as ledger:
            async with client(product, ledger=ledger) as sender:
                await sender.send(delivery("good"))
                product.misbehave(Misbehaviour(status=400), times=1)
                await sender.send(delivery("bad"))
        first, second = (json.loads(line) for line in path.read_text().splitlines())
        assert (first["id"], first["status"], first["attempts"]) == ("good", 422, 2)
        assert first["ack_at"] is None
        assert (second["id"], second["status"], second["accepted"]) == ("bad", 400, None)

    async def test_an_acknowledged_line_says_what_was_promised(
        self, product: WebhookReceiver, tmp_path: Path
    ) -> None:
        path = tmp_path / "sent.jsonl"
        with Ledger(path) as ledger:
            async with client(product, ledger=ledger) as sender:
                await sender.send(delivery())
        line = json.loads(path.read_text())
        assert line["sha256"] == hashlib.sha256(b'{"type":"x"}').hexdigest()
        assert (line["status"], line["accepted"], line["duplicates"]) == (202, 3, 1)
        assert line["events"] == ["e-d1"]
        times = [datetime.fromisoformat(line[at]) for at in ("sent_at", "ack_at")]
        assert times == sorted(times)

    async def test_a_ledger_is_added_to_and_never_started_over(self, tmp_path: Path) -> None:
        path = tmp_path / "sent.jsonl"
        path.write_text("{}\n")
        async with WebhookReceiver([SECRET]) as product:
            with Ledger(path) as ledger:
                async with client(product, ledger=ledger) as sender:
                    await sender.send(delivery())
        assert len(path.read_text().splitlines()) == 2
