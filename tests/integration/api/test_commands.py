"""Lines of a chat, forwarded: done, or answered in words that say why not."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.alerts.types import Alert
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Scope, Workspace
from tests.support.client import client_of, make_key
from tests.support.quiet import QuietDesk


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> QuietDesk:
    return QuietDesk(database, workspace)


@pytest.fixture
async def lin(database: Database, workspace: Workspace) -> UUID:
    async with database.unit(workspace.id) as uow:
        return (await workspaces.create_member(uow, MemberDraft("lin", "林夏"))).id


async def say(api: httpx.AsyncClient, text: str, **more: Any) -> dict[str, Any]:
    response = await api.post("/v1/commands", json={"text": text, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    assert found["sentence"]["zh"]
    assert found["sentence"]["en"]
    return found


async def of(desk: QuietDesk, alert: Alert) -> Any:
    async with desk.database.read(desk.workspace_id) as uow:
        sql = "SELECT * FROM alerts WHERE id = :id"
        return (await uow.execute(sql, {"id": alert.id})).one()


async def test_an_alert_is_acknowledged_by_the_end_of_its_id(
    api: httpx.AsyncClient, desk: QuietDesk, lin: UUID
) -> None:
    alert, other = await desk.alert(), await desk.alert()
    short = alert.id.hex[-8:]
    done = await say(api, f"ack {short} 45m 正在处理", member_id=str(lin))
    assert (done["code"], done["verb"], done["alert_id"]) == ("done", "acknowledge", str(alert.id))
    assert "45" in done["sentence"]["zh"]
    row = await of(desk, alert)
    assert (row.state, row.acknowledged_by, row.note) == (
        "acknowledged",
        "林夏 (by chat)",
        "正在处理",
    )
    assert (await of(desk, other)).state == "firing"


async def test_the_only_open_alert_needs_no_name(api: httpx.AsyncClient, desk: QuietDesk) -> None:
    assert (await say(api, "收到"))["code"] == "none_open"
    alert = await desk.alert()
    assert (await say(api, "收到"))["code"] == "done"
    assert (await say(api, "解决"))["code"] == "done"
    assert (await of(desk, alert)).state == "resolved"
    assert (await say(api, "解决"))["code"] == "none_open"


async def test_who_is_meant_is_asked_where_it_is_not_clear(
    api: httpx.AsyncClient, desk: QuietDesk
) -> None:
    same = "0193aaaa-0000-7000-8000-00000000"
    for end in ("ab12", "cd12"):
        await desk.alert(id=UUID(f"{same}{end}"))
    assert (await say(api, "ack"))["code"] == "many_open"
    assert (await say(api, "ack 0193aaaa"))["code"] == "ambiguous"
    assert (await say(api, "ack ffff"))["code"] == "not_found"
    assert (await say(api, "ack ab12"))["alert_id"] == f"{same}ab12"


async def test_a_case_is_given_to_a_member(
    api: httpx.AsyncClient, desk: QuietDesk, lin: UUID
) -> None:
    await desk.alert()
    assert (await say(api, "assign"))["code"] == "no_handle"
    assert (await say(api, "assign @nobody"))["code"] == "unknown_member"
    done = await say(api, "转给 @lin")
    assert (done["code"], "林夏" in done["sentence"]["zh"]) == ("done", True)
    async with desk.database.read(desk.workspace_id) as uow:
        assert (await uow.execute("SELECT assignee_id FROM cases")).scalar_one() == lin
    await desk.set_state("resolved", [await desk.get(await desk.alert())])


async def test_an_alert_without_a_case_is_given_to_nobody(
    api: httpx.AsyncClient, desk: QuietDesk, lin: UUID
) -> None:
    del lin
    await desk.message_alert()
    assert (await say(api, "assign @lin"))["code"] == "no_case"


async def test_a_group_is_silenced_for_a_while(api: httpx.AsyncClient, desk: QuietDesk) -> None:
    alert = await desk.alert(tier="urgent")
    assert (await say(api, "silence 25h"))["code"] == "too_long"
    assert (await say(api, "silence 2h live stream"))["code"] == "done"
    assert (await say(api, f"静音 {'x' * 900}"))["code"] == "refused"
    (silence,) = (await api.get("/v1/silences")).json()["items"]
    assert silence["conditions"]["group"] == alert.group_key
    assert (silence["reason"], silence["also_urgent"]) == ("live stream", True)


async def test_help_and_who_are_answered(api: httpx.AsyncClient) -> None:
    assert "ack" in (await say(api, "help"))["sentence"]["en"]
    assert (await say(api, "谁值班"))["code"] == "done"
    assert (await say(api, "good morning"))["code"] == "unknown_verb"


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": "x" * 1_001}, {"text": 5}, {"text": "help", "as": "lin"}],
)
async def test_what_is_no_line_is_refused(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await api.post("/v1/commands", json=body)).status_code == 422


async def test_who_may_only_read_says_nothing(
    app: Any, database: Database, workspace: Workspace
) -> None:
    async with client_of(app, await make_key(database, workspace.id, Scope.READ)) as reader:
        assert (await reader.post("/v1/commands", json={"text": "help"})).status_code == 403
