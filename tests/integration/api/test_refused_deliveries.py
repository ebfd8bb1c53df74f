"""Every refusal of the contract's table: the stated answer, nothing echoed, nothing stored."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.signatures import generate_secret, sign
from services.core.kit.uow import Database
from services.core.settings import IntakeSettings, Settings
from services.core.workspaces.types import Workspace
from tests.support.client import client_of
from tests.support.factories import RegisteredSource, batch, body_of, comment, make_source
from tests.support.webhooks import is_problem, nothing_is_stored, post, send


@pytest.fixture
async def source(database: Database, workspace: Workspace) -> RegisteredSource:
    return await make_source(database, workspace.id)


ENVELOPE = '{"id":"a","type":"comment.created","timestamp":"2026-11-21T08:15:04Z","data":'
DATA = '{"id":"c","post_id":"p","author":{"id":"u"},"text":"x"'


def with_data(extra: str) -> bytes:
    return f"{ENVELOPE}{DATA},{extra}}}}}".encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"hello",
        b"{",
        b'{"a":1,}',
        b'{"a":1} x',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        json.dumps(comment()).encode("utf-16"),
        b'{"id":"\xc3\x28"}',
        b'{"id":"a\x00b"}',
        with_data('"n":NaN'),
        with_data('"n":Infinity'),
        with_data('"n":1e400'),
        with_data('"n":' + "9" * 5_000),
        with_data('"n":1,"n":2'),
        with_data('"n":' + "[" * 33 + "]" * 33),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"1," * 500_000 + b"1]",
        ("{" + ",".join(f'"k{number}":1' for number in range(10_001)) + "}").encode(),
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_what_is_not_strict_json_is_400(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource, body: bytes
) -> None:
    response = await post(anonymous, source, body)
    assert is_problem(response, 400, "invalid_json")
    assert await nothing_is_stored(database)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ("text", ""),
        (None, ""),
        (7, ""),
        ({}, "/type"),
        ({"type": 1, "timestamp": "x", "data": {}}, "/type"),
        ({"type": "dm.received", "data": {}}, "/timestamp"),
        ({"type": "dm.received", "timestamp": "2026-11-21T08:15:04Z"}, "/data"),
        ({"type": "dm.received", "timestamp": "2026-11-21T08:15:04Z", "data": []}, "/data"),
        ({"type": "batch", "data": {}}, "/data/events"),
        ({"type": "batch", "data": {"events": []}}, "/data/events"),
        ({"type": "batch", "data": {"events": {}}}, "/data/events"),
        ({"type": "batch", "data": {"events": [{}] * 501}}, "/data/events"),
    ],
)
async def test_an_envelope_without_the_contracts_shape_is_400_with_a_pointer(
    anonymous: httpx.AsyncClient,
    database: Database,
    source: RegisteredSource,
    document: object,
    pointer: str,
) -> None:
    response = await send(anonymous, source, document)
    assert is_problem(response, 400, "invalid_envelope")
    assert pointer in [problem["pointer"] for problem in response.json()["errors"]]
    assert await nothing_is_stored(database)


@pytest.mark.parametrize(
    "webhook_id", ["a.b", "a b", "x" * 129, "name/1", "ключ".encode().hex() + "!"]
)
async def test_a_webhook_id_outside_its_grammar_is_400(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource, webhook_id: str
) -> None:
    body = body_of(comment())
    headers = source.headers(body, webhook_id=webhook_id)
    response = await anonymous.post(
        f"/v1/sources/{source.id}/deliveries", content=body, headers=headers
    )
    assert is_problem(response, 400, "invalid_envelope")
    assert await nothing_is_stored(database)


BODY = body_of(comment("a"))
ELSEWHERE = sign(generate_secret(), "msg_1", 1, BODY)


def changed(source: RegisteredSource, **changes: str | None) -> dict[str, str]:
    headers: dict[str, str] = source.headers(BODY, webhook_id="msg_1")
    for name, value in changes.items():
        headers.pop(f"webhook-{name}")
        if value is not None:
            headers[f"webhook-{name}"] = value
    return headers


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": None},
        {"signature": ""},
        {"signature": "v1,"},
        {"signature": "v1,not base64 at all"},
        {"signature": ELSEWHERE},
        {"signature": ELSEWHERE.replace("v1,", "v9,")},
        {"signature": ELSEWHERE.removeprefix("v1,")},
        {"signature": "v1," + "0" * 64},
        {"signature": " ".join([ELSEWHERE] * 9)},
        {"signature": "v1," + "A" * 5_000},
        {"id": None},
        {"id": "msg_2"},
        {"id": ""},
        {"timestamp": None},
        {"timestamp": "0"},
        {"timestamp": "soon"},
        {"timestamp": "-1"},
        {"timestamp": "1e9"},
        {"timestamp": "9223372036854775808"},
        {"timestamp": "NaN"},
    ],
)
async def test_a_broken_signature_is_401(
    anonymous: httpx.AsyncClient,
    database: Database,
    source: RegisteredSource,
    changes: dict[str, str | None],
) -> None:
    response = await anonymous.post(
        f"/v1/sources/{source.id}/deliveries", content=BODY, headers=changed(source, **changes)
    )
    assert is_problem(response, 401, "bad_signature")
    assert await nothing_is_stored(database)


@pytest.mark.parametrize(
    ("seconds", "status"), [(-290, 202), (290, 202), (-310, 401), (310, 401), (-86_400, 401)]
)
async def test_a_signature_lives_for_300_seconds_either_way(
    anonymous: httpx.AsyncClient, source: RegisteredSource, seconds: int, status: int
) -> None:
    headers = source.headers(BODY, at=datetime.now(UTC) + timedelta(seconds=seconds))
    response = await anonymous.post(
        f"/v1/sources/{source.id}/deliveries", content=BODY, headers=headers
    )
    assert response.status_code == status


@pytest.mark.parametrize("suffix", [b"\n", b" "])
async def test_a_body_other_than_the_signed_one_is_401(
    anonymous: httpx.AsyncClient, source: RegisteredSource, suffix: bytes
) -> None:
    response = await anonymous.post(
        f"/v1/sources/{source.id}/deliveries", content=BODY + suffix, headers=source.headers(BODY)
    )
    assert is_problem(response, 401, "bad_signature")


async def test_a_repeated_signature_header_is_401(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    signed = source.headers(BODY)
    headers = [*signed.items(), ("webhook-signature", signed["webhook-signature"])]
    response = await anonymous.post(
        f"/v1/sources/{source.id}/deliveries", content=BODY, headers=headers
    )
    assert is_problem(response, 401, "bad_signature")


async def test_an_unknown_source_cannot_be_told_from_a_bad_signature(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    known = await anonymous.post(
        f"/v1/sources/{source.id}/deliveries",
        content=BODY,
        headers=changed(source, signature=ELSEWHERE),
    )
    for unknown in (uuid4(), "not-an-id", "0", "%00", "1" * 300):
        response = await anonymous.post(
            f"/v1/sources/{unknown}/deliveries", content=BODY, headers=source.headers(BODY)
        )
        if unknown == "%00":
            assert response.status_code in {401, 404}
            continue
        assert is_problem(response, 401, "bad_signature")
        told, expected = response.json(), known.json()
        assert told | {"request_id": ""} == expected | {"request_id": ""}


async def test_another_sources_secret_does_not_sign(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    first = await make_source(database, workspace.id)
    second = await make_source(database, workspace.id)
    response = await anonymous.post(
        f"/v1/sources/{first.id}/deliveries", content=BODY, headers=second.headers(BODY)
    )
    assert is_problem(response, 401, "bad_signature")


async def test_a_body_of_a_mebibyte_is_taken_and_one_byte_more_is_not(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    padding = " " * (1024 * 1024 - len(BODY))
    full = BODY + padding.encode()
    assert (await post(anonymous, source, full + b" ")).status_code == 413
    assert await nothing_is_stored(database)
    assert (await post(anonymous, source, full)).status_code == 202


async def test_a_body_too_large_is_413_however_its_length_is_told(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 65_536
            yield b" " * 65_536

    path = f"/v1/sources/{source.id}/deliveries"
    chunked = await anonymous.post(path, content=endless(), headers=source.headers(BODY))
    assert is_problem(chunked, 413, "too_large")
    assert taken <= 1024 * 1024 + 2 * 65_536
    declared = source.headers(BODY) | {"content-length": str(10**30)}
    assert is_problem(await anonymous.post(path, content=BODY, headers=declared), 413, "too_large")
    assert chunked.headers["connection"] == "close"


async def test_a_wrong_media_type_is_refused_before_the_body_is_read(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    for headers in (
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/x-ndjson"},
        {"content-type": "application/json; charset=gbk"},
        {"content-encoding": "gzip"},
    ):
        response = await anonymous.post(
            f"/v1/sources/{source.id}/deliveries",
            content=never(),
            headers=source.headers(BODY) | headers,
        )
        assert is_problem(response, 415, "unsupported_media")


async def test_a_missing_media_type_is_415(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    headers = source.headers(BODY)
    del headers["content-type"]
    response = await anonymous.post(
        f"/v1/sources/{source.id}/deliveries", content=BODY, headers=headers
    )
    assert is_problem(response, 415, "unsupported_media")


async def test_a_body_that_does_not_come_in_time_is_408(
    database: Database, source: RegisteredSource
) -> None:
    hurried = Settings(intake=IntakeSettings(receive_seconds=0.05))
    app = create_app(hurried, database=database, wakeups=RecordedWakeups())

    async def stalled() -> AsyncIterator[bytes]:
        yield BODY[:10]
        await asyncio.Event().wait()

    async with client_of(app) as client:
        response = await client.post(
            f"/v1/sources/{source.id}/deliveries",
            content=stalled(),
            headers=source.headers(BODY),
        )
    assert is_problem(response, 408, "request_timeout")
    assert await nothing_is_stored(database)


def bad(**changes: Any) -> dict[str, Any]:
    return comment("bad") | changes


@pytest.mark.parametrize(
    "event",
    [
        bad(timestamp="20000-01-01T00:00:00Z"),
        bad(timestamp="0001-01-01T00:00:00Z"),
        bad(timestamp="9999-12-31T23:59:59-14:00"),
        bad(timestamp="1970-01-01T00:00:00Z"),
        bad(timestamp="2026-11-21T08:15:04"),
        bad(timestamp="yesterday"),
        bad(timestamp="infinity"),
        bad(timestamp="2026-13-45T00:00:00Z"),
        bad(id="x" * 257),
        bad(id=""),
        bad(data={}),
        bad(data=comment(id=5)["data"]),
        bad(data=comment(id=True)["data"]),
        bad(data=comment(id=1.5)["data"]),
        bad(data=comment(author="lily")["data"]),
        bad(data=comment(author={})["data"]),
        bad(data=comment(text=None)["data"]),
        bad(data=comment(text="x" * 10_001)["data"]),
        bad(data=comment(version="2")["data"]),
        bad(data=comment(version=2**63)["data"]),
        bad(data=comment(version=True)["data"]),
        bad(data=comment(id="nul\0")["data"]),
    ],
)
async def test_a_bad_event_is_422_and_nothing_of_its_batch_is_stored(
    anonymous: httpx.AsyncClient,
    database: Database,
    source: RegisteredSource,
    event: dict[str, Any],
) -> None:
    document = batch([comment("good"), event, comment("good too")])
    response = await send(anonymous, source, document)
    assert is_problem(response, 422, "invalid_event")
    assert {problem["index"] for problem in response.json()["errors"]} == {1}
    assert await nothing_is_stored(database)


async def test_every_bad_event_has_an_entry(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    events = [comment(), bad(data={}), comment(), 7, bad(timestamp=1)]
    response = await send(anonymous, source, {"type": "batch", "data": {"events": events}})
    assert {problem["index"] for problem in response.json()["errors"]} == {1, 3, 4}


async def test_a_refusal_never_repeats_what_was_sent(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    marker = "hush-4711"
    for document in (
        {"type": marker},
        {"type": "dm.received", "timestamp": marker, "data": {"id": marker, "text": 3}},
        comment(marker) | {"data": {marker: marker}},
        marker,
    ):
        response = await send(anonymous, source, document)
        assert response.status_code in {400, 422}
        assert marker not in response.text
