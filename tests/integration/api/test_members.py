"""The people of a team, and the workspace they share."""

import httpx
import pytest

from tests.support.client import codes
from tests.support.webhooks import is_problem

LIN = {"handle": "lin", "name": "林夏", "email": "lin@brand.example", "role": "moderator"}


@pytest.fixture
async def lin(api: httpx.AsyncClient) -> dict[str, str]:
    response = await api.post("/v1/members", json=LIN)
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/members/{response.json()['id']}"
    document: dict[str, str] = response.json()
    return document


async def test_a_member_reads_back_as_it_was_added(
    api: httpx.AsyncClient, lin: dict[str, str]
) -> None:
    assert (await api.get(f"/v1/members/{lin['id']}")).json() == lin
    assert {name: lin[name] for name in LIN} == LIN
    assert (await api.get("/v1/members")).json()["items"] == [lin]


async def test_a_handle_belongs_to_one_member(api: httpx.AsyncClient, lin: dict[str, str]) -> None:
    assert is_problem(await api.post("/v1/members", json=LIN), 409, "handle_taken")
    other = (await api.post("/v1/members", json=LIN | {"handle": "mo"})).json()
    response = await api.patch(f"/v1/members/{other['id']}", json={"handle": "lin"})
    assert is_problem(response, 409, "handle_taken")


async def test_only_what_is_sent_changes(api: httpx.AsyncClient, lin: dict[str, str]) -> None:
    changed = await api.patch(f"/v1/members/{lin['id']}", json={"active": False, "email": None})
    assert changed.json() == lin | {
        "active": False,
        "email": None,
        "updated_at": changed.json()["updated_at"],
    }
    assert (await api.patch(f"/v1/members/{lin['id']}", json={})).json() == changed.json()


@pytest.mark.parametrize(
    "change",
    [
        {"role": "owner"},
        {"name": None},
        {"handle": "two words"},
        {"handle": ""},
        {"email": "nobody"},
        {"active": "yes"},
        {"active": 1},
        {"workspace_id": "x"},
        {"name": "zero \0"},
    ],
)
async def test_a_change_that_cannot_be_is_422(
    api: httpx.AsyncClient, lin: dict[str, str], change: dict[str, object]
) -> None:
    response = await api.patch(f"/v1/members/{lin['id']}", json=change)
    assert is_problem(response, 422, "invalid_request")
    assert codes(response)


async def test_changes_are_on_the_trail_by_field_not_by_value(
    api: httpx.AsyncClient, lin: dict[str, str]
) -> None:
    await api.patch(f"/v1/members/{lin['id']}", json={"email": "new@brand.example"})
    trail = await api.get("/v1/audit", params={"subject_id": lin["id"]})
    assert [entry["action"] for entry in trail.json()["items"]] == [
        "member.changed",
        "member.created",
    ]
    assert "new@brand.example" not in trail.text


async def test_the_workspace_knows_its_name_and_quota(api: httpx.AsyncClient) -> None:
    changed = await api.patch("/v1/workspace", json={"name": "Glow", "ingest_per_minute": 600})
    assert (changed.json()["name"], changed.json()["ingest_per_minute"]) == ("Glow", 600)
    assert (await api.get("/v1/workspace")).json() == changed.json()
    back = await api.patch("/v1/workspace", json={"ingest_per_minute": None})
    assert back.json() == changed.json() | {"ingest_per_minute": None}


async def test_a_workspace_says_from_how_many_alerts_on_they_go_together(
    api: httpx.AsyncClient,
) -> None:
    set_ = await api.patch("/v1/workspace", json={"storm_per_minute": 30})
    assert set_.json()["storm_per_minute"] == 30
    for wrong in (0, 6_001, "many"):
        refused = await api.patch("/v1/workspace", json={"storm_per_minute": wrong})
        assert refused.status_code == 422
    back = await api.patch("/v1/workspace", json={"storm_per_minute": None})
    assert back.json()["storm_per_minute"] is None


async def test_the_trail_is_read_page_by_page(api: httpx.AsyncClient) -> None:
    for number in range(4):
        await api.post("/v1/members", json=LIN | {"handle": f"m{number}"})
    whole = [entry["id"] for entry in (await api.get("/v1/audit")).json()["items"]]
    seen, cursor = [], None
    while len(seen) < len(whole):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/audit", params=query)).json()
        seen += [entry["id"] for entry in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (whole, None)
