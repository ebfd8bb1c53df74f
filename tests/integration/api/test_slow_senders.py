"""The server as it is shipped, against whoever is slow on purpose, with both of its parsers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from tests.support.db import cloned_database
from tests.support.factories import RegisteredSource, body_of, comment, make_source
from tests.support.processes import Site, opened_site
from tests.support.rawsockets import answer_in, ask, head, raw_socket
from tests.support.servers import ServerAddress
from tests.support.waiting import wait_until

SEATS = 50
CROWD = 500
PATIENCE = 60.0
# Short, so that nobody has to wait for the real ones.
HURRIED = {"API__HEAD_SECONDS": "2", "INTAKE__RECEIVE_SECONDS": "1"}
# Nothing ends by itself: who is sent away was sent away for want of a seat.
PATIENT = {"API__HEAD_SECONDS": "600", "API__SEATS_PER_ADDRESS": str(SEATS)}
HEALTH = head("GET /healthz HTTP/1.1", ["connection: close"])


@pytest.fixture(scope="module")
async def database_url(
    postgres_server: ServerAddress, template_database: str
) -> AsyncIterator[str]:
    async with cloned_database(postgres_server.url, template_database) as url:
        yield url


@pytest.fixture(scope="module", params=["h11", "httptools"])
async def hurried(
    request: pytest.FixtureRequest, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("hurried")
    async with opened_site(database_url, folder) as site:
        await site.start_api(API__HTTP=request.param, **HURRIED)
        yield site


@pytest.fixture(scope="module", params=["h11", "httptools"])
async def seated(
    request: pytest.FixtureRequest, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("seated")
    async with opened_site(database_url, folder) as site:
        await site.start_api(API__HTTP=request.param, **PATIENT)
        yield site


@asynccontextmanager
async def crowd(site: Site, size: int) -> AsyncIterator[list["asyncio.Task[bytes]"]]:
    """So many who connect and say nothing; each task ends when its connection was ended."""
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(raw_socket(site.url)) for _ in range(size)]
        ends = [asyncio.create_task(each.hear()) for each in sockets]
        try:
            yield ends
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)


def gone(ends: list["asyncio.Task[bytes]"]) -> int:
    return sum(end.done() for end in ends)


async def a_source(database_url: str) -> RegisteredSource:
    database = Database(create_engine(database_url))
    try:
        workspace = await workspaces.create_workspace(database, f"Slow {uuid4().hex}")
        return await make_source(database, workspace.id)
    finally:
        await database.close()


async def test_a_head_that_drips_is_told_so_and_ended(hurried: Site) -> None:
    async with raw_socket(hurried.url) as connection:
        hearing = asyncio.create_task(connection.hear())
        await connection.drip(head("GET /healthz HTTP/1.1", ["x-long: " + "a" * 10_000]))
        answer = answer_in(await hearing)
    assert answer.status == 408
    assert answer.problem["code"] == "request_timeout"


async def test_whoever_says_nothing_is_told_nothing(hurried: Site) -> None:
    async with raw_socket(hurried.url) as connection:
        assert await connection.hear() == b""


async def test_a_second_head_has_the_same_deadline(hurried: Site) -> None:
    async with raw_socket(hurried.url) as connection:
        hearing = asyncio.create_task(connection.hear())
        await connection.send(head("GET /healthz HTTP/1.1"))
        await connection.drip(head("GET /healthz HTTP/1.1", ["x-long: " + "a" * 10_000]))
        heard = await hearing
    assert answer_in(heard).status == 200
    assert b"HTTP/1.1 408 " in heard


@pytest.mark.parametrize("path", ["/v1/sources/x/deliveries", "/v1/sources/x/nothing"])
@pytest.mark.parametrize("body", [b"", b" " * 10_000], ids=["stalls", "drips"])
async def test_a_body_that_stalls_or_drips_is_408(hurried: Site, path: str, body: bytes) -> None:
    headers = ["content-type: application/json", "content-length: 100000"]
    async with raw_socket(hurried.url) as connection:
        hearing = asyncio.create_task(connection.hear())
        await connection.send(head(f"POST {path} HTTP/1.1", headers))
        await connection.drip(body)
        answer = answer_in(await hearing)
    assert answer.status == 408
    assert answer.problem["code"] == "request_timeout"
    assert b"connection: close" in answer.head


async def test_a_body_nobody_asked_for_holds_no_connection(hurried: Site) -> None:
    """The answer is out long before the body is; what drips in behind it is not waited for."""
    async with raw_socket(hurried.url) as connection:
        hearing = asyncio.create_task(connection.hear())
        await connection.send(head("GET /healthz HTTP/1.1", ["content-length: 100000"]))
        await connection.drip(b" " * 10_000)
        heard = await hearing
    assert answer_in(heard).status == 200
    assert heard.count(b"HTTP/1.1 ") == 1


async def test_a_crowd_that_says_nothing_gets_fifty_seats_and_takes_nobodys_service(
    seated: Site, database_url: str
) -> None:
    source = await a_source(database_url)
    async with crowd(seated, CROWD) as ends:
        while gone(ends) < CROWD - SEATS:
            body = body_of(comment())
            path = f"/v1/sources/{source.id}/deliveries"
            answer = await seated.http.post(path, content=body, headers=source.headers(body))
            assert answer.status_code == 202
        # Those who have a seat keep it.
        assert gone(ends) == CROWD - SEATS


async def test_each_address_has_seats_of_its_own(seated: Site) -> None:
    async with crowd(seated, SEATS + 1) as ends:
        await wait_until(lambda: gone(ends) == 1, PATIENCE, what="one is sent away")
        # It begins, needs a seat while the others hold theirs, and ends.
        async with raw_socket(seated.url, local="127.0.0.2") as other:
            hearing = asyncio.create_task(other.hear())
            await other.drip(HEALTH)
            assert answer_in(await hearing).status == 200
        async with raw_socket(seated.url) as another:
            hearing = asyncio.create_task(another.hear())
            await another.drip(HEALTH)
            assert answer_in(await hearing).status == 408


async def test_a_burst_of_honest_callers_needs_no_seats(seated: Site) -> None:
    answers = await asyncio.gather(*(ask(seated.url, HEALTH) for _ in range(4 * SEATS)))
    assert {answer.status for answer in answers} == {200}
