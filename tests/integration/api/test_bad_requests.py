"""What the framework would answer wrongly or not at all: methods, times, places in a stream."""

import json

import httpx
import pytest

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.factories import comment, make_source
from tests.support.webhooks import is_problem, send


@pytest.mark.parametrize(
    ("call", "methods"),
    [
        ("PUT /v1/sources", "GET, POST"),
        ("OPTIONS /v1/sources/{id}", "DELETE, GET, PATCH"),
        ("GET /v1/sources/{id}/deliveries", "POST"),
        ("TRACE /v1/keys", "GET, POST"),
        ("PROPFIND /v1/keys", "GET, POST"),
    ],
)
async def test_a_refused_method_is_told_every_method_of_the_address(
    api: httpx.AsyncClient, call: str, methods: str
) -> None:
    method, path = call.replace("{id}", "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11").split()
    response = await api.request(method, path)
    assert is_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == methods


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2000-01-01T00:00:00Z", 200),
        ("2100-12-31T23:59:59.999999Z", 200),
        ("2038-01-19T03:14:08Z", 200),
        ("2000-01-01T00:00:00+14:00", 422),
        ("2100-12-31T23:59:59-00:01", 422),
        ("0001-01-01T00:00:00+14:00", 422),
        ("9999-12-31T23:59:59-14:00", 422),
        ("20000-01-01T00:00:00Z", 422),
        ("1970-01-01T00:00:00Z", 422),
        ("2026-11-21T08:15:04", 422),
        ("infinity", 422),
        ("0", 422),
    ],
)
async def test_a_time_lies_in_the_years_2000_to_2100_in_utc(
    api: httpx.AsyncClient, moment: str, status: int
) -> None:
    response = await api.get("/v1/cases", params={"due_before": moment})
    assert response.status_code == status, response.text


@pytest.mark.parametrize("place", ["-1", "x", "1.5", "١", "9" * 21])
async def test_a_place_in_the_stream_is_a_number(api: httpx.AsyncClient, place: str) -> None:
    headers = [(b"last-event-id", place.encode())]
    response = await api.get("/v1/stream", headers=headers)
    assert is_problem(response, 422, "invalid_request")


async def test_a_name_is_one_however_its_letters_are_put_together(api: httpx.AsyncClient) -> None:
    composed, taken_apart = "Caf\u00e9", "Cafe\u0301"
    made = await api.post("/v1/channels", json={"name": taken_apart, "kind": "console"})
    assert made.json()["name"] == composed
    again = await api.post("/v1/channels", json={"name": composed, "kind": "console"})
    assert again.status_code == 409


# What looks like nothing, or like something else, is still what somebody wrote.
ODD_TEXTS = {
    "bidi controls": "\u202egnp.exe\u202c \u2066a\u2069",
    "zero width": "退\u200b款\u200d\ufeff",
    "homoglyphs": "ｒеfund",
    "taken apart": "Cafe\u0301",
    "combining flood": "e" + "\u0301" * 9_999,
    "emoji": "👩‍👩‍👧‍👦" * 900,
    "unassigned": "\U000e0fff\uffff",
}


@pytest.mark.parametrize("kind", ODD_TEXTS)
async def test_odd_text_is_content_and_kept_as_it_was_written(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace, kind: str
) -> None:
    source = await make_source(database, workspace.id)
    answer = await send(anonymous, source, comment("odd", text=ODD_TEXTS[kind]))
    assert answer.status_code == 202
    async with database.system() as uow:
        (body,) = (await uow.execute("SELECT body FROM deliveries")).scalars()
    assert json.loads(bytes(body))["data"]["text"] == ODD_TEXTS[kind]


@pytest.mark.parametrize(
    "moment",
    [
        "2000-01-01T00:00:00Z",
        "2100-12-31T23:59:59.999999Z",
        "2016-12-31T23:59:60Z",
        "2038-01-19T03:14:08Z",
        "2026-11-21T08:15:04.123456789+14:00",
        "2026-11-21t08:15:04z",
    ],
)
async def test_a_time_of_the_calendar_we_know_is_taken(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace, moment: str
) -> None:
    source = await make_source(database, workspace.id)
    answer = await send(anonymous, source, comment("a") | {"timestamp": moment})
    assert answer.status_code == 202
