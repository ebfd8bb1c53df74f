"""Ladders and climbs over HTTP: what is refused, what is warned of, and what an alert shows."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.integration.core.alerts.conftest import desk as desk  # noqa: PLC0414 - a fixture
from tests.support.alerts import Desk

LADDER: dict[str, Any] = {
    "name": "nights",
    "steps": [
        {"percent": 0},
        {"percent": 0, "wait_seconds": 600, "audience": [{"kind": "everybody"}]},
    ],
}


async def test_a_ladder_that_nobody_stands_behind_is_kept_with_a_warning(
    api: httpx.AsyncClient,
) -> None:
    answer = await api.post("/v1/ladders", json=LADDER)
    assert answer.status_code == 201, answer.text
    warned = {(one["pointer"], one["code"]) for one in answer.json()["warnings"]}
    assert ("/steps/1/audience", "nobody_there") in warned
    shown = (await api.get(answer.headers["location"])).json()
    assert [one["wait_seconds"] for one in shown["steps"]] == [0, 600]
    assert shown["steps"][1]["audience"] == [{"kind": "everybody", "id": None, "role": None}]


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"audience": [{"kind": "role"}]}, "/steps/0/audience/0/role"),
        ({"audience": [{"kind": "team"}]}, "/steps/0/audience/0/id"),
        ({"audience": [{"kind": "everybody", "role": "manager"}]}, "/steps/0/audience/0/role"),
        ({"repeat_times": 3}, "/steps/0/repeat_seconds"),
        (
            {"fallback_channel_id": "01936b5e-0000-7000-8000-000000000000"},
            "/steps/0/fallback_channel_id",
        ),
        ({"wait_seconds": -1}, "/steps/0/wait_seconds"),
        ({"audience": [{"kind": "the boss"}]}, "/steps/0/audience/0/kind"),
    ],
)
async def test_a_step_that_makes_no_sense_is_refused_with_its_place(
    api: httpx.AsyncClient, step: dict[str, Any], pointer: str
) -> None:
    answer = await api.post("/v1/ladders", json={"name": "x", "steps": [{"percent": 100} | step]})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_a_group_and_its_window_are_named_together(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/ladders", json=LADDER | {"group_by": "post"})
    assert [one["code"] for one in answer.json()["errors"]] == ["incomplete"]
    created = await api.post(
        "/v1/ladders", json=LADDER | {"group_by": "post", "group_window_seconds": 60}
    )
    place = created.headers["location"]
    changed = await api.patch(place, json={"grouping": {"by": "thread", "window_seconds": 30}})
    assert (changed.json()["group_by"], changed.json()["group_window_seconds"]) == ("thread", 30)
    assert (await api.patch(place, json={"ungroup": True})).json()["group_by"] is None


async def test_a_climb_shows_what_was_done_and_what_comes(
    api: httpx.AsyncClient, desk: Desk
) -> None:
    ladders = (await api.get("/v1/ladders")).json()["items"]
    if ladders:
        await api.patch(f"/v1/ladders/{ladders[0]['id']}", json={"steps": LADDER["steps"]})
    else:
        await api.post("/v1/ladders", json=LADDER | {"name": "default"})
    alert = await desk.raised()
    climb = (await api.get(f"/v1/alerts/{alert.id}/steps")).json()
    assert [(one["position"], one["outcome"]) for one in climb["done"]] in (
        [(0, "told")],
        [(0, "explained")],  # where the workspace has no channel
    )
    assert [one["position"] for one in climb["ahead"]] == [1]
    url = f"/v1/alerts/{alert.id}"
    taken = (await api.post(f"{url}/acknowledge", json={"minutes": None})).json()
    assert (taken["state"], taken["resume_at"]) == ("acknowledged", None)
    assert (await api.get(f"{url}/steps")).json()["ahead"] == []
    taken = (await api.post(f"{url}/acknowledge", json={"minutes": 5})).json()
    assert taken["resume_at"] is not None
    back = (await api.post(f"{url}/unacknowledge")).json()
    assert (back["state"], back["acknowledged_by"]) == ("firing", None)


@pytest.mark.parametrize("verb", ["acknowledge", "unacknowledge", "resolve"])
async def test_a_note_of_ten_thousand_characters_is_refused(
    api: httpx.AsyncClient, desk: Desk, verb: str
) -> None:
    alert = await desk.raised()
    answer = await api.post(f"/v1/alerts/{alert.id}/{verb}", json={"note": "x" * 10_000})
    assert answer.status_code == 422


async def test_minutes_have_their_measure(api: httpx.AsyncClient, desk: Desk) -> None:
    alert = await desk.raised()
    for minutes in (0, -5, 43_201, "30"):
        answer = await api.post(f"/v1/alerts/{alert.id}/acknowledge", json={"minutes": minutes})
        assert answer.status_code == 422
    assert timedelta(minutes=43_200) == timedelta(days=30)
