"""What a team says of a follower, over HTTP, and what policies make of it."""

from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.api.schemas.policies import EXAMPLE
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make


@pytest.fixture
async def follower_id(database: Database, workspace: Workspace) -> UUID:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        row = await make.add_follower(uow, source.id)
    found: UUID = row.id
    return found


async def test_a_tier_and_an_advocate_are_set_read_and_taken_back(
    api: httpx.AsyncClient, follower_id: UUID
) -> None:
    address = f"/v1/followers/{follower_id}"
    seen = await api.get(address)
    assert (seen.json()["tier"], seen.json()["advocate"]) == (None, False)
    both = {"tier": "inner_circle", "advocate": True}
    changed = await api.patch(address, json=both, headers={"if-match": seen.headers["etag"]})
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in both} == both
    since = changed.json()["advocate_since"]

    # Whoever saw them before that must look again; what is so already stays as it is.
    stale = await api.patch(address, json=both, headers={"if-match": seen.headers["etag"]})
    assert stale.status_code == 412
    assert (await api.patch(address, json=both)).json()["advocate_since"] == since
    (listed,) = (await api.get("/v1/followers")).json()["items"]
    assert (listed["tier"], listed["advocate"]) == ("inner_circle", True)
    undone = await api.patch(address, json={"tier": None, "advocate": False})
    assert undone.json()["advocate_since"] is None

    acts = (await api.get("/v1/audit", params={"action": "follower"})).json()["items"]
    assert [each["detail"]["tier"]["after"] for each in acts] == [None, "inner_circle"]


@pytest.mark.parametrize("body", [{"tier": "gold"}, {"advocate": "yes"}, {"level": 3}])
async def test_what_no_follower_can_be_is_refused(
    api: httpx.AsyncClient, follower_id: UUID, body: dict[str, Any]
) -> None:
    assert (await api.patch(f"/v1/followers/{follower_id}", json=body)).status_code == 422


async def test_nothing_is_said_of_somebody_unknown(api: httpx.AsyncClient) -> None:
    found = await api.patch(f"/v1/followers/{uuid4()}", json={"advocate": True})
    assert found.status_code == 404


async def test_a_policy_asks_for_tiers_and_leaves_answers_to_advocates(
    api: httpx.AsyncClient,
) -> None:
    body = deepcopy(EXAMPLE) | {
        "match": {"follower_tiers": ["inner_circle"]},
        "advocates_answer": ["routine"],
    }
    made = await api.post("/v1/policies", json=body)
    assert made.status_code == 201, made.text
    read = (await api.get(f"/v1/policies/{made.json()['id']}")).json()
    assert read["match"]["follower_tiers"] == ["inner_circle"]
    assert read["advocates_answer"] == ["routine"]
    unknown = body | {"name": "Other", "match": {"follower_tiers": ["gold"]}}
    assert (await api.post("/v1/policies", json=unknown)).status_code == 422
