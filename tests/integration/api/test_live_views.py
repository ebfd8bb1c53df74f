"""The stream beside a view: that its list changed, and by which rows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from services.api import view_hub
from services.api.main import create_app
from services.api.routes import stream as stream_route
from services.core.settings import Settings
from services.core.stream import service as stream
from tests.support.client import make_key
from tests.support.line import Line, comment, reply
from tests.support.listening import Listener, listening
from tests.support.live import Live, serving
from tests.support.people import come_in, make_person
from tests.support.webhooks import is_problem

PATIENCE = 30


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other closely, and a stream ends soon."""
    monkeypatch.setattr(view_hub, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(stream_route, "CHECK_SECONDS", 0.1)


@pytest.fixture
async def live(line: Line) -> AsyncIterator[Live]:
    async with serving(create_app(Settings(), database=line.database)) as live:
        yield live


@pytest.fixture
async def http(line: Line, live: Live) -> AsyncIterator[httpx.AsyncClient]:
    bearer = {"authorization": f"Bearer {await make_key(line.database, line.workspace_id)}"}
    async with httpx.AsyncClient(base_url=live.address, headers=bearer) as client:
        yield client


def page_of(live: Live) -> httpx.AsyncClient:
    """A browser on a page of the server itself."""
    return httpx.AsyncClient(base_url=live.address, headers={"origin": live.address})


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for comes over a socket
            await asyncio.sleep(0.02)


async def hear(line: Line, *events: Any) -> None:
    await line.hear(*events)
    await stream.publish(line.database)


async def told(listener: Listener, part: str, value: str) -> dict[str, Any]:
    """The first change that names the row; changes may come as one or one by one."""

    def found() -> list[dict[str, Any]]:
        payloads = [one.data["payload"] for one in listener.heard]
        return [each for each in payloads if value in each[part]]

    await until(lambda: bool(found()))
    return found()[0]


async def test_rows_that_come_change_and_leave_are_named(
    line: Line, http: httpx.AsyncClient
) -> None:
    async with listening(http, view="urgent") as listener:
        await until(lambda: len(listener.heard) == 1)
        (first,) = listener.heard
        assert first.kind == "view.changed"
        assert first.data["subject_kind"] == "view"
        assert first.data["payload"] == {"came": [], "changed": [], "left": [], "whole": True}
        await hear(line, comment("c1"))
        (case,) = (await http.get("/v1/cases")).json()["items"]
        assert case["id"] not in (await told(listener, "came", case["id"]))["left"]
        lin = await make_person(line.database, line.workspace_id, "lin")
        body = {"member_id": str(lin.member.id)}
        given = await http.post(f"/v1/cases/{case['id']}/assign", json=body)
        assert given.status_code == 200, given.text
        await stream.publish(line.database)
        await told(listener, "changed", case["id"])
        # A complaint that is answered is done.
        await hear(line, reply("r1", "c1", minutes=5))
        await told(listener, "left", case["id"])
    assert listener.numbers == sorted(listener.numbers)
    assert not any(one.data["payload"]["whole"] for one in listener.heard[1:])


async def test_what_meets_no_condition_of_the_view_is_not_told(
    line: Line, http: httpx.AsyncClient
) -> None:
    where = {"in": "cases", "tier": ["routine"]}
    view = (await http.post("/v1/views", json={"name": "Calm", "where": where})).json()
    async with (
        listening(http, view=view["id"]) as calm,
        listening(http, view="urgent") as urgent,
    ):
        await until(lambda: bool(calm.heard and urgent.heard))
        await hear(line, comment("c1"))
        (case,) = (await http.get("/v1/cases")).json()["items"]
        await told(urgent, "came", case["id"])
        # Another name is another version: whoever looks is told to read all of it.
        await http.put(f"/v1/views/{view['id']}", json={"name": "Quiet", "where": where})
        await hear(line, comment("c2", minutes=1, author="mia"))
        await until(lambda: len(calm.heard) > 1)
    assert all(one.data["payload"]["whole"] for one in calm.heard)


async def test_messages_are_told_of_though_they_are_no_facts(
    line: Line, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = dict.fromkeys(view_hub.HOLDS, 0.1)
    monkeypatch.setattr(view_hub, "HOLDS", kinds)
    where = {"in": "messages", "kind": "comment"}
    view = (await http.post("/v1/views", json={"name": "Said", "where": where})).json()
    async with listening(http, view=view["id"]) as listener:
        await until(lambda: bool(listener.heard))
        await line.hear(comment("c1", text="好看"))
        (message,) = (await http.get("/v1/messages")).json()["items"]
        await told(listener, "came", message["id"])


async def test_many_who_look_share_one_watch_and_leave_nothing(
    line: Line, live: Live, http: httpx.AsyncClient
) -> None:
    views = live.views
    async with (
        listening(http, view="urgent") as one,
        listening(http, view="urgent") as two,
        listening(http, view="unassigned") as three,
    ):
        await until(lambda: bool(one.heard and two.heard and three.heard))
        assert views.watched == 2
        await hear(line, comment("c1"))
        (case,) = (await http.get("/v1/cases")).json()["items"]
        for listener in (one, two, three):
            await told(listener, "came", case["id"])
    await until(lambda: views.watched == 0 and live.hub.listeners == 0)


async def test_whoever_comes_back_is_told_to_read_only_where_something_happened(
    line: Line, http: httpx.AsyncClient
) -> None:
    await hear(line, comment("c1"))
    async with listening(http, view="urgent") as listener:
        await until(lambda: bool(listener.heard))
    seen = listener.last
    async with listening(http, view="urgent", after=seen) as again:
        await hear(line, comment("c2", minutes=1, author="mia"))
        await until(lambda: bool(again.heard))
    # Nothing but what came since.
    assert len(again.heard[0].data["payload"]["came"]) == 1
    async with listening(http, view="urgent", after=seen) as behind:
        await until(lambda: bool(behind.heard))
    assert behind.heard[0].data["payload"]["whole"] is True


async def test_ones_own_view_is_heard_by_nobody_else_and_ends_with_it(
    line: Line, live: Live, http: httpx.AsyncClient
) -> None:
    lin = await make_person(line.database, line.workspace_id, "lin")
    wu = await make_person(line.database, line.workspace_id, "wu")
    own = {"name": "Own", "shared": False, "where": {"in": "cases"}}
    async with page_of(live) as hers, page_of(live) as his:
        await come_in(hers, lin)
        await come_in(his, wu)
        view = (await hers.post("/v1/views", json=own)).json()
        for other in (his, http):
            answer = await other.get("/v1/stream", params={"view": view["id"]})
            assert is_problem(answer, 404, "not_found")
        async with listening(hers, view=view["id"]) as listener:
            await until(lambda: bool(listener.heard))
            assert (await hers.delete(f"/v1/views/{view['id']}")).status_code == 204
            await hear(line, comment("c1"))
            # The answer ends: there is nothing to look at any more.
            await until(lambda: live.views.watched == 0)


@pytest.mark.parametrize(
    ("view", "status", "code"),
    [
        ("nothing", 404, "not_found"),
        ("00000000-0000-0000-0000-000000000009", 404, "not_found"),
        ("mine", 403, "not_signed_in"),
        ("no such view", 422, "invalid_request"),
    ],
)
async def test_a_view_that_cannot_be_looked_at_is_refused(
    http: httpx.AsyncClient, view: str, status: int, code: str
) -> None:
    answer = await http.get("/v1/stream", params={"view": view})
    assert is_problem(answer, status, code)
