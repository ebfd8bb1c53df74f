"""Subscriptions over HTTP: set up, guarded, tried out for real, looked back on, sent again."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.api.main import create_app
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.port import Answer
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.uow import Database
from services.core.settings import AlertSettings, Settings
from services.core.stream import service as stream
from services.core.subscriptions import rules
from services.core.subscriptions import service as subscriptions
from services.core.workspaces.types import Workspace
from tests.support.client import client_of, codes, make_key
from tests.support.sinks import drops, says, sink
from tests.support.webhooks import is_problem

HERE = "/v1/subscriptions"
READER = {"name": "warehouse", "url": "https://hooks.example.com/in", "kinds": ["team.*"]}


@pytest.fixture
async def home_api(database: Database, workspace: Workspace) -> AsyncIterator[httpx.AsyncClient]:
    """The API of a one-machine installation, which may call this machine."""
    settings = Settings(alerts=AlertSettings(allow_private_addresses=True, timeout_seconds=2.0))
    app = create_app(settings, database=database, wakeups=RecordedWakeups())
    async with client_of(app, await make_key(database, workspace.id)) as client:
        yield client


async def create(api: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    response = await api.post(HERE, json=READER | more)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def send(database: Database, *answers: Answer) -> FakeGateway:
    gateway = FakeGateway(answers)
    await stream.publish(database)
    await subscriptions.queue_news(database)
    await subscriptions.send_due(database, {"webhook": gateway})
    return gateway


async def test_the_secret_is_shown_once_and_again_only_when_rotated(
    api: httpx.AsyncClient,
) -> None:
    response = await api.post(HERE, json=READER)
    assert response.headers["location"] == f"{HERE}/{response.json()['id']}"
    assert response.headers["etag"] == '"1"'
    read = (await api.get(response.headers["location"])).json()
    (listed,) = (await api.get(HERE)).json()["items"]
    assert read | {"behind_seconds": 0} == listed | {"behind_seconds": 0}
    assert "secret" not in read
    assert (read["pending"], read["dead"], read["enabled"]) == (0, 0, True)
    rotated = (await api.post(f"{HERE}/{read['id']}/secrets")).json()
    assert rotated["secret"].startswith("whsec_") != response.json()["secret"]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"kinds": ["case.opened", "case.opend"]}, ["unknown_kind"]),
        ({"kinds": []}, ["too_short"]),
        ({"kinds": ["*"] * 51}, ["too_long"]),
        ({"kinds": ["x" * 10_000]}, ["string_too_long"]),
        ({"name": "x" * 10_000}, ["string_too_long"]),
        ({"url": "https://hooks.example.com/" + "x" * 10_000}, ["string_too_long"]),
        ({"secret": "short"}, ["invalid_secret"]),
        ({"ordering": "random"}, ["enum"]),
        ({"tiers": ["loud"]}, ["enum"]),
        ({"source_ids": [str(uuid4())]}, ["unknown_source"]),
        ({"colour": "red"}, ["unknown_field"]),
    ],
)
async def test_what_cannot_be_is_refused_with_a_reason(
    api: httpx.AsyncClient, more: dict[str, Any], found: list[str]
) -> None:
    response = await api.post(HERE, json=READER | more)
    assert is_problem(response, 422, "invalid_request")
    assert codes(response) == found


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x", "http://10.0.0.8/x", "http://[::1]/x", "https://2130706433/", "ftp://x"],
)
async def test_an_address_of_our_own_network_is_refused(api: httpx.AsyncClient, url: str) -> None:
    assert is_problem(await api.post(HERE, json=READER | {"url": url}), 422, "blocked_address")
    made = await create(api)
    changed = await api.patch(f"{HERE}/{made['id']}", json={"url": url})
    assert is_problem(changed, 422, "blocked_address")


async def test_names_are_unique_and_fifty_are_enough(api: httpx.AsyncClient) -> None:
    made = await create(api)
    assert is_problem(await api.post(HERE, json=READER), 409, "subscriptions.name_taken")
    for number in range(rules.MOST_SUBSCRIPTIONS - 1):
        await create(api, name=f"reader {number}")
    response = await api.post(HERE, json=READER | {"name": "one more"})
    assert is_problem(response, 409, "subscriptions.too_many")
    assert (await api.delete(f"{HERE}/{made['id']}")).status_code == 204
    assert (await api.get(f"{HERE}/{made['id']}")).status_code == 404
    await create(api)


async def test_a_test_says_what_the_endpoint_really_said(home_api: httpx.AsyncClient) -> None:
    async with sink(says("418 Teapot", body=b"short and stout")) as server:
        made = await create(home_api, url=server.url)
        said = (await home_api.post(f"{HERE}/{made['id']}/test")).json()
        assert (said["delivered"], said["status_code"]) == (False, 418)
        assert said["detail"] == "short and stout"
        server.script = drops
        said = (await home_api.post(f"{HERE}/{made['id']}/test")).json()
        assert (said["delivered"], said["outcome"]) == (False, "in_doubt")
        server.script = says("200 OK")
        assert (await home_api.post(f"{HERE}/{made['id']}/test")).json()["delivered"]


async def test_deliveries_are_read_with_their_attempts_and_the_dead_sent_again(
    api: httpx.AsyncClient, database: Database
) -> None:
    made = await create(api)
    here = f"{HERE}/{made['id']}"
    for name in ("Days", "Nights"):
        assert (await api.post("/v1/teams", json={"name": name})).status_code == 201
    await send(database, Answer(status_code=410, detail="moved away"))
    first = (await api.get(f"{here}/deliveries", params={"limit": 1})).json()
    rest = (await api.get(f"{here}/deliveries", params={"cursor": first["next_cursor"]})).json()
    seqs = [each["seq"] for each in first["items"] + rest["items"]]
    assert seqs == sorted(seqs, reverse=True)
    assert len(seqs) == 2
    (dead, *_) = (await api.get(f"{here}/deliveries", params={"state": "dead"})).json()["items"]
    (attempt,) = dead["attempts"]
    assert (attempt["status_code"], attempt["outcome"]) == (410, "gone")
    shown = (await api.get(here)).json()
    assert (shown["pause_reason"], shown["enabled"]) == ("gone", True)
    assert (await api.patch(here, json={"enabled": True})).json()["paused_at"] is None
    body = {"first_seq": dead["seq"], "last_seq": dead["seq"]}
    assert (await api.post(f"{here}/redrive", json=body)).json() == {"queued": 1}
    assert (await api.post(f"{here}/redrive", json=body)).json() == {"queued": 0}
    gateway = await send(database)
    assert dead["webhook_id"] in {str(parcel.id) for parcel in gateway.parcels}
    assert (await api.get(here)).json()["dead"] == 0
