"""What is taken is durable, counted, taken once, and can be looked up."""

import asyncio
import json

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.uow import Database
from services.core.settings import IntakeSettings, Settings
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.client import client_of
from tests.support.deliveries import FULLEST
from tests.support.factories import RegisteredSource, batch, body_of, comment, make_source
from tests.support.webhooks import is_problem, post, rows, send


@pytest.fixture
async def source(database: Database, workspace: Workspace) -> RegisteredSource:
    return await make_source(database, workspace.id)


async def test_a_delivery_is_durable_and_the_answer_says_exactly_what_was_taken(
    anonymous: httpx.AsyncClient,
    database: Database,
    source: RegisteredSource,
    wakeups: RecordedWakeups,
) -> None:
    await send(anonymous, source, comment("a"))
    response = await send(anonymous, source, batch([comment("a"), comment("b"), comment("c")]))
    assert response.status_code == 202
    answer = response.json()
    assert answer == {"delivery_id": answer["delivery_id"], "accepted": 2, "duplicates": 1}
    assert (await rows(database))["journal"] == 3
    assert list(wakeups.woken) == ["intake", "intake"]


@pytest.mark.parametrize("event_type", sorted(FULLEST))
async def test_every_type_of_the_contract_is_taken(
    anonymous: httpx.AsyncClient, source: RegisteredSource, event_type: str
) -> None:
    document = comment("a") | {"type": event_type, "data": FULLEST[event_type]}
    response = await send(anonymous, source, document)
    assert (response.status_code, response.json()["accepted"]) == (202, 1)
    assert "unsupported" not in response.json()


