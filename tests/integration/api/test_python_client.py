"""The Python client against the live API: lists, refusals, tries, webhooks; both of its kinds."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from typing_extensions import override

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.intake import service as intake
from services.core.intake.records import SourceDraft
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace
from tests.support import rows as make
from tests.support.client import make_key
from tests.support.factories import body_of, comment
from tests.support.live import serving

SOURCE = Path(__file__).parents[3] / "clients" / "python" / "src"
README = SOURCE.parent / "README.md"


@pytest.fixture(scope="module")
def client() -> Iterator[ModuleType]:
    """The package as its users import it; the product itself does not have it."""
    sys.path.insert(0, str(SOURCE))
    try:
        yield import_module("warmline_client")
    finally:
        sys.path.remove(str(SOURCE))


class Stubborn(httpx.AsyncBaseTransport):
    """Answers what it was told to, one after the other, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_lists_are_walked_and_refusals_say_why(
    app: FastAPI, database: Database, workspace: Workspace, client: Any
) -> None:
    async with database.unit(workspace.id) as uow:
        for handle in ("lin", "wu", "mei"):
            await workspaces.create_member(uow, MemberDraft(handle, handle.title()))
        draft = SourceDraft(name="shop", platform="xiaohongshu")
        source, secret = await intake.create_source(uow, draft)
    key = await make_key(database, workspace.id)
    async with serving(app) as live:

        def block() -> None:
            with client.Warmline(live.address, key=key) as api:
                handles = [each["handle"] for each in api.each("/v1/members", limit=2)]
                assert sorted(handles) == ["lin", "mei", "wu"]
                made = api.post("/v1/teams", {"name": "Care"})
                assert api.get(f"/v1/teams/{made['id']}")["name"] == "Care"
                api.put(f"/v1/teams/{made['id']}", {"name": "Warm care"})
                assert api.delete(f"/v1/teams/{made['id']}") is None
                with pytest.raises(client.WarmlineError) as refused:
                    api.get(f"/v1/cases/{uuid4()}")
            assert (refused.value.status, refused.value.code) == (404, "not_found")
            assert refused.value.request_id

        await asyncio.to_thread(block)
        async with client.AsyncWarmline(live.address, key=key) as api:
            handles = [each["handle"] async for each in api.each("/v1/members", limit=2)]
        assert sorted(handles) == ["lin", "mei", "wu"]
        # What the client signs, the door takes.
        body = body_of(comment())
        async with httpx.AsyncClient(base_url=live.address) as sender:
            sent = await sender.post(
                f"/v1/sources/{source.id}/deliveries",
                content=body,
                headers=client.sign(secret.secret, uuid4().hex, body),
            )
        assert sent.status_code == 202, sent.text


async def ask(database: Database, workspace: Workspace) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        story = await make.add_story(uow)
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])


