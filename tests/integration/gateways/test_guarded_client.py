"""The only way out, against real sockets that behave badly."""

import asyncio
import gzip
import ipaddress
from collections.abc import Sequence

import pytest

from services.core.kit.addresses import Address
from services.core.kit.http import (
    MAX_ANSWER_BYTES,
    BlockedAddressError,
    DeadlineError,
    GuardedClient,
    HttpAnswer,
    LostAnswerError,
    UnreachableError,
    _require_peer,
    resolve,
)
from tests.support.sinks import Script, drops, says, sink, waits_for, writes

HOME = ipaddress.ip_address("127.0.0.1")
ELSEWHERE = ipaddress.ip_address("8.8.8.8")


class Directory:
    """A resolver that answers in turn, and counts."""

    def __init__(self, *answers: Sequence[Address]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        return self._answers.pop(0)


async def post(url: str, *, seconds: float = 5.0) -> HttpAnswer:
    async with GuardedClient(allow_private=True, timeout_seconds=seconds) as client:
        return await client.post(url, content=b"hello", headers={"x-a": "b"})


async def test_a_plain_answer_comes_back_whole() -> None:
    async with sink(says("201 Created", "x-c: d", body=b"done")) as server:
        answer = await post(server.url)
    assert (answer.status_code, answer.body, answer.cut) == (201, b"done", False)
    assert answer.headers["x-c"] == "d"
    headers, body = server.requests[0]
    assert body == b"hello"
    assert headers[":request"] == "POST /hooks?team=a%20b HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["accept-encoding"] == "identity"


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with sink(says("200 OK")) as inner:
        location = f"location: http://127.0.0.1:{inner.port}/"
        async with sink(says("302 Found", location)) as outer:
            answer = await post(outer.url)
    assert answer.status_code == 302
    assert inner.requests == []


async def test_a_huge_answer_is_cut() -> None:
    async with sink(says("200 OK", body=b"x" * (MAX_ANSWER_BYTES + 100_000))) as server:
        answer = await post(server.url)
    assert (answer.status_code, len(answer.body), answer.cut) == (200, MAX_ANSWER_BYTES, True)


async def test_a_compressed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    async with sink(says("200 OK", "content-encoding: gzip", body=packed)) as server:
        answer = await post(server.url)
    assert answer.body == packed


async def test_silence_ends_at_the_deadline() -> None:
    async with sink(waits_for(asyncio.Event())) as server:
        with pytest.raises(DeadlineError):
            await post(server.url, seconds=0.2)


async def test_a_status_counts_even_if_its_body_never_ends() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhal")
        await writer.drain()
        await asyncio.Event().wait()

    async with sink(trickle) as server:
        answer = await post(server.url, seconds=0.3)
    assert (answer.status_code, answer.body, answer.cut) == (200, b"hal", True)


@pytest.mark.parametrize(
    "script",
    [drops, writes(b""), writes(b"\x00\xff garbage\r\n\r\n"), writes(b"HTTP/1.1 200 OK\r\nhalf")],
)
async def test_a_lost_answer_is_told_apart_from_nobody_there(script: Script) -> None:
    async with sink(script) as server:
        with pytest.raises(LostAnswerError):
            await post(server.url)


async def test_nobody_there_means_nothing_was_sent() -> None:
    async with sink(drops) as server:
        url = server.url
    with pytest.raises(UnreachableError):
        await post(url)


async def test_a_name_nobody_knows_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        await resolve("no-such-name.invalid", 80)


@pytest.mark.parametrize(
    "found", [[HOME], [ELSEWHERE, HOME], [ipaddress.ip_address("64:ff9b::7f00:1")]]
)
async def test_a_name_with_one_inward_record_is_never_called(found: list[Address]) -> None:
    async with (
        sink(says("200 OK")) as server,
        GuardedClient(ports=frozenset({server.port}), resolver=Directory(found)) as client,
    ):
        with pytest.raises(BlockedAddressError):
            await client.post(f"http://hooks.example:{server.port}/", content=b"", headers={})
    assert server.requests == []


async def test_a_rebound_name_is_asked_once_and_pinned() -> None:
    """The second answer of the resolver, inward or not, is never asked for."""
    directory = Directory([HOME], [ELSEWHERE])
    async with (
        sink(says("200 OK")) as server,
        GuardedClient(allow_private=True, resolver=directory) as client,
    ):
        url = f"http://hooks.example:{server.port}/x"
        answer = await client.post(url, content=b"", headers={})
    assert answer.status_code == 200
    assert directory.asked == ["hooks.example"]
    assert server.requests[0][0]["host"] == f"hooks.example:{server.port}"


async def test_the_next_address_is_tried_when_nobody_answers_at_the_first() -> None:
    nobody = ipaddress.ip_address("127.0.0.99")
    async with (
        sink(says("200 OK")) as server,
        GuardedClient(allow_private=True, resolver=Directory([nobody, HOME])) as client,
    ):
        url = f"http://hooks.example:{server.port}/"
        answer = await client.post(url, content=b"", headers={})
    assert answer.status_code == 200


async def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sink(says("418 Proxy")) as proxy, sink(says("200 OK")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        answer = await post(server.url)
    assert answer.status_code == 200
    assert proxy.requests == []


async def test_every_call_opens_its_own_connection() -> None:
    """Two names on one address would otherwise share a connection, and its certificate."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.read(4096):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, GuardedClient(allow_private=True) as client:
        for _ in range(2):
            assert (await client.post(url, content=b"", headers={})).status_code == 200
    assert connections == 2


async def test_the_name_is_what_tls_asks_for_though_the_address_is_pinned() -> None:
    hello = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, GuardedClient(allow_private=True, resolver=Directory([HOME])) as client:
        with pytest.raises(UnreachableError):
            await client.post(f"https://hooks.example:{port}/", content=b"", headers={})
    assert b"hooks.example" in await hello


async def test_a_connection_that_ended_up_elsewhere_is_closed_unused() -> None:
    """As behind a translating network: the socket's peer is not the address we meant."""
    stream = StrayStream()
    with pytest.raises(BlockedAddressError):
        await _require_peer(stream, ELSEWHERE)
    assert stream.is_closed
    same = StrayStream()
    await _require_peer(same, HOME)
    assert not same.is_closed


@pytest.mark.parametrize("is_put_away", [False, True])
async def test_a_connection_that_was_reset_at_once_is_nobody_there_not_somebody_else(
    *, is_put_away: bool
) -> None:
    """A reset socket has no peer. That is no reason to give an alert up for good."""
    stream = PutAwayStream() if is_put_away else StrayStream(peer=None)
    with pytest.raises(UnreachableError):
        await _require_peer(stream, HOME)
    assert stream.is_closed


class StrayStream:
    is_closed = False

    def __init__(self, peer: tuple[str, int] | None = ("127.0.0.1", 80)) -> None:
        self._peer = peer

    def get_extra_info(self, name: str) -> object:
        return {"server_addr": self._peer}[name]

    async def aclose(self) -> None:
        self.is_closed = True


class PutAwayStream(StrayStream):
    """What anyio does with a socket that uvloop has closed on a reset."""

    def get_extra_info(self, name: str) -> object:
        raise AttributeError("'NoneType' object has no attribute 'family'")


async def test_the_peer_is_checked_on_every_connection() -> None:
    """A resolver that lies about what it found cannot make the socket lie too."""

    class Liar(ipaddress.IPv4Address):
        def __str__(self) -> str:
            return "127.0.0.1"

    async with (
        sink(says("200 OK")) as server,
        GuardedClient(allow_private=True, resolver=Directory([Liar("8.8.8.8")])) as client,
    ):
        with pytest.raises(BlockedAddressError):
            await client.post(f"http://hooks.example:{server.port}/", content=b"", headers={})
    assert server.requests == []
