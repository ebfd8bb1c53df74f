"""Detectors over HTTP: switched off until asked, tried on the past, refused by field."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.detectors import service as detectors
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make

SURGE: dict[str, Any] = {
    "name": "Burnt faces",
    "kind": "keyword_surge",
    "threshold": 2,
    "minimum": 1,
    "words": ["烂脸"],
}


def changed(**parts: Any) -> dict[str, Any]:
    return SURGE | parts


async def create(api: httpx.AsyncClient, body: dict[str, Any] = SURGE) -> dict[str, Any]:
    response = await api.post("/v1/detectors", json=body)
    assert response.status_code == 201, response.text
    detector: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/detectors/{detector['id']}"
    return detector


async def test_a_detector_is_created_off_changed_listed_and_archived(
    api: httpx.AsyncClient,
) -> None:
    detector = await create(api)
    assert (detector["enabled"], detector["unit"], detector["version"]) == (False, "messages", 1)
    path = f"/v1/detectors/{detector['id']}"
    on = await api.put(path, json=changed(enabled=True))
    assert (on.json()["enabled"], on.json()["version"], on.headers["etag"]) == (True, 2, '"2"')
    assert (await api.get(path)).json() == on.json()
    listed = (await api.get("/v1/detectors")).json()
    assert [one["id"] for one in listed["items"]] == [detector["id"]]
    assert [one["name"] for one in listed["built_in"]] == ["promises", "error_budget", "rules"]
    taken = await api.post("/v1/detectors", json=SURGE)
    assert (taken.status_code, taken.json()["code"]) == (409, "detector.name_taken")
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    actions = [one["action"] for one in (await api.get("/v1/audit")).json()["items"]]
    assert actions[:3] == ["detector.archived", "detector.changed", "detector.created"]


async def test_every_preset_can_be_created_as_it_is(api: httpx.AsyncClient) -> None:
    found = (await api.get("/v1/detectors/presets")).json()["items"]
    assert len(found) == 8
    for one in found:
        response = await api.post("/v1/detectors", json=one["preset"])
        assert response.status_code == 201, response.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (changed(threshold=-1), "/threshold"),
        (changed(threshold=0.5), "/threshold"),
        (changed(kind="sentiment_dip", words=[], threshold=101), "/threshold"),
        (changed(threshold="many"), "/threshold"),
        (changed(window_minutes=100 * 365 * 24 * 60), "/window_minutes"),
        (changed(window_minutes=4), "/window_minutes"),
        (changed(cool_down_minutes=-1), "/cool_down_minutes"),
        (changed(minimum=-1), "/minimum"),
        (changed(weeks=3), "/weeks"),
        (changed(words=[]), "/words"),
        (changed(words=["x" * 101]), "/words/0"),
        (changed(kind="silence"), "/words"),
        (changed(kind="rumour"), "/kind"),
        (changed(source_id=str(uuid4())), "/source_id"),
        (changed(post_id=str(uuid4())), "/post_id"),
        (changed(rule_id=str(uuid4())), "/rule_id"),
        (changed(surprise=1), "/surprise"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(
    api: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    for path, sent, prefix in (
        ("/v1/detectors", body, ""),
        ("/v1/detectors/try", {"detector": body}, "/detector"),
    ):
        response = await api.post(path, json=sent)
        assert response.status_code == 422, response.text
        told = [problem["pointer"].removeprefix(prefix) for problem in response.json()["errors"]]
        assert pointer in told, response.text


async def test_a_number_that_is_none_is_refused(api: httpx.AsyncClient) -> None:
    body = '{"name": "x", "kind": "silence", "threshold": NaN}'
    response = await api.post(
        "/v1/detectors", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code in {400, 422}


async def test_a_try_says_when_it_would_have_fired_and_changes_nothing(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    empty = await api.post("/v1/detectors/try", json={"detector": SURGE})
    assert (empty.status_code, empty.json()["code"]) == (409, "detector.too_little_history")
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        for minutes in (90, 89, 30):
            at = uow.now - timedelta(minutes=minutes)
            await make.add_message(
                uow, source.id, text="真的烂脸了", occurred_at=at, content_at=at, direction="in"
            )
    tried = (await api.post("/v1/detectors/try", json={"detector": SURGE, "days": 1})).json()
    assert tried["fired"] == 1
    assert tried["sentence"].startswith("It would have fired once since ")
    assert tried["episodes"][0]["hits"] == 2
    assert sum(point["hits"] for point in tried["points"]) == 3
    detector = await create(api)
    saved = (await api.get(f"/v1/detectors/{detector['id']}/backtest?days=1")).json()
    assert saved["episodes"] == tried["episodes"]
    stuck = changed(kind="stuck_stage", threshold=60, words=[])
    refused = await api.post("/v1/detectors/try", json={"detector": stuck})
    assert (refused.status_code, refused.json()["code"]) == (409, "detector.nothing_kept")


async def test_firings_are_listed_page_by_page(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    detector = await create(api, changed(enabled=True, cool_down_minutes=0))
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        for seconds in (60, 61):
            at = uow.now - timedelta(seconds=seconds)
            await make.add_message(
                uow, source.id, text="烂脸", occurred_at=at, content_at=at, direction="in"
            )
    assert await detectors.look(database) == 1
    page = (await api.get("/v1/detectors/firings?limit=1")).json()
    (firing,) = page["items"]
    assert (firing["detector_id"], firing["ended_at"], page["next_cursor"]) == (
        detector["id"],
        None,
        None,
    )
    assert firing["figures"]["hits"] == 2
    none = await api.get("/v1/detectors/firings", params={"detector_id": str(uuid4())})
    assert none.json()["items"] == []