async def test_the_example_of_its_page_works_as_it_is_printed(
    app: FastAPI,
    database: Database,
    workspace: Workspace,
    client: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await ask(database, workspace)
    key = await make_key(database, workspace.id)
    (example, *_) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(example.splitlines()) <= 22
    async with serving(app) as live:
        script = example.replace("http://127.0.0.1:8080", live.address).replace("wl_…", key)
        await asyncio.to_thread(exec, compile(script, str(README), "exec"), {})
    said = capsys.readouterr().out
    assert "urgent" in said
    assert "\nmet " in said
    assert "计时" in said


async def test_a_change_is_begun_anew_when_somebody_else_was_faster(
    app: FastAPI, database: Database, workspace: Workspace, client: Any
) -> None:
    operations = import_module("warmline_client.operations")
    key = await make_key(database, workspace.id)
    async with (
        serving(app) as live,
        client.AsyncWarmline(live.address, key=key) as api,
    ):
        made = await api.send(operations.Teams.create_team({"name": "Care"}))
        read = operations.Teams.get_team(made["id"])
        stale = await api.look(read)
        seen = []

        def rename(team: Any) -> Any:
            seen.append(team["name"])
            return operations.Teams.change_team(team["id"], {"name": f"{team['name']}!"})

        await api.send(rename(stale.value).if_match(stale.etag))
        with pytest.raises(client.WarmlineError) as refused:
            await api.send(rename(stale.value).if_match(stale.etag))
        assert (refused.value.status, refused.value.code) == (412, "precondition_failed")

        # Somebody else is faster once, between our look and our change.
        racing = Racing(live.address, key, made["id"])
        async with client.AsyncWarmline(live.address, key=key, transport=racing) as slow:
            changed = await slow.change(read, rename)
        assert (changed["name"], seen[-2:]) == ("Faster!", ["Care!", "Faster"])
        wish = operations.Teams.create_team({"name": "Night"})
        twice = [await api.send(wish), await api.send(wish)]
        assert twice[0] == twice[1]
        listed = [each["name"] async for each in api.each(operations.Teams.list_teams())]
        assert sorted(listed) == ["Faster!", "Night"]


class Racing(httpx.AsyncHTTPTransport):
    """Changes the team by itself, once, before the first change it is to bring."""

    def __init__(self, address: str, key: str, team_id: str) -> None:
        super().__init__()
        self._first = True
        self._place = (f"{address}/v1/teams/{team_id}", {"authorization": f"Bearer {key}"})

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT" and self._first:
            self._first = False
            address, headers = self._place
            async with httpx.AsyncClient(headers=headers) as other:
                (await other.put(address, json={"name": "Faster"})).raise_for_status()
        return await super().handle_async_request(request)


async def test_a_call_is_tried_again_under_one_idempotency_key(client: Any) -> None:
    transport = Stubborn(
        httpx.Response(503, headers={"retry-after": "0"}),
        httpx.ConnectError("away"),
        httpx.Response(201, json={"id": 1}),
    )
    async with client.AsyncWarmline("http://api.test", key="wl_x", transport=transport) as api:
        assert await api.post("/v1/teams", {"name": "Care"}) == {"id": 1}
    keys = {each.headers["idempotency-key"] for each in transport.asked}
    assert (len(transport.asked), len(keys)) == (3, 1)
    given_up = Stubborn(*[httpx.Response(429, headers={"retry-after": "0"}) for _ in range(2)])
    async with client.AsyncWarmline(
        "http://api.test", key="wl_x", transport=given_up, retries=1
    ) as api:
        with pytest.raises(client.WarmlineError) as refused:
            await api.get("/v1/cases", text=None, needs_reply=True)
    assert refused.value.status == 429
    assert given_up.asked[0].url.query == b"needs_reply=true"


def test_a_webhook_is_taken_only_as_it_was_signed(client: Any) -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", json.dumps({"type": "x"}).encode()
    headers = client.sign(secret, "msg_1", body, now=1_000_000)
    assert client.verify(secret, headers, body, now=1_000_100) == {"type": "x"}
    two = headers | {"Webhook-Signature": f"v1,AAAA {headers['webhook-signature']}"}
    del two["webhook-signature"]
    assert client.verify(secret, two, body, now=1_000_100) == {"type": "x"}
    wrong: list[tuple[str, dict[str, str], bytes, float]] = [
        (secret, headers, body + b" ", 1_000_000),
        (secret, headers | {"webhook-id": "msg_2"}, body, 1_000_000),
        (secret, headers | {"webhook-timestamp": "1000000.5"}, body, 1_000_000),
        (secret, headers | {"webhook-signature": "v1,烂"}, body, 1_000_000),
        (secret, {}, body, 1_000_000),
        (secret, headers, body, 1_000_301),
        ("whsec_AAAA", headers, body, 1_000_000),
    ]
    for used, sent, content, now in wrong:
        with pytest.raises(client.BadSignatureError):
            client.verify(used, sent, content, now=now)
