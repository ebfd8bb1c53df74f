"""Heads no honest client sends, against the server as it is shipped, with both of its parsers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.db import cloned_database
from tests.support.processes import Site, opened_site
from tests.support.rawsockets import ask, head
from tests.support.servers import ServerAddress

CLOSE = "connection: close"
GET = "GET /healthz HTTP/1.1"
POST = "POST /v1/sources HTTP/1.1"
KEYS = "GET /v1/keys HTTP/1.1"
# The ordinary way in, and the short one for deliveries.
PATHS = ["/v1/sources", "/v1/sources/x/deliveries"]
CHUNKED = b"2\r\n{}\r\n0\r\n\r\n"


@pytest.fixture(scope="module", params=["h11", "httptools"])
async def site(
    request: pytest.FixtureRequest,
    postgres_server: ServerAddress,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("exposed")
    async with (
        cloned_database(postgres_server.url, template_database) as url,
        opened_site(url, folder) as site,
    ):
        await site.start_api(API__HTTP=request.param)
        yield site


async def assert_still_serves(site: Site) -> None:
    assert (await ask(site.url, head(GET, [CLOSE]))).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        head(GET, [f"x-{number}: 1" for number in range(20_000)]),
        head(GET, ["x-long: " + "a" * 1_000_000]),
        head(GET, ["x" * 1_000_000 + ": a"]),
        head(f"GET /{'a' * 1_000_000} HTTP/1.1"),
        b"A" * 1_000_000,
    ],
    ids=["20k headers", "1 MB header", "1 MB header name", "1 MB address", "1 MB of nothing"],
)
async def test_a_head_without_end_is_refused(site: Site, sent: bytes) -> None:
    answer = await ask(site.url, sent)
    assert answer.status in {400, 431}
    assert answer.problem["code"] in {"bad_request", "head_too_large"}
    assert len(answer.problem["request_id"]) == 32
    await assert_still_serves(site)


@pytest.mark.parametrize(
    "sent",
    [
        head(GET, ["x-a: b\rc: d"]),
        head(GET, ["x-a: b\nc d"]),
        head(GET, ["x-a: b\0c"]),
        head(GET, ["x a: b"]),
        head(GET, [": b"]),
        head(GET, ["no colon"]),
        head(GET, ["x-a\0: b"]),
        head("GET /health\tz HTTP/1.1"),
        head("GET /h\xe9 HTTP/1.1"),
        head("GET /healthz HTTP/9.9"),
        head("GET /healthz"),
        head("\x00GET /healthz HTTP/1.1"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100 + b"\r\n\r\n",
        b"\xff" * 100 + b"\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
async def test_what_is_no_http_is_refused(site: Site, sent: bytes) -> None:
    answer = await ask(site.url, sent)
    assert answer.status == 400
    assert answer.problem["code"] == "bad_request"
    assert b"connection: close" in answer.head
    await assert_still_serves(site)


@pytest.mark.parametrize(
    "framing",
    [
        ["transfer-encoding: chunked", "content-length: 2"],
        ["content-length: 2", "transfer-encoding: chunked"],
        ["transfer-encoding: chunked", "transfer-encoding: chunked"],
        ["transfer-encoding: identity, chunked, identity"],
        ["transfer-encoding: xchunked"],
        ["content-length: 2", "content-length: 3"],
        ["content-length: -2"],
        ["content-length: +2"],
        ["content-length: 0x2"],
        ["content-length: 2e0"],
        ["content-length: 2, 3"],
    ],
    ids=" | ".join,
)
@pytest.mark.parametrize("path", PATHS)
async def test_a_body_whose_end_is_ambiguous_is_refused(
    site: Site, framing: list[str], path: str
) -> None:
    """Whatever comes behind such a body may be read as a second request by one of two servers."""
    headers = ["content-type: application/json", *framing]
    smuggled = head(KEYS, [CLOSE])
    line = f"POST {path} HTTP/1.1"
    answer = await ask(site.url, head(line, headers) + CHUNKED + smuggled)
    assert answer.status in {400, 501}
    assert b"connection: close" in answer.head
    # Nobody answered what was hidden in the body.
    assert b"HTTP/1.1 " not in answer.body
    await assert_still_serves(site)


@pytest.mark.parametrize(
    "host",
    [
        "test/v1/keys?",
        "test/../../metrics?",
        "user@test",
        "test#",
        "a b",
        "test:80:80",
        "test:port",
        "[::1",
        "tést",
        "a,b",
        "<script>",
    ],
)
async def test_a_host_that_is_none_is_refused(site: Site, host: str) -> None:
    answer = await ask(site.url, head(GET, [CLOSE], host=host))
    assert answer.status == 400
    assert answer.problem["code"] == "bad_request"


async def test_two_hosts_are_refused(site: Site) -> None:
    answer = await ask(site.url, head(GET, [CLOSE, "host: other"]))
    assert answer.status == 400


@pytest.mark.parametrize("host", ["test", "test:8080", "127.0.0.1:1", "[::1]:80", "a-b.c_d", ""])
async def test_an_honest_host_is_served(site: Site, host: str) -> None:
    assert (await ask(site.url, head(GET, [CLOSE], host=host))).status == 200


@pytest.mark.parametrize(
    "target",
    [
        "//v1/keys",
        "/v1//keys",
        "/healthz/../v1/keys",
        "/healthz/%2e%2e/v1/keys",
        "/healthz;/v1/keys",
        "/v1/keys/",
        "/V1/keys",
        "/v1/keys%00",
        "/v1/keys%2f",
        "/v1%2fkeys%2f",
        "http://test/v1/keys",
        "*",
    ],
)
async def test_no_spelling_of_an_address_opens_a_door_without_a_key(
    site: Site, target: str
) -> None:
    answer = await ask(site.url, head(f"GET {target} HTTP/1.1", [CLOSE]))
    assert answer.status in {400, 401, 404}
    assert answer.problem["status"] == answer.status
    await assert_still_serves(site)


@pytest.mark.parametrize("path", PATHS)
async def test_a_lying_length_is_refused_by_what_comes(site: Site, path: str) -> None:
    """More than was told is another request, and none that can be read: one answer, no second."""
    headers = ["content-type: application/json", "content-length: 2"]
    answer = await ask(site.url, head(f"POST {path} HTTP/1.1", headers) + b"{}" + b"\xff" * 1_000)
    assert answer.status in {400, 401}
    assert answer.body.count(b"HTTP/1.1 200") == 0
    await assert_still_serves(site)


async def test_a_body_too_large_is_refused_without_reading_it(site: Site) -> None:
    headers = ["content-type: application/json", f"content-length: {1024 * 1024 + 1}"]
    for path in PATHS:
        # Not a byte of it is sent, and nobody waits for one.
        answer = await ask(site.url, head(f"POST {path} HTTP/1.1", headers))
        assert answer.status == 413
        assert answer.problem["code"] == "too_large"
        assert b"connection: close" in answer.head


async def test_no_line_of_the_log_holds_what_a_stranger_wrote(site: Site) -> None:
    planted = "planted-4711"
    escape = "\x1b[31m"
    for line, headers in (
        (f"GET /{planted} HTTP/1.1", []),
        (f"GET /healthz?{planted} HTTP/1.1", []),
        (f"{planted.upper()} /healthz HTTP/1.1", []),
        (GET, [f"user-agent: {planted}{escape}" + "a" * 10_000]),
        (GET, [f'x-request-id: {planted}"}}{{"event":"forged']),
        (GET, [f"authorization: Bearer wl_{planted}"]),
        (GET, [f"x-a: {planted}\r\n{planted}: {planted}\x0b"]),
    ):
        await ask(site.url, head(line, [CLOSE, *headers]))
    body = f'{{"{planted}": "\\r\\n{planted}"}}'.encode()
    sent = [CLOSE, "content-type: application/json", f"content-length: {len(body)}"]
    await ask(site.url, head(POST, sent) + body)
    log = site.started[-1].log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    assert len([line for line in lines if line["event"] == "request"]) >= 6
    assert planted not in log.lower()
    assert "\x1b" not in log
    assert all(len(str(value)) <= 512 for line in lines for value in line.values())
