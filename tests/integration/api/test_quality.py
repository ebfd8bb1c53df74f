"""Quality, samples and models over HTTP."""

from datetime import timedelta

import httpx

from services.core.learning import service as learning
from tests.support.line import THANKS, Line, comment


async def test_before_anything_was_said_there_is_nothing_to_check(api: httpx.AsyncClient) -> None:
    sample = (await api.get("/v1/triage/samples/current")).json()
    assert sample == {"week": None, "population": 0, "checked": 0, "items": []}
    quality = (await api.get("/v1/triage/quality", params={"days": 7})).json()
    assert (quality["reviewed"], quality["agreement"]) == (0, None)
    assert quality["missed_urgent"]["rate"] is None
    assert (await api.get("/v1/triage/models")).json()["items"] == []
    refused = await api.post("/v1/triage/models/rollback")
    assert (refused.status_code, refused.json()["code"]) == (409, "triage.model_state")


async def test_a_sample_is_blind_and_what_is_found_counts(
    api: httpx.AsyncClient, line: Line
) -> None:
    await line.hear(comment("c1", THANKS))
    line.clock.advance(timedelta(days=7))
    await learning.draw_samples(line.database)
    sample = (await api.get("/v1/triage/samples/current")).json()
    (item,) = sample["items"]
    assert set(item) == {
        "id",
        "message_id",
        "kind",
        "text",
        "occurred_at",
        "checked_at",
        "tier",
    }
    assert item["tier"] is None
    checked = await api.post(f"/v1/triage/samples/{item['id']}", json={"tier": "urgent"})
    assert checked.status_code == 200, checked.text
    assert checked.json()["items"][0]["tier"] == "urgent"
    rate = (await api.get("/v1/triage/quality")).json()["missed_urgent"]
    assert (rate["hits"], rate["checked"], rate["rate"]) == (1, 1, 1.0)
    judged = (await api.get(f"/v1/messages/{item['message_id']}/judgement")).json()
    assert judged["judgements"][0]["decided_by"] == "member"


async def test_a_shadow_is_shown_promoted_and_called_back(
    api: httpx.AsyncClient, line: Line
) -> None:
    await learning.retrain(line.database, line.workspace_id, line.classifier)
    (model,) = (await api.get("/v1/triage/models")).json()["items"]
    assert (model["state"], model["comparison"]["judged"]) == ("shadow", 0)
    promoted = (await api.post(f"/v1/triage/models/{model['id']}/promote")).json()
    assert promoted["state"] == "active"
    twice = await api.post(f"/v1/triage/models/{model['id']}/promote")
    assert (twice.status_code, twice.json()["code"]) == (409, "triage.model_state")
    assert (await api.post("/v1/triage/models/rollback")).json() == {"active": None}
