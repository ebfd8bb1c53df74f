"""What was given up on can be seen with its reason, and tried again when the cause is gone."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.intake import service as intake
from services.core.kit.clock import host_now
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key
from tests.support.line import Line, comment

PATH = "/v1/quarantine"
RELEASE = f"{PATH}/release"


async def given_up(line: Line, *keys: str) -> str:
    """One delivery of comments that nobody could process; its id."""
    delivery_id = await line.deliver(*(comment(key, author=key) for key in keys))
    await line.rows(
        "UPDATE journal SET state = 'quarantined', attempts = 3, error = 'ValueError'"
        " WHERE delivery_id = :id RETURNING position",
        id=delivery_id,
    )
    return str(delivery_id)


async def states(line: Line) -> dict[str, int]:
    rows = await line.rows("SELECT state, count(*) AS n FROM journal GROUP BY state")
    return {row.state: row.n for row in rows}


async def release(api: httpx.AsyncClient, body: Any) -> Any:
    response = await api.post(RELEASE, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_entries_are_listed_newest_first_with_reason_and_pages(
    api: httpx.AsyncClient, line: Line
) -> None:
    first, second = await given_up(line, "c1", "c2"), await given_up(line, "c3")
    await line.hear(comment("c4"))
    page = (await api.get(PATH, params={"limit": 2})).json()
    rest = (await api.get(PATH, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    listed = [(one["delivery_id"], one["position"]) for one in page["items"] + rest["items"]]
    assert listed == [(second, 0), (first, 1), (first, 0)]
    assert rest["next_cursor"] is None
    entry = page["items"][0]
    assert (entry["reason"], entry["attempts"]) == ("ValueError", 3)
    assert (entry["type"], entry["source_id"]) == ("comment.created", str(line.source_id))
    assert {"external_id", "occurred_at", "received_at"} <= set(entry)


async def test_the_list_is_narrowed_by_source_and_time(api: httpx.AsyncClient, line: Line) -> None:
    delivery_id = await given_up(line, "c1")
    made = UUID(delivery_id)
    received = line.clock.at.fromtimestamp((made.int >> 80) / 1000, line.clock.at.tzinfo)
    an_hour = timedelta(hours=1)
    for query, found in (
        ({"source_id": str(line.source_id)}, 1),
        ({"source_id": str(uuid4())}, 0),
        ({"since": (received - an_hour).isoformat()}, 1),
        ({"since": (received + an_hour).isoformat()}, 0),
        ({"until": (received + an_hour).isoformat()}, 1),
        ({"until": (received - an_hour).isoformat()}, 0),
    ):
        assert len((await api.get(PATH, params=query)).json()["items"]) == found, query


async def test_a_named_delivery_is_tried_again_and_each_is_told_what_came_of_it(
    api: httpx.AsyncClient, line: Line, wakeups: RecordedWakeups
) -> None:
    broken, unknown = await given_up(line, "c1", "c2"), str(uuid4())
    fine = str(await line.deliver(comment("c3")))
    await line.process()
    told = await release(api, {"delivery_ids": [broken, fine, unknown, broken]})
    assert told == {
        "released": 2,
        "more": False,
        "items": [
            {"delivery_id": broken, "outcome": "released", "events": 2},
            {"delivery_id": fine, "outcome": "nothing_quarantined", "events": 0},
            {"delivery_id": unknown, "outcome": "not_found", "events": 0},
        ],
    }
    assert list(wakeups.woken) == [intake.QUEUE]
    # The API has the database's time, the line its own.
    line.clock.at = host_now() + timedelta(hours=1)
    await line.process()
    assert await states(line) == {"processed": 3}
    again = await release(api, {"delivery_ids": [broken]})
    assert again["items"][0]["outcome"] == "nothing_quarantined"


async def test_a_released_event_starts_with_a_fresh_count(
    api: httpx.AsyncClient, line: Line
) -> None:
    delivery_id = await given_up(line, "c1")
    before = await line.row("SELECT token FROM journal")
    await release(api, {"delivery_ids": [delivery_id]})
    entry = await line.row("SELECT attempts, error, token, next_at FROM journal")
    assert (entry.attempts, entry.error, entry.token) == (0, None, before.token)


async def test_a_range_is_released_and_only_the_range(api: httpx.AsyncClient, line: Line) -> None:
    first, second = await given_up(line, "c1"), await given_up(line, "c2")
    await line.rows(
        "UPDATE journal SET source_id = :id WHERE delivery_id = :other RETURNING 1",
        id=uuid4(),
        other=UUID(second),
    )
    told = await release(api, {"source_id": str(line.source_id)})
    assert [one["delivery_id"] for one in told["items"]] == [first]
    assert await states(line) == {"pending": 1, "quarantined": 1}
    told = await release(api, {"since": "2026-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"})
    assert [one["delivery_id"] for one in told["items"]] == [second]


async def test_a_call_releases_500_deliveries_the_oldest_first_and_says_that_there_are_more(
    api: httpx.AsyncClient, line: Line
) -> None:
    await line.rows(
        "INSERT INTO journal (workspace_id, delivery_id, position, source_id, external_id, type,"
        " occurred_at, received_at, clamped, historical, state, next_at)"
        " SELECT :id, lpad(to_hex(n), 32, '0')::uuid, 0, :source, n::text, 'comment.created',"
        " now(), now(), false, false, 'quarantined', now() FROM generate_series(1, 501) AS n"
        " RETURNING position",
        id=line.workspace_id,
        source=line.source_id,
    )
    told = await release(api, {"source_id": str(line.source_id)})
    assert (told["released"], told["more"], len(told["items"])) == (500, True, 500)
    left = await line.row("SELECT external_id FROM journal WHERE state = 'quarantined'")
    assert left.external_id == "501"
    told = await release(api, {"source_id": str(line.source_id)})
    assert (told["released"], told["more"]) == (1, False)


async def test_releasing_is_written_into_the_trail(api: httpx.AsyncClient, line: Line) -> None:
    delivery_id = await given_up(line, "c1", "c2")
    await release(api, {"delivery_ids": [delivery_id]})
    trail = (await api.get("/v1/audit")).json()["items"]
    (entry,) = [one for one in trail if one["action"] == "quarantine.released"]
    assert (entry["subject_id"], entry["detail"]) == (delivery_id, {"events": 2})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"delivery_ids": []}, 422),
        ({"delivery_ids": [str(uuid4())] * 501}, 422),
        ({"delivery_ids": [str(uuid4())], "since": "2026-01-01T00:00:00Z"}, 422),
        ({"since": "yesterday"}, 422),
        ({"everything": True}, 422),
        ({"delivery_ids": [str(uuid4())]}, 404),
        ({"source_id": str(uuid4())}, 404),
    ],
)
async def test_a_release_that_names_nothing_is_refused(
    api: httpx.AsyncClient, line: Line, body: Any, status: int
) -> None:
    assert (await api.post(RELEASE, json=body)).status_code == status


async def test_reading_is_for_readers_and_releasing_for_managers(
    app: Any, line: Line, workspace: Workspace
) -> None:
    delivery_id = await given_up(line, "c1")
    for scope, may_read, may_release in ((Scope.READ, 200, 403), (Scope.MANAGE, 403, 200)):
        key = await make_key(line.database, workspace.id, scope)
        async with client_of(app, key) as client:
            assert (await client.get(PATH)).status_code == may_read
            body = {"delivery_ids": [delivery_id]}
            assert (await client.post(RELEASE, json=body)).status_code == may_release
