"""Bursts over HTTP: seen as one, read with their cases, answered by an explicit list."""

from typing import Any

import httpx
import pytest

from services.core.bursts import service as bursts
from services.core.bursts.types import BurstLimits
from services.core.stream import service as stream
from tests.support.client import codes
from tests.support.line import Line, comment

QUESTION = "这个精华多少钱"


@pytest.fixture
async def burst(api: httpx.AsyncClient, line: Line) -> dict[str, Any]:
    await line.hear(*(comment(f"c{n}", QUESTION, author=f"u{n}", minutes=n) for n in range(3)))
    await stream.publish(line.database)
    await bursts.gather(line.database, BurstLimits())
    (found,) = (await api.get("/v1/bursts")).json()["items"]
    told: dict[str, Any] = (await api.get(f"/v1/bursts/{found['id']}")).json()
    assert {name: told[name] for name in found} == found
    return told


async def test_a_burst_shows_everybody_who_waits(burst: dict[str, Any]) -> None:
    assert (burst["size"], burst["waiting"], burst["text"]) == (3, 3, QUESTION)
    assert [case["handle"] for case in burst["cases"]] == ["u0", "u1", "u2"]
    assert burst["next_due_at"] == burst["cases"][0]["next_due_at"]


async def test_one_answer_is_recorded_for_the_cases_on_the_list(
    api: httpx.AsyncClient, burst: dict[str, Any]
) -> None:
    listed = [case["case_id"] for case in burst["cases"][:2]]
    body = {"case_ids": listed, "text": "129 元"}
    response = await api.post(f"/v1/bursts/{burst['id']}/answer", json=body)
    assert response.status_code == 201, response.text
    assert response.json()["answered"] == listed
    assert response.json()["burst"]["waiting"] == 1
    case = (await api.get(f"/v1/cases/{listed[1]}")).json()
    assert case["state"] == "resolved"
    again = await api.post(f"/v1/bursts/{burst['id']}/answer", json=body)
    assert (again.json()["answered"], again.json()["untouched"]) == ([], listed)


async def test_an_answer_without_a_list_or_beyond_the_burst_is_refused(
    api: httpx.AsyncClient, burst: dict[str, Any]
) -> None:
    address = f"/v1/bursts/{burst['id']}/answer"
    empty = await api.post(address, json={"case_ids": [], "text": "129 元"})
    assert empty.status_code == 422
    foreign = await api.post(address, json={"case_ids": [burst["id"]], "text": "129 元"})
    assert (foreign.status_code, codes(foreign)) == (422, ["not_in_burst"])


async def test_pages_of_bursts_hold_each_once(
    api: httpx.AsyncClient, line: Line, burst: dict[str, Any]
) -> None:
    await line.hear(
        *(comment(f"d{n}", QUESTION, author=f"u{n}", post="p2", minutes=9) for n in range(2))
    )
    await stream.publish(line.database)
    await bursts.gather(line.database, BurstLimits())
    first = (await api.get("/v1/bursts", params={"limit": 1})).json()
    query = {"limit": 1, "cursor": first["next_cursor"]}
    second = (await api.get("/v1/bursts", params=query)).json()
    assert second["items"] == [
        {name: burst[name] for name in second["items"][0]},
    ]
    assert second["next_cursor"] is None
