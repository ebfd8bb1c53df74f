"""F21: clients hang up and requests are cancelled at random moments: nothing stays behind them."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from time import perf_counter
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.pool import QueuePool
from typing_extensions import override

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.db import APP_ROLE, create_engine
from services.core.kit.uow import SYSTEM_ACTOR, Actor, Database, UnitOfWork
from services.core.settings import Settings
from tests.support.client import client_of
from tests.support.db import connect
from tests.support.factories import body_of
from tests.support.live import serving
from tests.support.waiting import wait_until
from tests.support.worlds import World, make_world

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
TIMES = 2_000 if LONG else 300
POOL = 5
AT_ONCE = 20
SEED = 21

IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'disconnects'
  AND state LIKE 'idle in transaction%'
"""
OUR_STATE = """
SELECT current_user, coalesce(current_setting('warmline.workspace', true), ''),
  current_setting('transaction_read_only'), pg_current_xact_id_if_assigned() IS NOT NULL
"""
UNTOUCHED = (APP_ROLE, "", "off", False)


@dataclass(frozen=True, slots=True)
class Place:
    """The API over a small pool of its own, with a world to ask about."""

    app: FastAPI
    database: Database
    world: World
    superuser: asyncpg.Connection

    @property
    def key(self) -> str:
        return self.world.key

    def request(self, chance: Random) -> tuple[str, str, dict[str, str], bytes]:
        """A read, a write or a signed webhook: method, path, headers, body."""
        ids = self.world.ids
        bearer = {"authorization": f"Bearer {self.key}"}
        name = uuid4().hex
        event = {"id": name, "type": "follower.followed", "data": {"follower": {"id": name}}}
        happened = {"timestamp": "2026-11-20T12:00:00Z"}
        signed = body_of(event | happened)
        choices = [
            ("GET", "/v1/cases", bearer, b""),
            ("GET", f"/v1/cases/{ids['case_id']}", bearer, b""),
            ("GET", "/v1/summary", bearer, b""),
            ("POST", f"/v1/cases/{ids['case_id']}/replies", bearer, orjson.dumps({"text": "亲"})),
            ("POST", "/v1/members", bearer, orjson.dumps({"handle": name, "name": "林"})),
            (
                "POST",
                f"/v1/sources/{self.world.source.id}/deliveries",
                self.world.source.headers(signed),
                signed,
            ),
        ]
        method, path, headers, body = chance.choice(choices)
        return method, path, headers | {"content-type": "application/json"}, body


@asynccontextmanager
async def placed(
    database: Database, url: str, kind: type[Database] = Database
) -> AsyncIterator[Place]:
    world = await make_world(database, "World")
    engine = create_engine(url, pool_size=POOL, application_name="disconnects")
    small = kind(engine)
    superuser = await connect(url)
    app = create_app(Settings(), database=small, wakeups=RecordedWakeups())
    try:
        yield Place(app, small, world, superuser)
    finally:
        await app.state.warmline.deliveries.close()
        await small.close()
        await superuser.close()


async def leftovers(place: Place) -> list[str]:
    """What requests left behind, once everything they had begun is over."""
    await place.app.state.warmline.deliveries.close()
    pool = place.database.engine.pool
    assert isinstance(pool, QueuePool)
    left = []
    if pool.checkedout():
        left.append(f"{pool.checkedout()} connections are checked out")
    if idle := await place.superuser.fetchval(IN_TRANSACTION):
        left.append(f"{idle} sessions idle in a transaction")
    together = asyncio.Barrier(POOL)

    async def look() -> tuple[object, ...]:
        async with place.database.engine.connect() as connection:
            # All at once, so that each looks at another connection.
            await together.wait()
            return tuple((await connection.execute(text(OUR_STATE))).one())

    states = Counter(await asyncio.gather(*[look() for _ in range(POOL)]))
    return left + [f"{n} sessions are {state}" for state, n in states.items() if state != UNTOUCHED]


async def nothing_is_left(place: Place) -> None:
    async def settled() -> bool:
        return not await leftovers(place)

    try:
        await wait_until(settled, 20)
    except AssertionError:
        assert await leftovers(place) == []


