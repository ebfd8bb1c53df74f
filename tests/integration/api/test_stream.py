import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.api import stream_hub
from services.api.routes import stream as stream_route
from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.client import make_key
from tests.support.live import PATIENCE, Live, serving, until

pytestmark = pytest.mark.made_up_facts


@pytest.fixture
async def live(app: FastAPI) -> AsyncIterator[Live]:
    async with serving(app) as live:
        yield live


@dataclass
class Sent:
    """One server-sent event as a client reads it."""

    id: str | None = None
    event: str | None = None
    data: Any = None
    comment: str | None = None


@dataclass
class Reader:
    lines: AsyncIterator[str]
    comments: list[str] = field(default_factory=list)

    async def next(self) -> Sent:
        """The next event with data; comments are kept aside. Ends with StopAsyncIteration."""
        sent = Sent()
        async with asyncio.timeout(PATIENCE):
            while True:
                line = await anext(self.lines)
                if not line and sent.data is not None:
                    return sent
                name, _, value = line.partition(": ")
                if name == "data":
                    sent.data = json.loads(value)
                elif name in {"id", "event"}:
                    setattr(sent, name, value)
                elif line.startswith(":"):
                    self.comments.append(value)

    async def take(self, count: int) -> list[Sent]:
        return [await self.next() for _ in range(count)]

    async def end(self) -> None:
        async with asyncio.timeout(PATIENCE):
            async for _ in self.lines:
                pass


