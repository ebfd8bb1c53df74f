"""Attainment, the promises behind it, what is at risk, and the objective, over HTTP."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.queries import captured_queries

HOUR = timedelta(hours=1)
# 17:00 UTC is 01:00 of the next day in Shanghai.
NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


@pytest.fixture
def database(database: Database) -> Database:
    return Database(database.engine, FrozenClock(NOW))


class Past:
    """Makes promises of one workspace, each in a case of its own unless told otherwise."""

    def __init__(self, database: Database, workspace_id: UUID) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._made = 0

    async def promise(
        self,
        *,
        due: datetime,
        took: timedelta | None = None,
        member: str | None = None,
        channel: str = "comment",
        **clock: Any,
    ) -> Any:
        """Started four hours before it is due; answered after `took`, or not at all."""
        self._made += 1
        started = clock.setdefault("started_at", due - 4 * HOUR)
        if took is not None:
            settled = started + took
            clock["settled_at"] = settled
            clock.setdefault("state", "met" if settled <= due else "missed")
        async with self._database.unit(self._workspace_id) as uow:
            source = await make.add_source(uow)
            case = await make.add_case(uow, source.id, channel=channel, reopened=0)
            if took is not None:
                said = await make.add_message(
                    uow,
                    source.id,
                    case_id=case.id,
                    kind="reply",
                    direction="out",
                    judged=False,
                    member_handle=member,
                    occurred_at=settled,
                )
                clock["settling_message_id"] = said.id
            clock["thread_id"] = case.thread_id
            made = await make.add_clock(uow, case.id, episode=self._made, due_at=due, **clock)
        made.source_id, made.thread = source.id, case.thread_id
        return made


@pytest.fixture
def past(database: Database, workspace: Workspace) -> Past:
    return Past(database, workspace.id)


async def read(api: httpx.AsyncClient, what: str = "/attainment", **query: Any) -> dict[str, Any]:
    query = {name.rstrip("_"): value for name, value in query.items()}
    response = await api.get(f"/v1/objectives{what}", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def share(met: int, missed: int, still: int = 0) -> dict[str, Any]:
    decided = met + missed
    return {
        "met": met, "missed": missed, "open": still, "rate": met / decided if decided else None
    }  # fmt: skip


async def test_nothing_due_is_no_rate_and_no_time(api: httpx.AsyncClient) -> None:
    found = await read(api)
    assert found["items"] == []
    assert found["total"]["clock"] == share(0, 0)
    assert found["total"]["wall"] == {"count": 0, "mean": None, "median": None, "p90": None}


async def test_open_withdrawn_and_platform_windows_are_in_no_rate(
    api: httpx.AsyncClient, past: Past
) -> None:
    due = NOW - HOUR
    await past.promise(due=due, took=HOUR)
    await past.promise(due=due, took=5 * HOUR)
    await past.promise(due=due, state="void", settled_at=due)
    await past.promise(due=due, state="missed", missed_at=due, kind="reply_window")
    # Its timer has not spoken yet; it is broken all the same.
    await past.promise(due=due, state="running")
    await past.promise(due=due, state="paused")
    await past.promise(due=due, took=HOUR, kind="resolution")
    found = await read(api)
    assert found["total"]["clock"] == share(1, 2, 1)
    assert found["resolution"]["clock"] == share(1, 0)
    assert [item["key"] for item in found["items"]] == ["2026-11-21"]
    kinds = await read(api, by="kind")
    assert {item["key"]: item["clock"]["met"] for item in kinds["items"]} == {
        "first_response": 1,
        "resolution": 1,
    }


async def test_the_target_and_the_public_promise_are_told_apart(
    api: httpx.AsyncClient, past: Past
) -> None:
    due = NOW - HOUR
    both: dict[str, Any] = {"target_due_at": due, "promise_due_at": due + 2 * HOUR}
    await past.promise(due=due, took=5 * HOUR, **both)
    await past.promise(due=due, state="missed", missed_at=due, **both)
    # Nothing was promised for it in public.
    await past.promise(due=due, took=HOUR, target_due_at=due)
    total = (await read(api))["total"]
    assert total["clock"] == total["target"] == share(1, 2)
    assert total["promise"] == share(1, 0, 1)


async def test_a_promise_belongs_to_the_day_it_was_due_in_the_zone(
    api: httpx.AsyncClient, past: Past
) -> None:
    await past.promise(due=datetime(2026, 11, 20, 15, 59, tzinfo=UTC), took=HOUR)
    await past.promise(due=datetime(2026, 11, 20, 16, 0, tzinfo=UTC), took=HOUR)
    query = {"from": "2026-11-20", "to": "2026-11-21"}
    utc = await read(api, **query)
    assert [(item["key"], item["clock"]["met"]) for item in utc["items"]] == [("2026-11-20", 2)]
    shanghai = await read(api, **query, tz="Asia/Shanghai")
    assert [(item["key"], item["clock"]["met"]) for item in shanghai["items"]] == [
        ("2026-11-20", 1)
    ]
    assert shanghai["from"] == "2026-11-19T16:00:00Z"


async def test_the_summary_of_a_day_gives_the_same_numbers(
    api: httpx.AsyncClient, past: Past
) -> None:
    due = NOW - HOUR
    await past.promise(due=due, took=HOUR)
    await past.promise(due=due, took=5 * HOUR)
    await past.promise(due=NOW + HOUR, took=HOUR, kind="next_response")
    await past.promise(due=due, state="running")
    await past.promise(due=due, state="void", settled_at=due)
    await past.promise(due=due, took=HOUR, kind="resolution")
    await past.promise(due=due, state="missed", missed_at=due, kind="reply_window")
    today = (await api.get("/v1/summary")).json()["today"]
    asked = {"from": today["start"], "to": today["end"]}
    found = await read(api, by="kind", **asked)
    overall = {name: found["total"]["clock"][name] for name in ("met", "missed", "rate")}
    assert overall == today["attainment"]["overall"]
    by_kind = {
        item["key"]: {name: item["clock"][name] for name in ("met", "missed", "rate")}
        for item in found["items"]
    }
    assert by_kind == today["attainment"]["by_kind"]


async def test_times_are_ones_that_happened_and_pauses_are_not_counted(
    api: httpx.AsyncClient, past: Past
) -> None:
    due = NOW - HOUR
    for hours in (1, 2, 4, 9, 30):
        await past.promise(due=due, took=hours * HOUR, paused_seconds=600)
    # In a calendar: from before its working time was kept, and since.
    await past.promise(due=due, took=3 * HOUR, calendar_version=1, paused_seconds=600)
    await past.promise(due=due, took=3 * HOUR, calendar_version=1, counted_seconds=1800)
    total = (await read(api))["total"]
    assert total["wall"] == {
        "count": 7, "mean": pytest.approx(52 * 3600 / 7, abs=0.001), "median": 3 * 3600,
        "p90": 30 * 3600,
    }  # fmt: skip
    assert total["counted"]["count"] == 6
    assert total["counted"]["median"] == 2 * 3600 - 600
    assert total["histogram"] == {
        "up_to_1h": 1, "up_to_4h": 4, "up_to_8h": 0, "up_to_24h": 1, "over_24h": 1
    }  # fmt: skip


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("tier", ["important", "urgent"]),
        ("member", ["lin", "unknown"]),
        ("channel", ["comment", "dm"]),
        ("kind", ["first_response", "next_response"]),
    ],
)
async def test_a_split_adds_up_and_every_cell_opens_to_its_promises(
    api: httpx.AsyncClient, past: Past, by: str, keys: list[str]
) -> None:
    due = NOW - HOUR
    await past.promise(due=due, took=HOUR, member="lin", tier="important")
    await past.promise(due=due, took=5 * HOUR, channel="dm", kind="next_response")
    await past.promise(due=due, state="missed", missed_at=due, channel="dm")
    found = await read(api, by=by)
    assert [item["key"] for item in found["items"]] == keys
    for item in found["items"]:
        for verdict in ("met", "missed", "open"):
            page = await read(
                api, "/attainment/rows", by=by, key=item["key"], verdict=verdict, limit=1
            )
            seen = page["items"]
            while page["next_cursor"]:
                query = {"by": by, "key": item["key"], "verdict": verdict, "limit": 1}
                page = await read(api, "/attainment/rows", **query, cursor=page["next_cursor"])
                seen += page["items"]
            assert len({each["id"] for each in seen}) == item["clock"][verdict]
            assert {each["verdict"] for each in seen} <= {verdict}


async def test_a_source_is_a_key_of_its_own(api: httpx.AsyncClient, past: Past) -> None:
    made = await past.promise(due=NOW - HOUR, took=HOUR)
    await past.promise(due=NOW - HOUR, took=HOUR)
    found = await read(api, by="source")
    assert str(made.source_id) in [item["key"] for item in found["items"]]
    rows = await read(api, "/attainment/rows", by="source", key=str(made.source_id))
    assert [(row["id"], row["took_seconds"]) for row in rows["items"]] == [(str(made.id), 3600)]


async def test_a_csv_says_the_same_and_runs_nothing(api: httpx.AsyncClient, past: Past) -> None:
    await past.promise(due=NOW - HOUR, took=HOUR, member="=1+1")
    response = await api.get("/v1/objectives/attainment", params={"by": "member", "format": "csv"})
    assert response.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [(line["by"], line["key"], line["met"], line["rate"]) for line in lines] == [
        ("member", "'=1+1", "1", "1.0"),
        ("total", "", "1", "1.0"),
        ("resolution", "", "0", ""),
    ]
    assert lines[0]["wall_median_seconds"] == "3600.0"


async def test_bands_say_what_followers_did_after_quick_and_slow_answers(
    api: httpx.AsyncClient, past: Past, database: Database, workspace: Workspace
) -> None:
    quick = await past.promise(due=NOW - 30 * HOUR, took=HOUR)
    slow = await past.promise(due=NOW - 30 * HOUR, took=13 * HOUR)
    async with database.unit(workspace.id) as uow:
        for made, mood in ((quick, "positive"), (slow, "negative")):
            await make.add_message(
                uow, made.source_id, thread_id=made.thread, sentiment=mood,
                occurred_at=made.settled_at + HOUR,
            )  # fmt: skip
        await make.add_clock(
            uow, slow.case_id, kind="next_response", started_at=slow.settled_at + HOUR
        )
        await uow.execute("UPDATE cases SET reopened = 1 WHERE id = :id", {"id": slow.case_id})
    bands = {band.pop("name"): band for band in (await read(api, "/attainment/bands"))["bands"]}
    nobody = {"positive": 0, "neutral": 0, "negative": 0}
    assert bands == {
        "under_4h": {
            "cases": 1, "followed_up": 0, "reopened": 0, "next_sentiment": nobody | {"positive": 1}
        },
        "between": {"cases": 0, "followed_up": 0, "reopened": 0, "next_sentiment": nobody},
        "over_12h": {
            "cases": 1, "followed_up": 1, "reopened": 1, "next_sentiment": nobody | {"negative": 1}
        },
    }  # fmt: skip


async def test_what_will_be_missed_is_listed_in_the_order_to_work(
    api: httpx.AsyncClient, past: Past
) -> None:
    soon = NOW + HOUR
    comment = await past.promise(due=soon)
    dm = await past.promise(due=soon, channel="dm")
    first = await past.promise(due=soon - HOUR / 2)
    snoozed = await past.promise(
        due=soon + HOUR / 2, state="paused", paused_until=soon, pause_reason="snooze"
    )
    await past.promise(due=soon, state="paused", pause_reason="waiting")
    await past.promise(due=NOW + 3 * HOUR)
    await past.promise(due=NOW - HOUR)
    await past.promise(due=soon, took=timedelta(minutes=5))
    await past.promise(due=soon, kind="reply_window")
    expected = [str(each.id) for each in (first, dm, comment, snoozed)]
    page = await read(api, "/at-risk", limit=1)
    seen = page["items"]
    while page["next_cursor"]:
        page = await read(api, "/at-risk", limit=1, cursor=page["next_cursor"])
        seen += page["items"]
    assert [each["id"] for each in seen] == expected
    assert [each["seconds_left"] for each in seen] == [1800, 3600, 3600, 5400]
    assert len((await read(api, "/at-risk", within_minutes=240))["items"]) == 5


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2026-11-21", "to": "2026-11-21"}, "bad_range"),
        ({"from": "2025-01-01", "to": "2026-11-21"}, "bad_range"),
        ({"tz": "Mars/Olympus"}, "unknown_time_zone"),
        ({"tz": "../../etc/passwd"}, "unknown_time_zone"),
        ({"from": "yesterday"}, "invalid_request"),
        ({"from": "2026-13-01"}, "invalid_request"),
        ({"from": "1999-12-31"}, "invalid_request"),
        ({"by": "mood"}, "invalid_request"),
    ],
)
async def test_a_range_or_split_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, query: dict[str, str], code: str
) -> None:
    response = await api.get("/v1/objectives/attainment", params=query)
    assert (response.status_code, response.json()["code"]) == (422, code)


async def test_a_key_without_its_split_is_refused(api: httpx.AsyncClient) -> None:
    response = await api.get("/v1/objectives/attainment/rows", params={"key": "urgent"})
    assert (response.status_code, response.json()["code"]) == (422, "bad_key")


async def test_the_default_objective_is_shown_until_one_is_saved(api: httpx.AsyncClient) -> None:
    before = await read(api, "")
    assert (before["percent"], before["window_days"], before["saved"]) == (90.0, 28, False)
    body = {"percent": 95.5, "window_days": 14, "tiers": ["urgent"], "channels": ["dm"]}
    saved = await api.put("/v1/objectives", json=body)
    assert saved.status_code == 200, saved.text
    after = await read(api, "")
    assert after["saved"]
    assert {name: after[name] for name in body} == body


@pytest.mark.parametrize(
    "body",
    [{"percent": 100}, {"percent": 90.55}, {"window_days": 0}, {"kinds": ["reply_window"]}],
)
async def test_an_objective_that_leaves_no_room_is_refused(
    api: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await api.put("/v1/objectives", json=body)).status_code == 422
    assert not (await read(api, ""))["saved"]


async def test_the_budget_counts_what_was_missed_in_the_window_and_scope(
    api: httpx.AsyncClient, past: Past
) -> None:
    for number in range(20):
        await past.promise(due=NOW - number * 24 * HOUR - HOUR, took=HOUR)
    late = await past.promise(due=NOW - HOUR, took=5 * HOUR)
    await past.promise(due=NOW - 5 * 24 * HOUR, took=5 * HOUR, channel="dm")
    await past.promise(due=NOW - 29 * 24 * HOUR, took=5 * HOUR)
    budget = (await read(api, ""))["budget"]
    assert (budget["met"], budget["missed"]) == (20, 2)
    assert (budget["allowed"], budget["used"], budget["left"]) == (2, 2, 0)
    assert budget["share_left"] == pytest.approx(1 - 2 / 2.2)
    await api.put("/v1/objectives", json={"channels": ["comment"]})
    assert (await read(api, ""))["budget"]["missed"] == 1
    own = {"source_ids": [str(late.source_id)]}
    saved = await api.put("/v1/objectives", json=own)
    assert saved.json()["source_ids"] == own["source_ids"]
    budget = (await read(api, ""))["budget"]
    assert (budget["met"], budget["missed"]) == (0, 1)
    refused = await api.put("/v1/objectives", json={"source_ids": [str(late.id)]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/source_ids/0"


async def statements_of(api: httpx.AsyncClient, database: Database, what: str) -> int:
    """Those of the report: whose key it is, is looked up once a second."""
    with captured_queries(database) as sent:
        await read(api, what)
    return sum("clocks" in each or "objectives" in each or "burns" in each for each, _ in sent)


async def test_a_report_costs_the_same_statements_however_much_there_is(
    api: httpx.AsyncClient, past: Past, database: Database
) -> None:
    await past.promise(due=NOW - HOUR, took=HOUR, member="lin")
    await read(api, by="member")
    for what in ("/attainment", "/attainment/rows", "/attainment/bands", "/at-risk", ""):
        few = await statements_of(api, database, what)
        await past.promise(due=NOW - 30 * HOUR, took=HOUR, member=f"member{what}")
        await past.promise(due=NOW + HOUR, member=f"member{what}")
        many = await statements_of(api, database, what)
        assert few == many <= 3