async def usual_seconds(place: Place) -> float:
    """What requests take here when as many are under way: cuts come before, amid and after it."""
    chances = [Random(n) for n in range(AT_ONCE)]  # noqa: S311 - any mix will do
    async with client_of(place.app) as http:
        begun = perf_counter()
        for chance in chances:
            method, path, headers, body = place.request(chance)
            await http.request(method, path, headers=headers, content=body)
        return perf_counter() - begun


async def cut_many(cut: Callable[[Random], Awaitable[str]]) -> Counter[str]:
    """Cut so many requests, some at once; returns how they ended."""
    chances = [Random(f"{SEED}/{n}") for n in range(TIMES)]  # noqa: S311 - a seed to name
    ends: Counter[str] = Counter()

    async def work() -> None:
        while chances:
            ends[await cut(chances.pop())] += 1

    await asyncio.gather(*[work() for _ in range(AT_ONCE)])
    return ends


async def test_requests_cancelled_at_any_await_leave_nothing(
    database: Database, database_url: str
) -> None:
    """As a server does that loses patience: the task is cancelled wherever it stands."""
    async with placed(database, database_url) as place, client_of(place.app) as http:
        longest = 1.5 * await usual_seconds(place)

        async def cut(chance: Random) -> str:
            method, path, headers, body = place.request(chance)
            request = asyncio.create_task(http.request(method, path, headers=headers, content=body))
            await asyncio.wait([request], timeout=chance.uniform(0, longest))
            request.cancel()
            (end,) = await asyncio.gather(request, return_exceptions=True)
            return "answered" if isinstance(end, httpx.Response) else type(end).__name__

        ends = await cut_many(cut)
        await nothing_is_left(place)
        answer = await http.get("/v1/cases", headers=bearer_of(place))
        assert answer.status_code == httpx.codes.OK
    print(f"{TIMES} cancelled: {dict(ends)}")  # noqa: T201 - the figure
    assert set(ends) == {"answered", "CancelledError"}


async def test_clients_who_hang_up_at_any_moment_leave_nothing(
    database: Database, database_url: str
) -> None:
    """Over real sockets, with a reset: before the request is whole, amid it, after the answer."""
    async with placed(database, database_url) as place, serving(place.app) as live:
        url, longest = httpx.URL(live.address), 1.5 * await usual_seconds(place)

        async def cut(chance: Random) -> str:
            reader, writer = await asyncio.open_connection(url.host, url.port)
            raw = as_bytes(*place.request(chance))
            writer.write(raw[: chance.choice([len(raw), chance.randrange(len(raw))])])
            try:
                async with asyncio.timeout(chance.uniform(0, longest)):
                    return "answered" if await reader.read(1) else "refused"
            except TimeoutError:
                return "hung up"
            finally:
                writer.transport.abort()

        ends = await cut_many(cut)
        await nothing_is_left(place)
        async with httpx.AsyncClient(base_url=live.address, trust_env=False) as http:
            answer = await http.get("/v1/cases", headers=bearer_of(place))
            assert answer.status_code == httpx.codes.OK
    print(f"{TIMES} hung up: {dict(ends)}")  # noqa: T201 - the figure
    assert {"answered", "hung up"} <= set(ends)


class SessionWide(Database):
    """A mistake on purpose: the workspace is said to the session, and outlives the transaction."""

    @override
    @asynccontextmanager
    async def unit(
        self, workspace_id: UUID, *, actor: Actor = SYSTEM_ACTOR, request_id: str | None = None
    ) -> AsyncIterator[UnitOfWork]:
        async with super().unit(workspace_id, actor=actor, request_id=request_id) as uow:
            await uow.execute(f"SET warmline.workspace = '{workspace_id}'")
            yield uow


async def test_a_setting_that_outlives_its_transaction_is_seen(
    database: Database, database_url: str
) -> None:
    """The protection switched off: without SET LOCAL the same look finds the last workspace."""
    async with placed(database, database_url, SessionWide) as place, client_of(place.app) as http:
        member = orjson.dumps({"handle": "amy", "name": "林"})
        headers = bearer_of(place) | {"content-type": "application/json"}
        answer = await http.post("/v1/members", headers=headers, content=member)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        assert any(str(place.world.workspace_id) in left for left in await leftovers(place))


def bearer_of(place: Place) -> dict[str, str]:
    return {"authorization": f"Bearer {place.key}"}


def as_bytes(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: warmline.test", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
