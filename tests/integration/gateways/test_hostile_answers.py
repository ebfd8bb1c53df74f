"""The guarded client against sinks that mean harm, and against every address that leads home."""

import asyncio
import gzip
import ipaddress
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from services.core.kit.addresses import Address, parse_literal
from services.core.kit.http import (
    MAX_ANSWER_BYTES,
    MAX_ANSWER_PIECES,
    BlockedAddressError,
    DeadlineError,
    GuardedClient,
    HttpAnswer,
    LostAnswerError,
    OutgoingError,
)
from tests.support.sinks import Script, says, sink, writes

# However much is offered, so much may be held at once: the answer, and what the parser reads ahead.
MAX_PEAK_BYTES = 4 * 1024 * 1024
SECONDS = 5.0
OK = b"HTTP/1.1 200 OK\r\n"

INWARD = [
    "127.0.0.1",
    "127.1",
    "0",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::]",
    "169.254.169.254",
    "100.100.100.200",
    "[fd00:ec2::254]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::127.0.0.1]",
    "[fec0::1]",
    "224.0.0.1",
    "10.0.0.1",
    "192.168.0.1",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
]


async def post(url: str, *, seconds: float = SECONDS) -> HttpAnswer:
    async with GuardedClient(allow_private=True, timeout_seconds=seconds) as client:
        return await client.post(url, content=b"hello", headers={})


def endless(start: bytes, piece: bytes) -> Script:
    """Begin an answer and never stop; the sink ends when the other side hangs up."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()

    return script


@asynccontextmanager
async def little_memory() -> AsyncIterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MAX_PEAK_BYTES


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (OK + b"content-length: 2147483648\r\n\r\n", b"x" * 65_536),
        (OK + b"transfer-encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        (OK + b"\r\n", b"x" * 65_536),
    ],
    ids=["2 GB", "endless chunks", "no end told"],
)
async def test_an_answer_without_end_is_cut_and_the_line_is_hung_up(
    start: bytes, piece: bytes
) -> None:
    async with sink(endless(start, piece)) as server, little_memory():
        answer = await post(server.url)
    assert (answer.status_code, len(answer.body), answer.cut) == (200, MAX_ANSWER_BYTES, True)


async def test_an_answer_in_crumbs_is_cut_after_so_many() -> None:
    """Each piece costs work, however little is in it."""
    crumbs = endless(OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1_000)
    async with sink(crumbs) as server:
        answer = await post(server.url, seconds=60.0)
    assert (answer.status_code, answer.cut) == (200, True)
    assert len(answer.body) == MAX_ANSWER_PIECES + 1


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"\0" * 50_000_000)),
        ("deflate", zlib.compress(b"\0" * 50_000_000)),
        ("gzip, gzip, gzip", gzip.compress(gzip.compress(b"\0" * 50_000_000))),
        ("br", b"\x00\xff" * 100),
        ("zstd", b"\x28\xb5\x2f\xfd" + b"\xff" * 100),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_bomb_is_not_unpacked(encoding: str, packed: bytes) -> None:
    async with (
        sink(says("200 OK", f"content-encoding: {encoding}", body=packed)) as server,
        little_memory(),
    ):
        answer = await post(server.url)
    assert answer.body == packed[:MAX_ANSWER_BYTES]


async def test_a_body_that_is_no_text_is_bytes_and_harms_nobody() -> None:
    body = b"\xff\xfe\xed\xa0\x80\x00\xc3("
    headers = ("content-type: application/json; charset=utf-99",)
    async with sink(says("200 OK", *headers, body=body)) as server:
        answer = await post(server.url)
    assert answer.body == body


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"".join(b"x-%d: 1\r\n" % number for number in range(10_000)) + b"\r\n",
        OK + b"x-long: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 -1 OK\r\n\r\n",
        OK + b"content-length: -1\r\n\r\n",
        OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        OK + b"x\0y: z\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"-ERR unknown command 'POST'\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
    ids=lambda raw: repr(raw[:40]),
)
async def test_what_is_no_answer_is_a_lost_one(raw: bytes) -> None:
    async with sink(writes(raw)) as server, little_memory():
        with pytest.raises(LostAnswerError) as lost:
            await post(server.url)
    assert "ESMTP" not in str(lost.value)


async def test_headers_without_end_are_not_collected() -> None:
    async with sink(endless(OK, b"x-a: " + b"a" * 1_000 + b"\r\n")) as server, little_memory():
        with pytest.raises(LostAnswerError):
            await post(server.url)


async def test_headers_that_drip_end_at_the_deadline() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with sink(drip) as server:
        with pytest.raises(DeadlineError):
            await post(server.url, seconds=0.3)


async def test_promises_of_an_answer_do_not_move_the_deadline() -> None:
    """`100 Continue` again and again is no answer."""

    async def promise(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with sink(promise) as server:
        with pytest.raises(OutgoingError):
            await post(server.url, seconds=0.5)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
@pytest.mark.parametrize(
    "location",
    ["itself", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "//[::1]/", ""],
)
async def test_a_redirect_is_never_followed_wherever_it_leads(status: str, location: str) -> None:
    async with sink(says(status, f"location: {location}")) as server:
        target = server.url if location == "itself" else location
        server.script = says(status, f"location: {target}")
        answer = await post(server.url)
        assert len(server.requests) == 1
    assert answer.status_code == int(status[:3])


class Listed:
    """A resolver with its answers in a row; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = [[ipaddress.ip_address(text) for text in each] for each in answers]
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[Address]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return answer


