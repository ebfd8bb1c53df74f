"""The receiver proves who sent what, and misbehaves exactly as told."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.core.kit.clock import host_now
from services.simulator.receiver import Misbehaviour, WebhookReceiver
from services.simulator.signing import signed_headers

SECRET = "whsec_" + base64.b64encode(b"a secret only these tests know..").decode()
STRANGER = "whsec_" + base64.b64encode(b"a secret of somebody else.......").decode()
BODY = '{"type":"alert.raised","text":"该回复了"}'.encode()


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with WebhookReceiver([SECRET]) as listening:
        yield listening


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def headers(webhook_id: str = "msg_1", *, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    return signed_headers(secret, webhook_id, int(host_now().timestamp()) - age, BODY)


async def test_a_signed_webhook_is_kept_as_it_came(
    receiver: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    response = await http.post(receiver.url, content=BODY, headers=headers())
    assert response.status_code == 204
    (kept,) = receiver.accepted
    assert (kept.webhook_id, kept.body, kept.path) == ("msg_1", BODY, "/webhooks")
    assert kept.json()["text"] == "该回复了"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (dict[str, str], "no webhook-id"),
        (lambda: headers(secret=STRANGER), "no signature matches"),
        (lambda: headers(age=310), "too far away"),
    ],
    ids=["unsigned", "signed by a stranger", "too old"],
)
async def test_a_bad_signature_is_refused_and_not_kept(
    receiver: WebhookReceiver,
    http: httpx.AsyncClient,
    bad: Callable[[], dict[str, str]],
    reason: str,
) -> None:
    response = await http.post(receiver.url, content=BODY, headers=bad())
    assert response.status_code == 401
    assert receiver.received == []
    (told,) = receiver.refusals
    assert reason in told


async def test_a_body_changed_on_the_way_is_refused(
    receiver: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    response = await http.post(receiver.url, content=BODY + b" ", headers=headers())
    assert response.status_code == 401


async def test_both_secrets_of_a_rotation_are_believed(http: httpx.AsyncClient) -> None:
    async with WebhookReceiver([STRANGER, SECRET]) as receiver:
        for secret in (SECRET, STRANGER):
            response = await http.post(receiver.url, content=BODY, headers=headers(secret=secret))
            assert response.status_code == 204


async def test_it_refuses_the_next_two_and_then_behaves(
    receiver: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    receiver.misbehave(Misbehaviour(status=503, retry_after="7"), times=2)
    responses = [await http.post(receiver.url, content=BODY, headers=headers()) for _ in range(3)]
    assert [response.status_code for response in responses] == [503, 503, 204]
    assert responses[0].headers["retry-after"] == "7"
    assert len(receiver.received) == 3
    assert len(receiver.accepted) == 1


async def test_it_misbehaves_until_it_is_told_to_behave(
    receiver: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    receiver.misbehave(Misbehaviour(status=200, body=b'{"errcode":45009}'))
    for _ in range(2):
        response = await http.post(receiver.url, content=BODY, headers=headers())
        assert response.json() == {"errcode": 45009}
    receiver.behave()
    response = await http.post(receiver.url, content=BODY, headers=headers())
    assert response.status_code == 204


async def test_a_dropped_answer_was_received_all_the_same(
    receiver: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    receiver.misbehave(Misbehaviour(drop=True), times=1)
    with pytest.raises(httpx.TransportError):
        await http.post(receiver.url, content=BODY, headers=headers())
    (kept,) = receiver.received
    assert kept.status is None
    assert not kept.is_accepted


async def test_a_stalled_answer_outlasts_the_senders_patience(
    receiver: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    receiver.misbehave(Misbehaviour(delay_seconds=3600.0), times=1)
    with pytest.raises(httpx.ReadTimeout):
        await http.post(receiver.url, content=BODY, headers=headers(), timeout=0.2)
    assert [kept.webhook_id for kept in receiver.received] == ["msg_1"]


async def test_waiting_ends_when_enough_has_come(
    receiver: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    async with asyncio.TaskGroup() as both:
        both.create_task(receiver.wait_until(lambda it: len(it.accepted) == 2))
        for name in ("msg_1", "msg_2"):
            await http.post(receiver.url, content=BODY, headers=headers(name))


async def test_waiting_for_what_never_comes_ends_too(receiver: WebhookReceiver) -> None:
    with pytest.raises(TimeoutError):
        await receiver.wait_until(lambda it: bool(it.accepted), timeout_seconds=0.05)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"hello", b"400"),
        (b"GET / HTTP/1.1", b"405"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked", b"411"),
        (b"POST / HTTP/1.1\r\ncontent-length: -1", b"411"),
        (b"POST / HTTP/1.1\r\ncontent-length: 1099511627776", b"413"),
    ],
)
async def test_what_is_no_post_with_a_length_is_refused_and_does_no_harm(
    receiver: WebhookReceiver, http: httpx.AsyncClient, head: bytes, status: bytes
) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + b"\r\n\r\n")
    assert (await reader.readline()).split()[1] == status
    writer.close()
    await writer.wait_closed()
    response = await http.post(receiver.url, content=BODY, headers=headers())
    assert response.status_code == 204


async def test_a_ledger_holds_a_line_for_each_request(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = tmp_path / "received.jsonl"
    async with WebhookReceiver([SECRET], ledger=path) as receiver:
        receiver.misbehave(Misbehaviour(status=500), times=1)
        for _ in range(2):
            await http.post(receiver.url, content=BODY, headers=headers())
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(line["id"], line["status"]) for line in lines] == [("msg_1", 500), ("msg_1", 204)]
    assert lines[0]["body"].encode() == BODY


async def test_leaving_does_not_wait_for_somebody_asleep(http: httpx.AsyncClient) -> None:
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, complaint: complaints.append(complaint))
    async with asyncio.TaskGroup() as both:
        async with WebhookReceiver([SECRET]) as receiver:
            receiver.misbehave(Misbehaviour(delay_seconds=3600.0))
            asking = both.create_task(_ask(http, receiver.url))
            await receiver.wait_until(lambda it: bool(it.received))
        await asking
    loop.set_exception_handler(None)
    assert complaints == []


async def _ask(http: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(httpx.TransportError):
        await http.post(url, content=BODY, headers=headers())
