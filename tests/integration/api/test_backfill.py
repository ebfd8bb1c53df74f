"""A history comes in line by line: good lines are kept, bad ones told, a retry stores nothing."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.intake import service as intake
from services.core.intake.backfill import MAX_CHUNK_LINES, MAX_LINE_BYTES
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.factories import RegisteredSource, comment, make_source
from tests.support.webhooks import is_problem, nothing_is_stored, rows


@pytest.fixture
async def source(database: Database, workspace: Workspace) -> RegisteredSource:
    return await make_source(database, workspace.id)


def lines(*documents: Any) -> bytes:
    return b"\n".join(
        each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents
    )


async def backfill(
    client: httpx.AsyncClient,
    source: RegisteredSource,
    body: bytes,
    *,
    webhook_id: str | None = None,
    **headers: str,
) -> httpx.Response:
    signed = source.headers(body, webhook_id=webhook_id) | {
        "content-type": "application/x-ndjson",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return await client.post(f"/v1/sources/{source.id}/backfill", content=body, headers=signed)


async def test_good_lines_are_kept_and_bad_ones_told_by_number(
    anonymous: httpx.AsyncClient,
    database: Database,
    source: RegisteredSource,
    wakeups: RecordedWakeups,
) -> None:
    body = lines(comment("a"), b"not json", b"", comment("b") | {"data": {}}, comment("c"), b"")
    response = await backfill(anonymous, source, body)
    assert response.status_code == 202
    answer = response.json()
    assert (answer["accepted"], answer["duplicates"], answer["refused"]) == (2, 0, 2)
    assert {(problem["line"], problem["code"]) for problem in answer["errors"]} >= {
        (2, "invalid_json"),
        (4, "missing"),
    }
    assert (await rows(database))["journal"] == 2
    assert list(wakeups.woken) == ["intake"]


async def test_a_worker_reads_the_lines_again_by_their_places(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    await backfill(anonymous, source, lines(b"broken", comment("a", text="甲"), b"", comment("b")))
    claimed = await intake.claim_entries(database, limit=10, lease_seconds=30)
    assert [(entry.external_id, entry.position) for entry in claimed] == [("a", 1), ("b", 3)]
    assert [entry.event.external_id for entry in claimed if entry.event] == ["a", "b"]


async def test_many_lines_become_several_deliveries_and_a_retry_stores_nothing(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    count = 2 * MAX_CHUNK_LINES + 1
    body = lines(*(comment(f"e-{number}") for number in range(count)))
    first = (await backfill(anonymous, source, body, webhook_id="old")).json()
    before = await rows(database)
    again = (await backfill(anonymous, source, body, webhook_id="old")).json()
    assert (first["accepted"], len(first["delivery_ids"])) == (count, 3)
    assert again == first | {"accepted": 0, "duplicates": count}
    assert await rows(database) == before


async def test_a_backfill_that_broke_off_is_finished_by_its_retry(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    documents = [comment(f"e-{number}") for number in range(MAX_CHUNK_LINES + 10)]
    await backfill(anonymous, source, lines(*documents[:MAX_CHUNK_LINES]), webhook_id="old")
    answer = (await backfill(anonymous, source, lines(*documents), webhook_id="old")).json()
    assert (answer["accepted"], answer["duplicates"]) == (10, MAX_CHUNK_LINES)


async def test_a_chunk_never_takes_the_name_of_a_delivery(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    body = json.dumps(comment("a")).encode()
    headers = source.headers(body, webhook_id="old:0")
    await anonymous.post(f"/v1/sources/{source.id}/deliveries", content=body, headers=headers)
    answer = (await backfill(anonymous, source, lines(comment("b")), webhook_id="old")).json()
    assert answer["accepted"] == 1


async def test_a_line_longer_than_a_mebibyte_is_refused_alone(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    body = lines(comment("a"), b"x" * (2 * MAX_LINE_BYTES + 5), comment("b"))
    answer = (await backfill(anonymous, source, body)).json()
    assert (answer["accepted"], answer["refused"]) == (2, 1)
    assert [(each["line"], each["code"]) for each in answer["errors"]] == [(2, "line_too_long")]


async def test_problems_are_told_up_to_a_hundred_and_counted_beyond(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    answer = (await backfill(anonymous, source, b"\n".join([b"no"] * 700))).json()
    assert (answer["refused"], len(answer["errors"]), answer["delivery_ids"]) == (700, 100, [])


async def test_a_wrong_signature_stores_nothing(
    anonymous: httpx.AsyncClient, database: Database, source: RegisteredSource
) -> None:
    body = lines(comment("a"))
    for wrong in ({"webhook_id": "ok", "webhook_signature": "v1,AAAA"}, {"webhook_timestamp": "1"}):
        response = await backfill(anonymous, source, body, **wrong)
        assert is_problem(response, 401, "bad_signature")
    assert await nothing_is_stored(database)


async def test_other_media_and_empty_bodies_are_refused(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    response = await backfill(anonymous, source, b"{}", content_type="application/json")
    assert is_problem(response, 415, "unsupported_media")
    for body in (b"", b"\n\n \n"):
        assert is_problem(await backfill(anonymous, source, body), 400, "invalid_json")


async def test_more_than_64_mebibytes_are_refused_by_their_declared_length(
    anonymous: httpx.AsyncClient, source: RegisteredSource
) -> None:
    response = await backfill(
        anonymous, source, lines(comment()), content_length=str(64 * 1024 * 1024 + 1)
    )
    assert is_problem(response, 413, "too_large")


async def test_only_one_backfill_of_a_workspace_runs_at_a_time(
    anonymous: httpx.AsyncClient, app: FastAPI, source: RegisteredSource
) -> None:
    with app.state.warmline.quotas.backfill(source.workspace_id):
        response = await backfill(anonymous, source, lines(comment()))
    assert is_problem(response, 429, "over_quota")
    assert (await backfill(anonymous, source, lines(comment()))).status_code == 202


async def test_a_sender_that_hangs_up_is_answered_nothing_and_leaves_nothing(
    app: FastAPI, database: Database, source: RegisteredSource
) -> None:
    body = lines(comment("a"))
    headers = source.headers(body) | {"content-type": "application/x-ndjson"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": f"/v1/sources/{source.id}/backfill",
        "raw_path": b"",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    messages = iter(
        [{"type": "http.request", "body": body[:5], "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: object) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent == []
    assert await nothing_is_stored(database)
