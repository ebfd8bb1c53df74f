"""Metrics over HTTP: the list, a number, its rows page by page, a table, and what is refused."""

import csv
import io
from typing import Any

import httpx
import pytest

from services.core.kit.uow import Database
from services.core.metrics import service as metrics
from services.core.metrics.definitions import REGISTRY
from services.core.workspaces.types import Workspace
from tests.support.line import PRAISE, Line, comment, reply

WEEK = {"from": "2026-11-18", "to": "2026-11-22", "tz": "Asia/Shanghai"}


async def read(api: httpx.AsyncClient, what: str, **query: Any) -> dict[str, Any]:
    response = await api.get(f"/v1/metrics{what}", params=WEEK | query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture
async def told(line: Line) -> Line:
    await line.hear(
        *(comment(f"c{n}", minutes=n, author="lily") for n in range(4)),
        comment("c9", PRAISE, minutes=9, author="=HYPERLINK(1)"),
    )
    await line.hear(reply("r1", "c3", minutes=30))
    return line


async def test_the_list_says_what_each_number_means(api: httpx.AsyncClient) -> None:
    listed = (await api.get("/v1/metrics")).json()["metrics"]
    assert [one["name"] for one in listed] == list(REGISTRY)
    rate = next(one for one in listed if one["name"] == "reply_rate")
    assert rate["excludes"] == ["spam", "staff", "hidden", "deleted", "history"]
    assert set(rate["meaning"]) == {"zh", "en"}
    assert {"day", "tier", "kind", "source"} <= set(rate["by"])


@pytest.mark.usefixtures("told")
async def test_a_number_leads_to_its_rows_page_by_page(api: httpx.AsyncClient) -> None:
    found = await read(api, "/inbound", by="follower")
    assert (found["total"]["value"], found["version"], found["tz"]) == (5, 1, "Asia/Shanghai")
    assert [cell["value"] for cell in found["items"]] == [4, 1]
    place = {"by": "follower", "key": found["items"][0]["key"], "limit": 3}
    first = await read(api, "/inbound/rows", **place)
    rest = await read(api, "/inbound/rows", **place, cursor=first["next_cursor"])
    rows = first["items"] + rest["items"]
    assert (len(rows), rest["next_cursor"]) == (4, None)
    assert {row["subject"] for row in rows} == {"message"}
    message = await api.get(f"/v1/messages/{rows[0]['id']}")
    assert message.status_code == 200


@pytest.mark.usefixtures("told")
async def test_a_table_holds_no_formula_and_no_number_nobody_observed(
    api: httpx.AsyncClient,
) -> None:
    asked = WEEK | {"by": "day", "format": "csv"}
    response = await api.get("/v1/metrics/new_followers", params=asked)
    assert response.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [line["by"] for line in lines] == ["total", *["day"] * 4]
    assert {(line["value"], line["reason"]) for line in lines} == {("", "not_observed")}


@pytest.mark.parametrize(
    ("what", "query", "refusal", "pointer"),
    [
        ("/happiness", {}, "404 unknown_metric", "path/name"),
        ("/happiness/rows", {}, "404 unknown_metric", "path/name"),
        ("/inbound", {"from": "2026-11-22", "to": "2026-11-18"}, "422 bad_range", "query/to"),
        ("/inbound", {"from": "2001-01-01", "to": "2099-01-01"}, "422 bad_range", "query/to"),
        ("/inbound", {"by": "minute"}, "422 invalid_request", "query/by"),
        ("/inbound", {"by": "member"}, "422 unknown_split", "query/by"),
        ("/inbound/rows", {"by": "age", "key": "1"}, "422 unknown_split", "query/by"),
        ("/inbound", {"tz": "Mars/Olympus"}, "422 unknown_time_zone", "query/tz"),
        ("/inbound/rows", {"by": "tier"}, "422 bad_cell", "query/key"),
        ("/inbound/rows", {"key": "urgent"}, "422 bad_cell", "query/key"),
        ("/inbound/rows", {"part": "part"}, "422 bad_cell", "query/key"),
        ("/inbound/rows", {"cursor": "AAAA"}, "422 invalid_cursor", None),
    ],
)
async def test_what_no_number_can_be_is_refused_with_its_place(
    api: httpx.AsyncClient,
    what: str,
    query: dict[str, str],
    refusal: str,
    pointer: str | None,
) -> None:
    response = await api.get(f"/v1/metrics{what}", params=WEEK | query)
    problem = response.json()
    assert f"{response.status_code} {problem['code']}" == refusal
    if pointer is not None:
        assert problem["errors"][0]["pointer"] == pointer


@pytest.mark.usefixtures("told")
async def test_the_page_is_one_call(api: httpx.AsyncClient, told: Line) -> None:
    await metrics.catch_up(told.database, told.workspace_id, zone="Asia/Shanghai")
    asked = {"from": "2026-11-18", "to": "2026-11-22", "compare": "previous"}
    page = (await api.get("/v1/dashboard", params=asked)).json()
    assert (page["from"], page["to"], page["tz"]) == ("2026-11-18", "2026-11-22", "Asia/Shanghai")
    figures = {one["name"]: one for each in page["chapters"].values() for one in each}
    assert figures["inbound"]["now"]["value"] == 5
    assert figures["referrals"]["now"]["reason"] == "not_observed"
    assert [point["day"] for point in page["series"]["inbound"]] == [
        f"2026-11-{day}" for day in (18, 19, 20, 21)
    ]
    alone = (await api.get("/v1/dashboard", params=asked | {"compare": "nothing"})).json()
    assert {one["before"] for each in alone["chapters"].values() for one in each} == {None}


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ({"from": "2026-11-22", "to": "2026-11-18"}, "bad_range", "query/to"),
        ({"from": "2001-01-01", "to": "2098-01-01"}, "bad_range", "query/to"),
        ({"from": "1900-01-01"}, "invalid_request", "query/from"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "invalid_request", "query/from"),
        ({"compare": "everything"}, "invalid_request", "query/compare"),
    ],
)
async def test_a_page_of_no_days_is_refused(
    api: httpx.AsyncClient, query: dict[str, str], code: str, pointer: str
) -> None:
    response = await api.get("/v1/dashboard", params=query)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, code)
    assert problem["errors"][0]["pointer"] == pointer


async def test_the_zone_of_the_days_is_chosen_once_for_everybody(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    path = "/v1/dashboard/zone"
    first = (await api.get(path)).json()["tz"]
    for tz in ("Asia/Kathmandu", first, "Asia/Kathmandu"):
        chosen = await api.put(path, json={"tz": tz})
        assert (chosen.status_code, chosen.json()) == (200, {"tz": tz})
    assert (await api.get(path)).json() == {"tz": "Asia/Kathmandu"}
    await metrics.catch_up(database, workspace.id, zone="UTC")
    assert (await api.get("/v1/dashboard")).json()["tz"] == "Asia/Kathmandu"
    for unknown in ("Nowhere/Else", "../../etc/passwd", "right/UTC"):
        refused = (await api.put(path, json={"tz": unknown})).json()
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("unknown_time_zone", "/tz")
