import httpx

from services.core.exports import service as exports
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.webhooks import is_problem


async def test_a_file_is_ordered_written_and_fetched_by_its_link_alone(
    api: httpx.AsyncClient,
    anonymous: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        await make.add_message(uow, source.id, text="=烂脸")
    body = {"what": "messages", "filters": {"tier": "urgent", "source_id": str(source.id)}}
    ordered = await api.post("/v1/exports", json=body)
    assert ordered.status_code == 202, ordered.text
    place = ordered.headers["location"]
    assert (ordered.json()["state"], ordered.json()["download"]) == ("waiting", None)
    while (await exports.write_some(database)).claimed:
        pass
    done = (await api.get(place)).json()
    assert (done["state"], done["rows_done"]) == ("done", 1)
    assert (await api.get("/v1/exports")).json()["items"][0]["id"] == done["id"]
    file = await anonymous.get(done["download"])
    assert file.status_code == 200
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in file.headers["content-disposition"]
    assert file.content.startswith(b"\xef\xbb\xbfid,")
    assert "'=烂脸" in file.text
    forged = await anonymous.get(done["download"][:-4] + "AAAA")
    assert is_problem(forged, 403, "export.bad_link")
    again = await api.post(f"{place}/cancel")
    assert is_problem(again, 409, "export.over")
    trail = (await api.get("/v1/audit")).json()["items"]
    assert {"export.ordered", "export.downloaded"} <= {entry["action"] for entry in trail}


async def test_a_filter_of_something_else_is_refused_by_name(api: httpx.AsyncClient) -> None:
    body = {"what": "followers", "filters": {"tier": "urgent"}}
    answer = await api.post("/v1/exports", json=body)
    assert is_problem(answer, 422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/filters/tier"