async def test_an_unknown_type_is_stored_and_counted(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    response = await send(anonymous, source, comment() | {"type": "story.viewed", "data": {}})
    assert (response.status_code, response.json()["unsupported"]) == (202, 1)


async def test_an_event_without_an_id_takes_the_webhook_id(
    api: httpx.AsyncClient, source: RegisteredSource
) -> None:
    body = body_of({name: value for name, value in comment().items() if name != "id"})
    headers = source.headers(body, webhook_id="msg_77")
    response = await api.post(f"/v1/sources/{source.id}/deliveries", content=body, headers=headers)
    seen = await api.get(f"/v1/deliveries/{response.json()['delivery_id']}")
    assert [event["id"] for event in seen.json()["events"]] == ["msg_77"]


async def test_a_structured_cloud_event_is_taken(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    plain = comment("a")
    document = {
        "specversion": "1.0",
        "source": "/xhs",
        "id": "a",
        "time": plain["timestamp"],
        "type": plain["type"],
        "data": plain["data"],
    }
    media = "application/cloudevents+json; charset=UTF-8"
    response = await post(anonymous, source, body_of(document), content_type=media)
    assert (response.status_code, response.json()["accepted"]) == (202, 1)


async def test_the_same_webhook_id_is_answered_with_the_first_receipt(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    body = body_of(batch([comment("a"), comment("b")]))
    headers = source.headers(body, webhook_id="msg_1")
    path = f"/v1/sources/{source.id}/deliveries"
    first = await anonymous.post(path, content=body, headers=headers)
    before = await rows(database)
    again = await anonymous.post(path, content=body, headers=headers)
    assert again.status_code == 202
    assert again.json() == first.json() | {"accepted": 0, "duplicates": 2}
    assert await rows(database) == before


async def test_sixteen_posts_of_one_webhook_id_at_once_make_one_row(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    body = body_of(comment("a"))
    headers = source.headers(body, webhook_id="msg_1")
    path = f"/v1/sources/{source.id}/deliveries"
    answers = await asyncio.gather(
        *(anonymous.post(path, content=body, headers=headers) for _ in range(16))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["delivery_id"] for answer in answers}) == 1
    assert sum(answer.json()["accepted"] for answer in answers) == 1
    assert await rows(database) == {"deliveries": 1, "delivery_keys": 2, "journal": 1}


async def test_unstorable_text_is_taken_because_json_allows_it(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    body = json.dumps(comment("a", text="zero \0 and half \ud83d of a smile")).encode()
    response = await post(anonymous, source, body)
    assert response.status_code == 202
    async with database.system() as uow:
        kept = (await uow.execute("SELECT body FROM deliveries")).scalar_one()
    assert bytes(kept) == body


async def test_a_workspace_over_its_quota_is_told_when_to_come_back(
    database: Database, source: RegisteredSource
) -> None:
    tight = Settings(intake=IntakeSettings(events_per_minute=6, burst_events=2))
    app = create_app(tight, database=database, wakeups=RecordedWakeups())
    async with client_of(app) as client:
        assert (await send(client, source, batch([comment(), comment()]))).status_code == 202
        before = await rows(database)
        response = await send(client, source, comment())
    assert is_problem(response, 429, "over_quota")
    assert 1 <= int(response.headers["retry-after"]) <= 10
    assert await rows(database) == before


async def test_a_workspaces_own_quota_is_the_one_that_counts(
    app: FastAPI, database: Database, source: RegisteredSource
) -> None:
    async with database.unit(source.workspace_id) as uow:
        await workspaces.change_workspace(uow, {"ingest_per_minute": 1})
    async with client_of(app) as client:
        assert (await send(client, source, comment())).status_code == 202
        assert (await send(client, source, comment())).status_code == 429


async def test_without_a_database_the_sender_is_told_to_try_again(
    settings: Settings, source: RegisteredSource
) -> None:
    away = settings.model_copy(
        update={
            "database": settings.database.model_copy(
                update={"url": SecretStr("postgresql://nobody@127.0.0.1:1/nowhere")}
            )
        }
    )
    app = create_app(away, wakeups=RecordedWakeups())
    async with client_of(app) as client:
        response = await send(client, source, comment())
    assert is_problem(response, 503, "unavailable")
    assert int(response.headers["retry-after"]) >= 1
    await app.state.warmline.database.close()


async def test_a_delivery_reads_back_with_its_events(
    api: httpx.AsyncClient, source: RegisteredSource
) -> None:
    receipt = (await send(api, source, batch([comment("a"), comment("b")]))).json()
    seen = (await api.get(f"/v1/deliveries/{receipt['delivery_id']}")).json()
    assert (seen["id"], seen["state"]) == (receipt["delivery_id"], "pending")
    assert [(event["id"], event["type"], event["state"]) for event in seen["events"]] == [
        ("a", "comment.created", "pending"),
        ("b", "comment.created", "pending"),
    ]
    assert seen["events"][0].keys() >= {"occurred_at", "error"}


async def test_deliveries_are_listed_newest_first_and_filtered(
    api: httpx.AsyncClient, database: Database, workspace: Workspace, source: RegisteredSource
) -> None:
    other = await make_source(database, workspace.id)
    first = (await send(api, source, comment())).json()["delivery_id"]
    second = (await send(api, source, comment() | {"type": "story.viewed"})).json()["delivery_id"]
    third = (await send(api, other, comment())).json()["delivery_id"]

    async def listed(**query: str) -> list[str]:
        page = (await api.get("/v1/deliveries", params=query)).json()
        return [delivery["id"] for delivery in page["items"]]

    assert await listed() == [third, second, first]
    assert await listed(source_id=str(source.id)) == [second, first]
    assert await listed(state="pending") == [third, first]
    assert await listed(state="processed") == [second]
    assert await listed(state="quarantined") == []
    page = (await api.get("/v1/deliveries", params={"limit": 2})).json()
    assert await listed(cursor=page["next_cursor"]) == [first]


async def test_a_processed_delivery_waits_again_after_a_replay(
    api: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    view = comment("v") | {"type": "view.recorded", "data": FULLEST["view.recorded"]}
    receipt = (await send(api, source, batch([comment("a"), view]))).json()
    async with database.system() as uow:
        await uow.execute("UPDATE journal SET state = 'processed' WHERE external_id = 'a'")
    path = f"/v1/deliveries/{receipt['delivery_id']}"
    assert (await api.post(f"{path}/replay")).json() == {"replayed": 1}
    seen = (await api.get(path)).json()
    assert seen["state"] == "pending"
    # What still has no handler keeps its mark.
    assert [event["state"] for event in seen["events"]] == ["pending", "no_handler_yet"]