@pytest.mark.parametrize("host", INWARD)
async def test_an_inward_address_is_refused_when_it_is_sent_to(host: str) -> None:
    resolver = Listed(["8.8.8.8"])
    async with GuardedClient(resolver=resolver) as client:
        with pytest.raises(BlockedAddressError):
            await client.post(f"http://{host}/", content=b"", headers={})
    assert resolver.asked == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://user@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1#@example.com/",
        "http://127.0.0.1\\@example.com/",
        "file:///etc/passwd",
        "gopher://example.com/_x",
        "ftp://example.com/",
        "http://example.com:22/",
        "http://example.com:5432/",
        "http://example.com:6379/",
        "http://example.com:0/",
    ],
)
async def test_what_is_no_web_address_of_a_stranger_is_not_called(url: str) -> None:
    resolver = Listed(["8.8.8.8"])
    async with GuardedClient(resolver=resolver) as client:
        with pytest.raises(BlockedAddressError):
            await client.post(url, content=b"", headers={})
    assert resolver.asked == 0


@pytest.mark.parametrize(
    "records",
    [
        [str(parse_literal(host)) for host in INWARD if parse_literal(host) is not None],
        ["8.8.8.8", "127.0.0.1"],
        ["2606:4700::1111", "::1"],
        ["8.8.8.8", "10.0.0.1"],
        ["8.8.8.8", "::ffff:8.8.8.8"],
        [],
    ],
    ids=str,
)
async def test_a_name_with_one_inward_record_is_not_called(records: list[str]) -> None:
    async with sink(says("200 OK")) as server:
        client = GuardedClient(ports=frozenset({server.port}), resolver=Listed(records))
        async with client:
            with pytest.raises(BlockedAddressError):
                await client.post(f"http://a.example:{server.port}/", content=b"", headers={})
        assert server.requests == []


async def test_a_name_that_turns_inward_after_it_was_saved_is_not_called() -> None:
    """The answer at saving does not matter: each sending asks anew, once, and judges that."""
    async with sink(says("200 OK")) as server:
        resolver = Listed(["127.0.0.1"], ["8.8.8.8"])
        async with GuardedClient(ports=frozenset({server.port}), resolver=resolver) as client:
            with pytest.raises(BlockedAddressError):
                await client.post(f"http://a.example:{server.port}/", content=b"", headers={})
        assert (resolver.asked, server.requests) == (1, [])
