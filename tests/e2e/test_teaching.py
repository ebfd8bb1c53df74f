"""People teach a running installation: a correction, a rule, a burst, seen from outside."""

import asyncio
from typing import Any

import pytest

from tests.support.brands import Brand, said
from tests.support.processes import Site
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

RULE = {
    "name": "Eyes",
    "conditions": {"patterns": ["辣眼"]},
    "effects": {"tier": "urgent", "tags": ["eyes"], "alert": True},
}
QUIET = "嗯嗯 那我就再等等看吧"


async def message(brand: Brand, external_id: str) -> dict[str, Any]:
    """The message once it has been judged."""

    async def find() -> Any:
        found = await brand.get("/v1/messages", source_id=brand.source_id, external_id=external_id)
        return next(iter(found["items"]), None)

    judged: dict[str, Any] = await wait_until(find)
    return judged


async def test_a_correction_a_rule_and_a_burst_take_effect_on_what_is_said_next(
    site: Site, brand: Brand
) -> None:
    await asyncio.gather(site.start_api(), site.start_worker())

    await brand.deliver(said("c1", text=QUIET))
    quiet = await message(brand, "c1")
    assert quiet["judgement"]["tier"] == "routine"
    told = await brand.create(
        f"/v1/messages/{quiet['id']}/judgement", {"category": "complaint", "note": "第三次来问了"}
    )
    assert [one["decided_by"] for one in told["judgements"]] == ["member", "engine"]
    case = await brand.get(f"/v1/cases/{told['case_id']}")
    assert (case["state"], case["tier"]) == ("open", "urgent")
    assert case["clocks"][0]["started_at"] == quiet["occurred_at"]
    await brand.deliver(said("c2", author="mia", text=f"{QUIET}。"))
    assert (await message(brand, "c2"))["judgement"]["tier"] == "urgent"

    dry = await brand.http.post("/v1/rules/dry-run", json={"rule": RULE})
    assert (dry.json()["examined"], dry.json()["matched"]) == (2, 0)
    rule = await brand.create("/v1/rules", RULE)
    await brand.deliver(said("c3", author="zoe", text="太好用了，就是有点辣眼"))
    assert (await message(brand, "c3"))["judgement"]["decided_by"] == "rule"
    (alert,) = (await brand.get("/v1/alerts"))["items"]
    assert (alert["kind"], alert["rule_id"]) == ("rule", rule["id"])

    asked = [said(f"q{n}", author=f"u{n}", text="请问这个精华多少钱呀") for n in range(3)]
    await brand.deliver(*asked)

    async def gathered() -> Any:
        found = (await brand.get("/v1/bursts"))["items"]
        return found[0] if found and found[0]["size"] == len(asked) else None

    burst = await wait_until(gathered)
    members = (await brand.get(f"/v1/bursts/{burst['id']}"))["cases"]
    listed = [member["case_id"] for member in members[:2]]
    answer = await brand.create(
        f"/v1/bursts/{burst['id']}/answer", {"case_ids": listed, "text": "129 元～"}
    )
    assert (answer["answered"], answer["burst"]["waiting"]) == (listed, 1)
    states = [(await brand.get(f"/v1/cases/{one['case_id']}"))["state"] for one in members]
    assert states == ["resolved", "resolved", "open"]
