from copy import deepcopy
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.api.schemas.policies import EXAMPLE
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key


def policy(**changes: Any) -> dict[str, Any]:
    return deepcopy(EXAMPLE) | changes


async def create(api: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    response = await api.post("/v1/policies", json=policy(**changes))
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def test_a_policy_is_created_as_sent_and_read_back(api: httpx.AsyncClient) -> None:
    made = await create(api)
    assert made["version"] == 1
    assert made["targets"]["urgent"]["first_response_seconds"] == 1800
    assert made["match"]["channels"] == ["dm"]
    assert made["match"]["tiers"] == ["urgent", "important"]
    assert made["promised"] == {"dm": 43200}
    assert made["response_steps"] == [50, {"offset_minutes": -15}, 100, 150, 200]
    response = await api.get(f"/v1/policies/{made['id']}")
    assert response.json() == {key: made[key] for key in made if key != "warnings"}
    assert response.headers["etag"].startswith('"1-')


async def test_a_change_makes_the_next_version_and_keeps_the_earlier_ones(
    api: httpx.AsyncClient,
) -> None:
    made = await create(api)
    address = f"/v1/policies/{made['id']}"
    changed = await api.put(address, json=policy(name="Quiet week", response_steps=[100]))
    assert changed.status_code == 200, changed.text
    assert changed.json()["version"] == 2
    versions = (await api.get(f"{address}/versions")).json()["items"]
    assert [each["version"] for each in versions] == [1, 2]
    assert [each["response_steps"] for each in versions] == [
        EXAMPLE["response_steps"],
        [100],
    ]


async def test_an_archived_policy_is_gone_and_its_versions_stay(api: httpx.AsyncClient) -> None:
    made = await create(api)
    address = f"/v1/policies/{made['id']}"
    assert (await api.delete(address)).status_code == 204
    assert (await api.get(address)).status_code == 404
    assert (await api.get("/v1/policies")).json()["items"] == []
    assert len((await api.get(f"{address}/versions")).json()["items"]) == 1


async def test_the_default_policy_cannot_be_archived(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        default = await sla.ensure_defaults(uow)
    (listed,) = (await api.get("/v1/policies")).json()["items"]
    assert listed["is_default"] is True
    response = await api.delete(f"/v1/policies/{default.id}")
    assert response.status_code == 409
    assert response.json()["code"] == "sla.default_policy"


async def test_two_live_policies_do_not_share_a_name(api: httpx.AsyncClient) -> None:
    await create(api)
    response = await api.post("/v1/policies", json=policy())
    assert response.status_code == 409
    assert response.json()["code"] == "sla.policy_name_taken"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"response_steps": [80, 50, 100]}, "/response_steps"),
        ({"response_steps": [50, 50, 100]}, "/response_steps"),
        ({"response_steps": [50, 80]}, "/response_steps"),
        ({"response_steps": [100, *range(101, 112)]}, "/response_steps"),
        ({"response_steps": [0, 100]}, "/response_steps/0"),
        ({"response_steps": [100, 1001]}, "/response_steps/1"),
        ({"resolution_steps": []}, "/resolution_steps"),
        ({"name": ""}, "/name"),
        ({"response_steps": [True, 100]}, "/response_steps/0"),
        ({"response_steps": [{"offset_minutes": 1.5}, 100]}, "/response_steps/0"),
        ({"response_steps": [{"offset_minutes": -600_000}, 100]}, "/response_steps/0"),
        ({"response_steps": [100, {"offset_minutes": 271}]}, "/response_steps/1"),
        (
            {"resolution_steps": [{"offset_minutes": 60}, {"offset_minutes": 0}]},
            "/resolution_steps",
        ),
        ({"promised": {"dm": 0}}, "/promised/dm"),
        ({"promised": {"dm": 366 * 86_400 + 1}}, "/promised/dm"),
        ({"promised": {"fax": 60}}, "/promised/fax"),
        ({"channel_targets": {"dm": {"spam": {}}}}, "/channel_targets/dm/spam"),
        ({"match": {"tiers": ["vip"]}}, "/match/tiers/0"),
        ({"match": {"categories": ["weather"]}}, "/match/categories/0"),
        ({"match": {"languages": ["fr"]}}, "/match/languages/0"),
        ({"match": {"post_ids": [str(uuid4())]}}, "/match/post_ids/0"),
        ({"match": {"channels": ["dm"], "post_ids": [str(uuid4())]}}, "/match/post_ids"),
        ({"reopen_within_seconds": -1}, "/reopen_within_seconds"),
        ({"match": {"channels": ["fax"]}}, "/match/channels/0"),
        ({"targets": {"urgent": EXAMPLE["targets"]["urgent"]}}, "/targets/important"),
        ({"position": "1"}, "/position"),
    ],
)
async def test_a_policy_that_cannot_be_kept_is_refused_at_its_place(
    api: httpx.AsyncClient, change: dict[str, Any], pointer: str
) -> None:
    response = await api.post("/v1/policies", json=policy(**change))
    assert response.status_code == 422
    assert pointer in [problem["pointer"] for problem in response.json()["errors"]]


