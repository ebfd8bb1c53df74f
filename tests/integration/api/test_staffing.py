"""The team's week over HTTP: saved whole or refused at its place, and held against promises."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.api.schemas.staffing import EXAMPLE
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces.types import Workspace
from tests.support import rows as make

PLAN = "/v1/staffing/plan"


def week(**changes: Any) -> dict[str, Any]:
    return deepcopy(EXAMPLE) | changes


def block(**changes: Any) -> dict[str, Any]:
    return {"weekdays": ["monday"], "start": "09:00", "minutes": 30, "people": 1} | changes


async def test_the_handbooks_week_stands_until_a_team_saves_its_own(api: httpx.AsyncClient) -> None:
    plan = (await api.get(PLAN)).json()
    assert plan["version"] == 0
    assert [each["start"] for each in plan["blocks"]] == ["09:00", "13:00", "17:00", "20:00"]
    saved = await api.put(PLAN, json=week())
    assert saved.status_code == 200, saved.text
    assert saved.json()["version"] == 1
    assert saved.json()["blocks"][1]["people"] == 2
    assert (await api.get(PLAN)).json() == saved.json()
    assert (await api.put(PLAN, json=week())).json()["version"] == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"zone": "Asia/Nowhere"}, "/zone"),
        ({"blocks": []}, "/blocks"),
        ({"blocks": [block(start="9:00")]}, "/blocks/0/start"),
        ({"blocks": [block(start="24:00")]}, "/blocks/0/start"),
        ({"blocks": [block(weekdays=["funday"])]}, "/blocks/0/weekdays/0"),
        ({"blocks": [block(minutes=0)]}, "/blocks/0/minutes"),
        ({"blocks": [block(minutes=-30)]}, "/blocks/0/minutes"),
        ({"blocks": [block(start="23:45")]}, "/blocks/0/minutes"),
        ({"blocks": [block(), block(start="09:29")]}, "/blocks/1/start"),
        ({"blocks": [block(people=0)]}, "/blocks/0/people"),
        ({"minutes_per_reply": 0}, "/minutes_per_reply"),
    ],
)
async def test_a_week_nobody_could_work_is_refused_and_nothing_of_it_saved(
    api: httpx.AsyncClient, change: dict[str, Any], pointer: str
) -> None:
    response = await api.put(PLAN, json=week(**change))
    assert response.status_code == 422, response.text
    assert pointer in [problem["pointer"] for problem in response.json()["errors"]]
    assert (await api.get(PLAN)).json()["version"] == 0


async def test_feasibility_names_what_the_week_cannot_keep(api: httpx.AsyncClient) -> None:
    found = (await api.get("/v1/staffing/feasibility")).json()
    assert found["longest_night_gap"]["seconds"] == 12 * 3600
    public = next(each for each in found["findings"] if each["promises"] == ["public"])
    assert (public["channel"], public["kept"]) == ("comment", False)
    assert public["looks"]
    assert "4 h" in public["words"]["en"]
    kept = [each["kept"] for each in found["findings"]]
    assert kept == sorted(kept)


async def test_feasibility_follows_the_policy_and_the_week(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
    always = {"weekdays": list(EXAMPLE["blocks"][0]["weekdays"]), "start": "00:00"}
    body = week(blocks=[always | {"minutes": 1440, "people": 1}], minutes_per_reply=2.5)
    assert (await api.put(PLAN, json=body)).status_code == 200
    found = (await api.get("/v1/staffing/feasibility")).json()
    assert {each["kept"] for each in found["findings"]} == {True}
    assert found["handling"] == {"minutes": 2.5, "measured": 0}


async def test_a_forecast_tells_of_the_next_block_and_each_day(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        source = await make.add_source(uow)
        for hour in range(1, 24 * 14, 2):
            at = uow.now - timedelta(hours=hour)
            await make.add_message(uow, source.id, occurred_at=at)
    told = (await api.get("/v1/staffing/forecast", params={"days": 3})).json()
    # One in two hours for a fortnight: 36 in three days.
    assert 25 < told["ahead"]["arrivals"]["expected"] < 47
    assert 3 <= len(told["days"]) <= 4
    assert told["next_shift"]["end"] > told["as_of"]
    assert 0 < told["ahead"]["attainment"]["expected"] < 1
    assert told["advice"]["goal"] == 0.9
    assert (await api.get("/v1/staffing/forecast", params={"days": 29})).status_code == 422
