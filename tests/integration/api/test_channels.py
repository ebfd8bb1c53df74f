"""Channels and ladders over HTTP: set up, tried out for real, guarded and audited."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.api.main import create_app
from services.core.alerts import service as alerts
from services.core.gateways.channels.wiring import open_gateways
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.signatures import generate_secret
from services.core.kit.uow import Database
from services.core.settings import AlertSettings, Settings
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope, Workspace
from services.simulator.receiver import Misbehaviour, WebhookReceiver
from tests.support.alerts import Desk
from tests.support.client import client_of, make_key
from tests.support.sinks import says, sink

HOOK = {"name": "ops", "kind": "webhook", "url": "https://hooks.example.com/in"}


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> Desk:
    return Desk(database, workspace)


@pytest.fixture
async def home_api(database: Database, workspace: Workspace) -> Any:
    """The API of a one-machine installation, which may call this machine."""
    settings = Settings(alerts=AlertSettings(allow_private_addresses=True, timeout_seconds=2.0))
    app = create_app(settings, database=database, wakeups=RecordedWakeups())
    async with client_of(app, await make_key(database, workspace.id)) as client:
        yield client


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def create(api: httpx.AsyncClient, path: str = "/v1/channels", **body: Any) -> dict[str, Any]:
    response = await api.post(path, json=body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def test_a_webhook_shows_its_secret_once(api: httpx.AsyncClient) -> None:
    response = await api.post("/v1/channels", json=HOOK)
    made = response.json()
    assert response.status_code == 201
    assert made["secret"].startswith("whsec_")
    assert response.headers["location"] == f"/v1/channels/{made['id']}"
    read = await api.get(response.headers["location"])
    listed = await api.get("/v1/channels")
    assert "secret" not in read.json()
    assert made["secret"] not in listed.text
    assert (read.json()["url"], read.json()["enabled"]) == (HOOK["url"], True)
    # The version, and what it was.
    assert read.headers["etag"].startswith('"1-')


async def test_a_given_secret_is_kept_and_a_bad_one_refused_without_an_echo(
    api: httpx.AsyncClient,
) -> None:
    secret = generate_secret()
    assert (await create(api, **HOOK, secret=secret))["secret"] == secret
    refused = await api.post("/v1/channels", json=HOOK | {"name": "b", "secret": "whsec_hunter2"})
    assert code(refused) == (422, "invalid_request")
    assert refused.json()["errors"][0]["pointer"] == "/secret"
    assert "hunter2" not in refused.text


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://localhost/",
        "https://hooks.example.com:6379/",
        "https://user:pw@hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
    ],
)
async def test_an_inward_address_is_refused_at_save(api: httpx.AsyncClient, url: str) -> None:
    assert code(await api.post("/v1/channels", json=HOOK | {"url": url})) == (
        422,
        "blocked_address",
    )
    made = await create(api, **HOOK)
    changed = await api.patch(f"/v1/channels/{made['id']}", json={"url": url})
    assert code(changed) == (422, "blocked_address")


async def test_on_one_machine_an_inward_address_is_allowed(home_api: httpx.AsyncClient) -> None:
    made = await create(home_api, **(HOOK | {"url": "http://127.0.0.1:9999/x"}))
    assert made["url"] == "http://127.0.0.1:9999/x"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "a", "kind": "webhook"}, "/url"),
        ({"name": "a", "kind": "console", "url": "https://x.example/"}, "/url"),
        ({"name": "a", "kind": "console", "secret": generate_secret()}, "/secret"),
        ({"name": "a", "kind": "pigeon"}, "/kind"),
        ({"name": "", "kind": "console"}, "/name"),
    ],
)
async def test_a_channel_that_cannot_be_is_refused(
    api: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    refused = await api.post("/v1/channels", json=body)
    assert code(refused) == (422, "invalid_request")
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_name_is_free_again_when_its_channel_is_archived(api: httpx.AsyncClient) -> None:
    made = await create(api, **HOOK)
    other = await create(api, name="log", kind="console")
    taken = (409, "alerts.channel_name_taken")
    assert code(await api.post("/v1/channels", json=HOOK)) == taken
    renamed = await api.patch(f"/v1/channels/{other['id']}", json={"name": "ops"})
    assert code(renamed) == taken
    assert (await api.delete(f"/v1/channels/{made['id']}")).status_code == 204
    assert code(await api.get(f"/v1/channels/{made['id']}")) == (404, "not_found")
    await create(api, **HOOK)


async def test_a_channel_is_changed_in_part(api: httpx.AsyncClient) -> None:
    made = await create(api, **HOOK)
    path = f"/v1/channels/{made['id']}"
    changed = await api.patch(path, json={"enabled": False, "name": "night"})
    said = changed.json()
    assert (said["enabled"], said["name"], said["url"], said["version"]) == (
        False,
        "night",
        HOOK["url"],
        2,
    )
    assert (await api.patch(path, json={})).json()["version"] == 2
    moved = await api.patch(path, json={"url": "https://hooks.example.com/two"})
    assert moved.json()["url"] == "https://hooks.example.com/two"


async def test_a_test_really_sends_and_says_what_came_back(home_api: httpx.AsyncClient) -> None:
    secret = generate_secret()
    async with WebhookReceiver([secret]) as receiver:
        made = await create(home_api, **(HOOK | {"url": receiver.url}), secret=secret)
        path = f"/v1/channels/{made['id']}/test"
        good = (await home_api.post(path)).json()
        receiver.misbehave(Misbehaviour(status=500, body=b"no disk"))
        bad = (await home_api.post(path)).json()
        receiver.misbehave(Misbehaviour(drop=True))
        dropped = (await home_api.post(path)).json()
    assert receiver.refusals == []
    assert receiver.received[0].json()["type"] == "channel.test"
    assert (good["delivered"], good["outcome"], good["status_code"]) == (True, "sent", 204)
    assert (bad["delivered"], bad["status_code"], bad["detail"]) == (False, 500, "no disk")
    assert (dropped["delivered"], dropped["outcome"], dropped["status_code"]) == (
        False,
        "in_doubt",
        None,
    )


async def test_a_test_of_an_address_that_turned_inward_is_blocked(
    api: httpx.AsyncClient, home_api: httpx.AsyncClient
) -> None:
    async with sink(says("200 OK")) as server:
        made = await create(home_api, **(HOOK | {"url": server.url}))
        said = (await api.post(f"/v1/channels/{made['id']}/test")).json()
    assert said["delivered"] is False
    assert said["detail"].startswith("blocked_address")
    assert server.requests == []


async def test_a_test_of_the_console_is_printed(
    api: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await create(api, name="log", kind="console")
    assert (await api.post(f"/v1/channels/{made['id']}/test")).json()["delivered"] is True
    assert "channel.test" in capsys.readouterr().out


async def test_after_a_rotation_both_secrets_sign_until_the_overlap_ends(
    home_api: httpx.AsyncClient, desk: Desk
) -> None:
    old = generate_secret()
    async with WebhookReceiver([old]) as receiver:
        made = await create(home_api, **(HOOK | {"url": receiver.url}), secret=old)
        path = f"/v1/channels/{made['id']}"
        rotated = (await home_api.post(f"{path}/secrets", json={"overlap_seconds": 600})).json()
        assert rotated["secret"] != old
        await home_api.post(f"{path}/test")
        assert receiver.refusals == []
        await home_api.post(f"{path}/secrets", json={"overlap_seconds": 0})
        await home_api.post(f"{path}/test")
        assert len(receiver.refusals) == 1


async def test_a_console_has_no_secret_to_rotate(api: httpx.AsyncClient) -> None:
    made = await create(api, name="log", kind="console")
    refused = await api.post(f"/v1/channels/{made['id']}/secrets")
    assert code(refused) == (409, "alerts.unsigned_channel")


async def test_an_alert_reaches_a_real_receiver_signed(
    home_api: httpx.AsyncClient, desk: Desk
) -> None:
    secret = generate_secret()
    async with (
        WebhookReceiver([secret]) as receiver,
        open_gateways(allow_private_addresses=True, timeout_seconds=5) as gateways,
    ):
        await create(home_api, **(HOOK | {"url": receiver.url}), secret=secret)
        alert = await desk.raised()
        await alerts.send_due(desk.database, gateways)
        (received,) = receiver.accepted
    (delivery,) = await desk.deliveries(alert)
    assert received.webhook_id == str(delivery.id)
    assert received.json()["type"] == "alert.firing"
    assert received.json()["data"]["alert_id"] == str(alert.id)


async def test_every_change_of_a_channel_and_a_ladder_is_in_the_trail(
    api: httpx.AsyncClient, desk: Desk
) -> None:
    channel = await create(api, **HOOK)
    path = f"/v1/channels/{channel['id']}"
    await api.patch(path, json={"enabled": False})
    await api.post(f"{path}/secrets")
    steps = [{"percent": 100, "channel_ids": [channel["id"]]}]
    ladder = await create(api, "/v1/ladders", name="nights", steps=steps)
    await api.patch(f"/v1/ladders/{ladder['id']}", json={"name": "days"})
    await api.delete(f"/v1/ladders/{ladder['id']}")
    await api.delete(path)
    trail = [action for action in await desk.trail() if action.startswith(("channel", "ladder"))]
    assert trail == [
        "channel.created",
        "channel.changed",
        "channel.secret_rotated",
        "ladder.created",
        "ladder.changed",
        "ladder.archived",
        "channel.archived",
    ]


async def test_a_ladder_is_made_read_and_changed(api: httpx.AsyncClient) -> None:
    channel = await create(api, **HOOK)
    steps = [{"percent": 100, "channel_ids": [channel["id"]]}, {"percent": 50}]
    made = await create(api, "/v1/ladders", name="nights", steps=steps)
    path = f"/v1/ladders/{made['id']}"
    assert [step["percent"] for step in made["steps"]] == [50, 100]
    assert (await api.get(path)).json() | {"warnings": []} == made
    changed = (await api.patch(path, json={"steps": [{"percent": 80}]})).json()
    assert (changed["name"], changed["version"]) == ("nights", 2)
    (step,) = changed["steps"]
    assert (step["percent"], step["channel_ids"], step["wait_seconds"]) == (80, [], 0)
    assert [one["id"] for one in (await api.get("/v1/ladders")).json()["items"]] == [made["id"]]
    assert (await api.patch(path, json={})).json()["version"] == 2
    assert (await api.delete(path)).status_code == 204
    assert code(await api.get(path)) == (404, "not_found")


async def test_a_ladder_with_unknown_channels_or_a_step_twice_is_refused(
    api: httpx.AsyncClient,
) -> None:
    steps = [{"percent": 80, "channel_ids": [str(uuid4())]}, {"percent": 80}, {"percent": 80}]
    refused = await api.post("/v1/ladders", json={"name": "x", "steps": steps})
    assert code(refused) == (422, "invalid_request")
    found = [(error["pointer"], error["code"]) for error in refused.json()["errors"]]
    assert found == [
        ("/steps/0/channel_ids", "unknown_channel"),
        ("/steps/2/percent", "repeated"),
    ]


async def test_the_default_ladder_keeps_its_name_and_place(
    api: httpx.AsyncClient, desk: Desk
) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        default = await alerts.ensure_defaults(uow)
    path = f"/v1/ladders/{default.id}"
    refusal = (409, "alerts.default_ladder")
    assert code(await api.patch(path, json={"name": "other"})) == refusal
    assert code(await api.delete(path)) == refusal
    named = {"name": "default", "steps": [{"percent": 80}]}
    assert (await api.patch(path, json=named)).status_code == 200
    assert code(await api.post("/v1/ladders", json=named)) == (409, "alerts.ladder_name_taken")


async def test_another_workspaces_channel_and_ladder_are_not_found(
    api: httpx.AsyncClient, app: FastAPI, database: Database
) -> None:
    other = await workspaces.create_workspace(database, "Other", slug="other")
    async with client_of(app, await make_key(database, other.id)) as stranger:
        channel = await create(stranger, **HOOK)
        ladder = await create(stranger, "/v1/ladders", name="x", steps=[{"percent": 1}])
        steps = [{"percent": 1, "channel_ids": [channel["id"]]}]
        missing = (404, "not_found")
        for path in (f"/v1/channels/{channel['id']}", f"/v1/ladders/{ladder['id']}"):
            assert code(await api.get(path)) == missing
            assert code(await api.patch(path, json={"name": "mine"})) == missing
            assert code(await api.delete(path)) == missing
        for act in ("test", "secrets"):
            assert code(await api.post(f"/v1/channels/{channel['id']}/{act}")) == missing
        stolen = await api.post("/v1/ladders", json={"name": "x", "steps": steps})
        assert code(stolen) == (422, "invalid_request")


async def test_setting_up_needs_the_scope_for_it(
    app: FastAPI, database: Database, workspace: Workspace, api: httpx.AsyncClient
) -> None:
    made = await create(api, **HOOK)
    key = await make_key(database, workspace.id, Scope.READ, Scope.WORK)
    async with client_of(app, key) as worker:
        assert (await worker.get("/v1/channels")).status_code == 200
        for path in ("/v1/channels", f"/v1/channels/{made['id']}/test", "/v1/ladders"):
            assert (await worker.post(path, json=HOOK)).status_code == 403