async def test_no_target_is_zero_and_no_limit_lies_before_it(api: httpx.AsyncClient) -> None:
    for name, value in (("first_response_seconds", 0), ("limit_seconds", 1)):
        body = policy()
        body["targets"]["urgent"][name] = value
        assert (await api.post("/v1/policies", json=body)).status_code == 422, name


async def test_a_ladder_nobody_has_is_refused(api: httpx.AsyncClient) -> None:
    response = await api.post("/v1/policies", json=policy(ladder_id=str(uuid4())))
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/ladder_id"


async def test_changing_needs_the_scope_manage(
    database: Database, app: Any, workspace: Workspace
) -> None:
    key = await make_key(database, workspace.id, Scope.READ, Scope.WORK)
    async with client_of(app, key) as client:
        assert (await client.post("/v1/policies", json=policy())).status_code == 403
        assert (await client.get("/v1/policies")).status_code == 200


async def test_another_workspaces_policy_does_not_exist_here(
    api: httpx.AsyncClient, database: Database
) -> None:
    other = await workspaces.create_workspace(database, "Other", slug="other")
    async with database.unit(other.id) as uow:
        foreign = (await sla.ensure_defaults(uow)).id
    for address in (f"/v1/policies/{foreign}", f"/v1/policies/{uuid4()}"):
        assert (await api.get(address)).status_code == 404
        assert (await api.get(f"{address}/versions")).status_code == 404
        assert (await api.put(address, json=policy())).status_code == 404
        assert (await api.delete(address)).status_code == 404


async def test_presets_can_be_sent_back_as_they_are(api: httpx.AsyncClient) -> None:
    presets = (await api.get("/v1/policies/presets")).json()["items"]
    assert [preset["key"] for preset in presets] == ["default", "fast_dms", "office_hours"]
    for preset in presets:
        made = await api.post("/v1/policies", json=preset["policy"])
        assert made.status_code == 201, made.text
        assert made.json()["targets"] == preset["policy"]["targets"]


async def test_targets_of_one_channel_stand_beside_those_of_the_others(
    api: httpx.AsyncClient,
) -> None:
    own = {"urgent": EXAMPLE["targets"]["urgent"]}
    made = await create(api, channel_targets={"comment": own})
    assert list(made["channel_targets"]) == ["comment"]
    assert list(made["channel_targets"]["comment"]) == ["urgent"]
    assert made["channel_targets"]["comment"]["urgent"]["limit_seconds"] is None


async def test_a_policy_looser_than_the_published_text_is_saved_with_a_warning(
    api: httpx.AsyncClient,
) -> None:
    made = await create(api, promised={"dm": 7200})
    told = {each["pointer"] for each in made["warnings"]}
    assert told == {
        "/targets/routine/first_response_seconds",
        "/targets/routine/next_response_seconds",
    }
    assert {each["code"] for each in made["warnings"]} == {"looser_than_promised"}
    assert (await create(api, name="Kept", match={"channels": ["mention"]}))["warnings"] == []


async def test_a_policy_behind_one_that_takes_everything_it_takes_is_warned_of(
    api: httpx.AsyncClient,
) -> None:
    await create(api, match={"channels": ["dm"]}, position=10)
    second = await create(api, name="Never", match={"channels": ["dm"], "tiers": ["urgent"]})
    assert [each["code"] for each in second["warnings"]] == ["never_matches"]
    first = await create(api, name="Widest", match={}, position=1)
    assert [each["code"] for each in first["warnings"]] == ["takes_from_another"] * 2
