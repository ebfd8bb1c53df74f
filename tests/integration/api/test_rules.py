"""Workspace rules over HTTP: refused with reasons, tried out, saved in versions, logged."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.line import Line, comment

RULE: dict[str, Any] = {
    "name": "Eyes",
    "conditions": {"patterns": ["辣眼"], "authors": ["@Lily"]},
    "effects": {"tier": "urgent", "tags": ["eyes"], "alert": True},
}


def changed(**parts: Any) -> dict[str, Any]:
    return RULE | parts


async def create(api: httpx.AsyncClient, body: dict[str, Any] = RULE) -> dict[str, Any]:
    response = await api.post("/v1/rules", json=body)
    assert response.status_code == 201, response.text
    rule: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/rules/{rule['id']}"
    return rule


async def test_a_rule_is_created_changed_listed_and_archived(api: httpx.AsyncClient) -> None:
    rule = await create(api)
    assert rule["conditions"]["authors"] == ["lily"]
    window = {"zone": "Asia/Shanghai", "days": [5, 6], "starts": "22:00", "ends": "08:00"}
    body = changed(conditions={"window": window}, position=5)
    second = (await api.put(f"/v1/rules/{rule['id']}", json=body)).json()
    assert (second["version"], second["conditions"]["window"]) == (2, window)
    versions = (await api.get(f"/v1/rules/{rule['id']}/versions")).json()["items"]
    assert [one["version"] for one in versions] == [1, 2]
    assert [one["id"] for one in (await api.get("/v1/rules")).json()["items"]] == [rule["id"]]
    assert (await api.delete(f"/v1/rules/{rule['id']}")).status_code == 204
    assert (await api.get(f"/v1/rules/{rule['id']}")).status_code == 404
    assert (await api.get("/v1/rules")).json()["items"] == []
    actions = [one["action"] for one in (await api.get("/v1/audit")).json()["items"]]
    assert actions[:3] == ["rule.archived", "rule.changed", "rule.created"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (changed(conditions={"patterns": ["好用(?!吗)"]}), "/conditions/patterns/0", "lookaround"),
        (
            changed(conditions={"patterns": ["a", r"(b)\1"]}),
            "/conditions/patterns/1",
            "backreference",
        ),
        (changed(conditions={"patterns": ["好" * 171]}), "/conditions/patterns/0", "too_long"),
        (changed(conditions={"patterns": ["a{999}{9}"]}), "/conditions/patterns/0", "too_large"),
        (changed(conditions={}), "/conditions", "empty"),
        (changed(effects={}), "/effects", "empty"),
        (
            changed(effects={"tier": "urgent", "category": "spam"}),
            "/effects/category",
            "contradiction",
        ),
        (
            changed(conditions={"window": {"zone": "Mars/Base"}}),
            "/conditions/window/zone",
            "unknown_zone",
        ),
        (changed(effects={"assign_to": str(uuid4())}), "/effects/assign_to", "not_found"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_by_field_and_reason(
    api: httpx.AsyncClient, body: dict[str, Any], pointer: str, code: str
) -> None:
    for path, sent in (("/v1/rules", body), ("/v1/rules/dry-run", {"rule": body})):
        response = await api.post(path, json=sent)
        assert response.status_code == 422, response.text
        (problem,) = response.json()["errors"]
        assert (problem["pointer"], problem["code"]) == (pointer, code)


async def test_a_name_is_taken_once(api: httpx.AsyncClient) -> None:
    await create(api)
    response = await api.post("/v1/rules", json=RULE)
    assert (response.status_code, response.json()["code"]) == (409, "rule.name_taken")


async def test_a_book_holds_two_hundred_rules(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    rule = await create(api)
    async with database.unit(workspace.id) as uow:
        for number in range(199):
            await uow.execute(
                "INSERT INTO rules SELECT workspace_id, gen_random_uuid(), :name, position,"
                " enabled, current_version, created_at, updated_at, NULL FROM rules LIMIT 1",
                {"name": str(number)},
            )
        await uow.execute(
            "INSERT INTO rule_versions SELECT r.workspace_id, r.id, 1, v.definition, v.created_at,"
            " v.created_by FROM rules r, rule_versions v WHERE r.id <> v.rule_id"
        )
    response = await api.post("/v1/rules", json=changed(name="one too many"))
    assert (response.status_code, response.json()["code"]) == (409, "rule.too_many")
    assert (await api.delete(f"/v1/rules/{rule['id']}")).status_code == 204
    await create(api, changed(name="again room"))


async def test_a_dry_run_counts_shows_examples_and_changes_nothing(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        lily = await make.add_follower(uow, source.id, handle="Lily")
        mia = await make.add_follower(uow, source.id, handle="mia")
        told = {"tier": "important", "category": "follower_question"}
        for text, author in (("有点辣眼", lily), ("好用", lily), ("不辣眼睛", mia)):
            await make.add_message(uow, source.id, text=text, author_id=author.id, **told)
        await uow.execute("UPDATE judgements SET flags = '{}'")
    result = (await api.post("/v1/rules/dry-run", json={"rule": RULE, "days": 7})).json()
    assert (result["examined"], result["matched"], result["alerts"]) == (3, 1, 1)
    assert result["moved"]["important"]["urgent"] == 1
    (example,) = result["examples"]
    assert (example["text"], example["before"]["tier"], example["after"]["tier"]) == (
        "有点辣眼",
        "important",
        "urgent",
    )
    assert (await api.get("/v1/rules/runs")).json()["items"] == []


async def test_the_log_says_which_rule_met_which_message(
    api: httpx.AsyncClient, line: Line
) -> None:
    rule = await create(api)
    await line.hear(comment("c1", "有点辣眼"), comment("c2", "也辣眼", author="mia"))
    (run,) = (await api.get("/v1/rules/runs")).json()["items"]
    assert (run["rule_id"], run["rule_name"], run["outcome"]) == (rule["id"], "Eyes", "applied")
    assert run["effects"]["tier"] == "urgent"
    found = await api.get("/v1/rules/runs", params={"message_id": run["message_id"]})
    assert len(found.json()["items"]) == 1
    (alert,) = (await api.get("/v1/alerts")).json()["items"]
    assert (alert["kind"], alert["message_id"]) == ("rule", run["message_id"])
    acknowledged = await api.post(f"/v1/alerts/{alert['id']}/acknowledge", json={})
    assert acknowledged.json()["state"] == "acknowledged"
