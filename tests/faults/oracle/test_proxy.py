"""The fault proxy does to a line what it was told, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.faults.oracle.proxy import Fault, FaultProxy, Kind
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

_HOST = "127.0.0.1"


@dataclass
class Echo:
    """Answers every line in capitals, and remembers what it was asked."""

    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    ends: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self.asked.append(line.strip())
                writer.write(line.upper())
                await writer.drain()
            self.ends += 1
            writer.write(b"BYE\n")
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def line(fault: str = "pass") -> AsyncIterator[tuple[Echo, FaultProxy]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, _HOST, 0)
    echo.port = server.sockets[0].getsockname()[1]
    async with server, FaultProxy((_HOST, echo.port)) as proxy:
        await proxy.set(fault)
        yield echo, proxy


@dataclass
class Caller:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, text: bytes) -> bytes:
        """The answer, or what there was of it before the line ended."""
        self.writer.write(text + b"\n")
        return await self.reader.readline()


@asynccontextmanager
async def caller(proxy: FaultProxy) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection(_HOST, proxy.port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()


async def is_silent(talk: Caller) -> bool:
    """True when nothing comes though there was time enough for it."""
    reading = asyncio.create_task(talk.reader.readline())
    done, _ = await asyncio.wait([reading], timeout=0.2)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return not done


async def test_a_line_that_passes_carries_both_ways_and_to_the_last_word() -> None:
    async with line() as (echo, proxy), caller(proxy) as talk:
        assert await talk.ask(b"one") == b"ONE\n"
        talk.writer.write_eof()
        assert await talk.reader.read() == b"BYE\n"
        assert (echo.asked, proxy.opened) == ([b"one"], 1)


@pytest.mark.parametrize("fault", ["latency=0.1~0.05", "bandwidth=20", "drip=0.02"])
async def test_a_slow_line_says_the_same_later(fault: str) -> None:
    async with line() as (_, proxy), caller(proxy) as talk:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await talk.ask(b"one") == b"ONE\n"
        quick = loop.time() - begun
        await proxy.set(fault)
        begun = loop.time()
        assert await talk.ask(b"two") == b"TWO\n"
        assert loop.time() - begun > 0.06 > quick / 100


async def test_a_blackhole_lets_callers_in_and_says_nothing_until_it_is_mended() -> None:
    async with line() as (echo, proxy), caller(proxy) as before:
        assert await before.ask(b"one") == b"ONE\n"
        await proxy.set("blackhole")
        async with caller(proxy) as newcomer:
            before.writer.write(b"two\n")
            newcomer.writer.write(b"three\n")
            assert await is_silent(before)
            assert await is_silent(newcomer)
            assert echo.asked == [b"one"]
            await proxy.set("pass")
            assert await before.reader.readline() == b"TWO\n"
            assert await newcomer.reader.readline() == b"THREE\n"


async def test_rst_ends_every_line_and_refuse_lets_nobody_in() -> None:
    async with line() as (_, proxy), caller(proxy) as talk:
        assert await talk.ask(b"one") == b"ONE\n"
        await proxy.set("rst")
        with pytest.raises(ConnectionResetError):
            await talk.reader.readline()
        async with caller(proxy) as newcomer:
            with pytest.raises(ConnectionResetError):
                await newcomer.ask(b"two")
        await proxy.set("refuse")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(_HOST, proxy.port)
        await proxy.set("pass")
        async with caller(proxy) as newcomer:
            assert await newcomer.ask(b"three") == b"THREE\n"
        assert proxy.resets == 2


async def test_a_half_closed_line_is_told_the_server_and_still_answers() -> None:
    async with line() as (echo, proxy), caller(proxy) as talk:
        assert await talk.ask(b"one") == b"ONE\n"
        await proxy.set("half_close")
        assert await talk.reader.readline() == b"BYE\n"
        assert echo.ends == 1


async def test_an_answer_is_cut_after_so_many_bytes() -> None:
    async with line("cut=6") as (_, proxy), caller(proxy) as talk:
        assert await talk.ask(b"one") == b"ONE\n"
        talk.writer.write(b"two\n")
        assert await talk.reader.readexactly(2) == b"TW"
        with pytest.raises(ConnectionResetError):
            await talk.reader.read()
        assert proxy.resets == 1


async def test_what_was_executed_may_never_be_answered() -> None:
    """The server has done it; its caller gets an RST in place of the answer."""
    async with line("swallow=1:COMMIT") as (echo, proxy), caller(proxy) as talk:
        assert await talk.ask(b"BEGIN") == b"BEGIN\n"
        with pytest.raises(ConnectionResetError):
            await talk.ask(b"COMMIT")
        assert (echo.asked, proxy.swallowed) == ([b"BEGIN", b"COMMIT"], 1)


async def test_the_seed_chooses_which_answers_are_swallowed() -> None:
    async def swallowed(seed: int) -> list[int]:
        lost = []
        async with line() as (echo, _), FaultProxy((_HOST, echo.port), seed=seed) as proxy:
            await proxy.set("swallow=0.3:COMMIT")
            for number in range(40):
                async with caller(proxy) as talk:
                    try:
                        assert await talk.ask(b"COMMIT") == b"COMMIT\n"
                    except ConnectionResetError:
                        lost.append(number)
        return lost

    first = await swallowed(1)
    assert first == await swallowed(1)
    assert first != await swallowed(2)
    assert 3 < len(first) < 25


async def test_a_flapping_line_is_broken_and_whole_in_turns() -> None:
    async with line("flap=0.05") as (_, proxy):
        seen: set[Kind] = set()

        def both() -> bool:
            seen.add(proxy.fault.kind)
            return seen >= {Kind.RST, Kind.PASS}

        await wait_until(both)
        await proxy.set("pass")
        async with caller(proxy) as talk:
            assert await talk.ask(b"one") == b"ONE\n"


def test_a_fault_is_read_from_a_word() -> None:
    assert Fault.read("latency=0.05~0.01") == Fault(Kind.LATENCY, 0.05, 0.01)
    assert Fault.read("swallow=0.02:COMMIT") == Fault(Kind.SWALLOW, 0.02, trigger=b"COMMIT")
    assert Fault.read(" pass\n") == Fault()
    with pytest.raises(ValueError, match="explode"):
        Fault.read("explode")