@asynccontextmanager
async def listening(
    live: Live, key: str, *, last_event_id: int | None = None, **query: Any
) -> AsyncIterator[Reader]:
    headers = {"authorization": f"Bearer {key}"}
    if last_event_id is not None:
        headers["last-event-id"] = str(last_event_id)
    async with (
        httpx.AsyncClient(base_url=live.address, timeout=PATIENCE) as client,
        client.stream("GET", "/v1/stream", headers=headers, params=query) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        reader = Reader(response.aiter_lines())
        # The first comment: from here on nothing is missed.
        assert (await anext(reader.lines)).startswith(":")
        yield reader


async def tell(
    database: Database, workspace_id: UUID, *kinds: str, payload: dict[str, Any] | None = None
) -> None:
    async with database.unit(workspace_id) as uow:
        await stream.announce(uow, [Fact(kind, "case", uuid4(), payload or {}) for kind in kinds])
    await stream.publish(database)


@pytest.fixture
async def key(database: Database, workspace: Workspace) -> str:
    return await make_key(database, workspace.id)


async def test_a_listener_hears_what_happens_in_order(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    await tell(database, workspace.id, "case.opened")
    async with listening(live, key) as reader:
        await tell(database, workspace.id, "case.answered")
        await tell(database, workspace.id, "clock.met", payload={"n": 1})
        first, second = await reader.take(2)
    assert (first.id, first.event) == ("2", "case.answered")
    assert (second.id, second.event) == ("3", "clock.met")
    assert second.data["seq"] == 3
    assert second.data["kind"] == "clock.met"
    assert second.data["subject_kind"] == "case"
    assert second.data["payload"] == {"n": 1}
    assert second.data["at"].endswith("Z")


@pytest.mark.parametrize("way", ["header", "query"])
async def test_a_reader_who_comes_back_misses_nothing(
    live: Live, key: str, database: Database, workspace: Workspace, way: str
) -> None:
    await tell(database, workspace.id, *["case.opened"] * 5)
    place = {"last_event_id": 2} if way == "header" else {"after": 2}
    async with listening(live, key, **place) as reader:
        past = await reader.take(3)
        await tell(database, workspace.id, "case.6")
        new = await reader.next()
    assert [sent.id for sent in [*past, new]] == ["3", "4", "5", "6"]


async def test_a_long_past_is_read_page_by_page_and_whole(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    total = stream_hub.PAGE * 2 + 7
    await tell(database, workspace.id, *["case.opened"] * total)
    async with listening(live, key, after=0) as reader:
        await tell(database, workspace.id, "case.last")
        sent = await reader.take(total + 1)
    assert [int(each.id or 0) for each in sent] == list(range(1, total + 2))


async def test_a_reader_behind_the_ring_still_hears_everything(
    live: Live,
    key: str,
    database: Database,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_hub, "RING", 3)
    async with listening(live, key) as reader:
        await tell(database, workspace.id, *["case.opened"] * 50)
        sent = await reader.take(50)
    assert [int(each.id or 0) for each in sent] == list(range(1, 51))


async def test_what_is_forgotten_is_told_as_a_gap(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    await tell(database, workspace.id, *["case.opened"] * 5)
    async with database.unit(workspace.id) as uow:
        await uow.execute("DELETE FROM facts WHERE seq <= 3")
        await uow.execute("UPDATE stream_heads SET first_kept_seq = 4")
    async with listening(live, key, last_event_id=1) as reader:
        gap, first = await reader.take(2)
    assert (gap.event, gap.id, gap.data) == ("gap", "3", {"from": 2, "to": 3})
    assert first.id == "4"


async def test_what_is_forgotten_while_one_reads_is_told_as_a_gap(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    await tell(database, workspace.id, *["case.opened"] * 5)
    async with database.unit(workspace.id) as uow:
        await uow.execute("DELETE FROM facts WHERE seq BETWEEN 2 AND 3")
    async with listening(live, key, after=0) as reader:
        sent = await reader.take(4)
    assert [each.event for each in sent] == ["case.opened", "gap", "case.opened", "case.opened"]
    assert sent[1].data == {"from": 2, "to": 3}


async def test_a_number_never_given_out_is_told_as_a_gap(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    await tell(database, workspace.id, "case.opened")
    async with listening(live, key, last_event_id=99) as reader:
        await tell(database, workspace.id, "case.answered")
        gap, first = await reader.take(2)
    assert (gap.event, gap.id) == ("gap", "1")
    assert first.id == "2"


async def test_only_the_kinds_asked_for_are_sent(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    async with listening(live, key, kinds=["alert.", "clock.missed"]) as reader:
        for kind in ("case.opened", "clock.met", "clock.missed", "alert.raised"):
            await tell(database, workspace.id, kind)
        sent = await reader.take(2)
    assert [each.event for each in sent] == ["clock.missed", "alert.raised"]


async def test_another_workspaces_facts_are_never_heard(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    other = await workspaces.create_workspace(database, "Other", slug="other")
    async with listening(live, key) as reader:
        await tell(database, other.id, "case.theirs")
        await tell(database, workspace.id, "case.ours")
        assert (await reader.next()).event == "case.ours"


async def test_a_quiet_stream_says_that_it_lives_and_how_far_it_is(
    live: Live,
    key: str,
    database: Database,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_route, "PING_SECONDS", 0)
    monkeypatch.setattr(stream_route, "CHECK_SECONDS", 0.05)
    async with listening(live, key, kinds="alert.") as reader:
        await tell(database, workspace.id, "case.opened")
        async with asyncio.timeout(PATIENCE):
            async for line in reader.lines:
                if line == "id: 1":
                    break


async def test_many_listeners_share_one_reading_and_hold_no_connection(
    live: Live, key: str, database: Database, workspace: Workspace
) -> None:
    pool: Any = database.engine.pool
    async with (
        listening(live, key) as one,
        listening(live, key) as two,
        listening(live, key) as three,
    ):
        assert live.hub.listeners == 3
        await tell(database, workspace.id, "case.opened")
        for reader in (one, two, three):
            assert (await reader.next()).id == "1"
        await until(lambda: pool.checkedout() == 0)
    await until(lambda: live.hub.listeners == 0)


async def test_nobody_listening_means_nothing_is_read(
    live: Live, key: str, database: Database
) -> None:
    async with listening(live, key):
        pass
    await until(lambda: live.hub.listeners == 0)
    assert live.hub._feeds == {}


async def test_a_full_house_answers_unavailable(
    live: Live, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_hub, "MOST_LISTENERS", 1)
    async with (
        listening(live, key),
        httpx.AsyncClient(base_url=live.address) as client,
    ):
        headers = {"authorization": f"Bearer {key}"}
        response = await client.get("/v1/stream", headers=headers)
    assert response.status_code == 503
    assert response.headers["retry-after"]


async def test_a_revoked_key_ends_its_stream(
    live: Live,
    key: str,
    database: Database,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_route, "CHECK_SECONDS", 0.1)
    async with listening(live, key) as reader:
        async with database.unit(workspace.id) as uow:
            (found,) = (await uow.execute(text("SELECT id FROM api_keys"))).scalars()
            await workspaces.revoke_key(uow, found)
        await reader.end()


async def test_a_stream_ends_at_once_when_the_process_is_told_to(live: Live, key: str) -> None:
    async with listening(live, key) as reader:
        signal.raise_signal(signal.SIGTERM)
        await reader.end()
    await asyncio.wait_for(live.task, 3)


async def test_a_reader_who_takes_nothing_is_let_go(
    live: Live,
    key: str,
    database: Database,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_route, "STALL_SECONDS", 0.2)
    # Only the next writing meets a full buffer, be it a ping.
    monkeypatch.setattr(stream_route, "PING_SECONDS", 0)
    monkeypatch.setattr(stream_route, "CHECK_SECONDS", 0.05)
    host, port = live.address.removeprefix("http://").split(":")
    # A small window, or the kernel would take megabytes in the reader's place.
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)  # noqa: FBT003 - the library's own signature
    await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
    _, writer = await asyncio.open_connection(sock=narrow, limit=1024)
    request = f"GET /v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n"
    writer.write(request.encode())
    await writer.drain()
    await until(lambda: live.hub.listeners == 1)
    # More than the sockets of both ends hold between them.
    for _ in range(12):
        await tell(database, workspace.id, *["case.opened"] * 10, payload={"pad": "x" * 100_000})
    await until(lambda: live.hub.listeners == 0)
    writer.close()


@pytest.mark.parametrize("place", [{"last-event-id": "abc"}, {"last-event-id": "-1"}])
async def test_a_place_that_is_no_number_is_refused(
    api: httpx.AsyncClient, place: dict[str, str]
) -> None:
    response = await api.get("/v1/stream", headers=place)
    assert response.status_code == 422


async def test_a_stream_needs_a_key(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/v1/stream")).status_code == 401
