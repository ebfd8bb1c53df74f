"""Every kind of channel is set up over HTTP, tried out for real, and keeps its secrets."""

from typing import Any

import httpx
import pytest

from services.api.main import create_app
from services.core.alerts.types import ChannelKind
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.uow import Database
from services.core.settings import AlertSettings, Settings
from services.core.workspaces.types import Workspace
from tests.support.client import client_of, make_key
from tests.support.platforms import (
    ACCEPTS,
    MAIL_CONFIG,
    OF_EACH,
    ROUTING_KEY,
    MailServer,
    mail_server,
)
from tests.support.sinks import sink

ROBOT = "https://open.feishu.cn/open-apis/bot/v2/hook/token-of-the-robot"


@pytest.fixture
async def home_api(database: Database, workspace: Workspace) -> Any:
    """The API of a one-machine installation, which may call this machine."""
    settings = Settings(alerts=AlertSettings(allow_private_addresses=True, timeout_seconds=5.0))
    app = create_app(settings, database=database, wakeups=RecordedWakeups())
    async with client_of(app, await make_key(database, workspace.id)) as client:
        yield client


async def create(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await api.post("/v1/channels", json={"name": "ops", **body})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def tried(api: httpx.AsyncClient, channel: dict[str, Any]) -> dict[str, Any]:
    response = await api.post(f"/v1/channels/{channel['id']}/test")
    assert response.status_code == 200, response.text
    said: dict[str, Any] = response.json()
    return said


@pytest.mark.parametrize("kind", ACCEPTS)
async def test_a_test_says_what_the_platform_really_said(
    home_api: httpx.AsyncClient, kind: ChannelKind
) -> None:
    async with sink(ACCEPTS[kind]) as server:
        config = {"routing_key": ROUTING_KEY} if kind is ChannelKind.PAGERDUTY else {}
        made = await create(home_api, kind=kind, config={"url": server.url, **config})
        said = await tried(home_api, made)
        assert (said["delivered"], said["outcome"]) == (True, "sent")
        refusal = next(
            (one for one in OF_EACH[kind].values() if one.outcome.value == "permanent"), None
        )
        if refusal is not None:
            server.script = refusal.script
            said = await tried(home_api, made)
            assert (said["delivered"], said["outcome"]) == (False, "permanent")
            assert said["detail"]


async def test_a_test_of_email_says_what_the_server_really_said(
    home_api: httpx.AsyncClient,
) -> None:
    async with mail_server(MailServer()) as server:
        config = {**MAIL_CONFIG, "port": server.port, "username": "w", "password": "wrong-word"}
        made = await create(home_api, kind="email", config=config)
        refused = await tried(home_api, made)
        path = f"/v1/channels/{made['id']}"
        right = await home_api.patch(path, json={"config": {"password": "right"}})
        assert right.status_code == 200, right.text
        good = await tried(home_api, made)
    assert (refused["outcome"], refused["status_code"]) == ("permanent", 535)
    assert "wrong-word" not in str(refused)
    assert (good["delivered"], len(server.letters)) == (True, 1)


async def test_a_robot_keeps_its_address_and_its_secret_to_itself(api: httpx.AsyncClient) -> None:
    made = await create(api, kind="feishu", url=ROBOT, secret="secret-of-the-robot")
    path = f"/v1/channels/{made['id']}"
    said = [str(made), (await api.get(path)).text, (await api.get("/v1/channels")).text]
    said.append((await api.patch(path, json={"config": {"language": "both"}})).text)
    assert made["config"] == {"url": "***"}
    assert (made["url"], made["secret"]) == (None, None)
    for one in said:
        assert "token-of-the-robot" not in one
        assert "secret-of-the-robot" not in one


async def test_what_is_kept_of_an_archived_channel_has_no_secret(
    api: httpx.AsyncClient, database: Database
) -> None:
    made = await create(api, kind="feishu", url=ROBOT, secret="secret-of-the-robot")
    assert (await api.delete(f"/v1/channels/{made['id']}")).status_code == 204
    async with database.system() as uow:
        kept = (await uow.execute("SELECT * FROM channels")).all()
    assert "open.feishu.cn" not in str(kept)
    assert "token-of-the-robot" not in str(kept)
    assert "secret-of-the-robot" not in str(kept)


async def test_the_secret_of_a_robot_is_changed_and_that_of_a_webhook_renewed(
    api: httpx.AsyncClient,
) -> None:
    robot = await create(api, kind="feishu", url=ROBOT)
    changed = await api.patch(f"/v1/channels/{robot['id']}", json={"secret": "another-secret"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    refused = await api.post(f"/v1/channels/{robot['id']}/secrets")
    assert (refused.status_code, refused.json()["code"]) == (409, "alerts.unsigned_channel")
    hook = await create(api, name="hook", kind="webhook", url="https://hooks.example.com/in")
    refused = await api.patch(f"/v1/channels/{hook['id']}", json={"secret": "another-secret"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/secret")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"kind": "feishu"}, "invalid_request", "/url"),
        ({"kind": "feishu", "url": "http://127.0.0.1/"}, "blocked_address", None),
        ({"kind": "feishu", "config": {"url": "http://10.0.0.1/"}}, "blocked_address", None),
        (
            {"kind": "feishu", "config": {"url": "https://feishu.evil.example/"}},
            "invalid_request",
            "/config/url",
        ),
        ({"kind": "feishu", "url": ROBOT, "secret": "no"}, "invalid_request", "/secret"),
        ({"kind": "slack", "url": ROBOT}, "invalid_request", "/url"),
        ({"kind": "pagerduty", "config": {}}, "invalid_request", "/config/routing_key"),
        (
            {"kind": "email", "config": {**MAIL_CONFIG, "host": "127.0.0.1"}},
            "blocked_address",
            None,
        ),
        (
            {"kind": "apprise", "config": {"addresses": ["json://10.0.0.1"]}},
            "invalid_request",
            "/config/addresses",
        ),
        ({"kind": "console", "config": {"a": {"b": 1}}}, "invalid_request", None),
    ],
)
async def test_a_channel_that_cannot_be_is_refused_with_the_place(
    api: httpx.AsyncClient, body: dict[str, Any], code: str, pointer: str | None
) -> None:
    refused = await api.post("/v1/channels", json={"name": "ops", **body})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    if pointer is not None:
        assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]
