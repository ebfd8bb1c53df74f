from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.queries import counted_queries

HOUR = timedelta(hours=1)
# 17:00 UTC is 01:00 of the next day in Shanghai.
NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


@pytest.fixture
def database(database: Database) -> Database:
    return Database(database.engine, FrozenClock(NOW))


async def summary(api: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    response = await api.get("/v1/summary", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def only(**counts: int) -> dict[str, int]:
    """Counts by tier with the zeros a reader may rely on."""
    return {
        "total": sum(counts.values()),
        "urgent": 0,
        "important": 0,
        "routine": 0,
        "spam": 0,
    } | counts


async def test_an_empty_workspace_has_zeros_and_no_rate(api: httpx.AsyncClient) -> None:
    found = await summary(api)
    assert found["open"] == found["due_soon"] == found["breached"] == only()
    assert found["unanswered"] == found["answered_today"] == found["alerts_firing"] == 0
    nothing = {"met": 0, "missed": 0, "rate": None}
    assert found["today"]["attainment"]["overall"] == nothing
    assert found["today"]["attainment"]["by_kind"]["resolution"] == nothing
    assert found["backlog"] == {"pending": 0, "oldest_age_seconds": None}


async def test_open_cases_are_counted_by_tier_and_state(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        await make.add_case(uow, source.id, tier="urgent", unanswered=3)
        await make.add_case(uow, source.id, tier="routine", state="answered", unanswered=0)
        await make.add_case(uow, source.id, tier="routine", state="snoozed", unanswered=1)
        await make.add_case(uow, source.id, tier="urgent", state="resolved")
        await make.add_case(uow, source.id, tier="urgent", state="void")
    found = await summary(api)
    assert found["open"] == only(urgent=1, routine=2)
    assert found["open_by_state"] == {"open": 1, "answered": 1, "snoozed": 1}
    assert found["unanswered"] == 2


async def test_promises_are_soon_within_two_hours_and_breached_once_past(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        case = (await make.add_case(uow, source.id)).id
        for episode, (tier, state, due, extra) in enumerate(
            [
                ("urgent", "running", NOW + HOUR, {}),
                ("urgent", "running", NOW + 2 * HOUR, {}),
                ("urgent", "running", NOW + 3 * HOUR, {}),
                ("routine", "paused", NOW + HOUR, {}),
                ("important", "missed", NOW - HOUR, {"missed_at": NOW - HOUR}),
                # Past its time, its timer not fired yet.
                ("important", "running", NOW, {}),
                # A paused one is not late, a late answer ends the breach.
                ("important", "paused", NOW - HOUR, {}),
                ("urgent", "missed", NOW - HOUR, {"missed_at": NOW - HOUR, "settled_at": NOW}),
                ("urgent", "void", NOW - HOUR, {"settled_at": NOW}),
            ]
        ):
            await make.add_clock(
                uow, case, episode=episode, tier=tier, state=state, due_at=due, **extra
            )
    found = await summary(api)
    assert found["due_soon"] == only(urgent=2)
    assert found["breached"] == only(important=2)


async def test_attainment_counts_the_promises_due_on_the_zones_own_day(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    evening = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        case = (await make.add_case(uow, source.id)).id
        for episode, (kind, state, due) in enumerate(
            [
                ("first_response", "met", evening),
                ("first_response", "met", evening),
                ("first_response", "missed", evening),
                ("resolution", "missed", NOW - timedelta(minutes=30)),
                ("first_response", "void", evening),
                ("next_response", "running", NOW + HOUR),
                ("first_response", "missed", evening - 24 * HOUR),
            ]
        ):
            moment = {"met": {"met_at": due}, "missed": {"missed_at": due}}.get(state, {})
            await make.add_clock(
                uow, case, kind=kind, episode=episode, state=state, due_at=due, **moment
            )
    utc = (await summary(api))["today"]
    assert utc["start"] == "2026-11-21T00:00:00Z"
    # Of the responses; closing a case is a promise of its own.
    assert utc["attainment"]["overall"] == {"met": 2, "missed": 1, "rate": pytest.approx(2 / 3)}
    assert utc["attainment"]["by_kind"]["resolution"]["missed"] == 1
    assert utc["attainment"]["by_kind"]["first_response"]["rate"] == pytest.approx(2 / 3)
    assert utc["attainment"]["by_kind"]["next_response"]["rate"] is None
    shanghai = (await summary(api, tz="Asia/Shanghai"))["today"]
    assert shanghai["start"] == "2026-11-21T16:00:00Z"
    assert shanghai["end"] == "2026-11-22T16:00:00Z"
    assert shanghai["attainment"]["by_kind"]["resolution"] == {"met": 0, "missed": 1, "rate": 0.0}


async def test_a_case_answered_twice_today_is_counted_once(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        reply: dict[str, Any] = {"kind": "reply", "direction": "out", "judged": False}
        one = (await make.add_case(uow, source.id)).id
        two = (await make.add_case(uow, source.id)).id
        await make.add_message(uow, source.id, case_id=one, **reply)
        await make.add_message(uow, source.id, case_id=one, **reply)
        await make.add_message(uow, source.id, case_id=two, deleted_at=NOW, **reply)
        await make.add_message(uow, source.id, case_id=two)
        yesterday = NOW - 24 * HOUR
        await make.add_message(uow, source.id, case_id=two, occurred_at=yesterday, **reply)
    assert (await summary(api))["answered_today"] == 1


async def test_firing_alerts_and_the_backlog_are_counted(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        case = await make.add_case(uow, source.id)
        await make.add_alert(uow, case.id)
        await make.add_alert(uow, case.id, state="acknowledged")
        await make.add_journal(uow, source.id, received_at=NOW - timedelta(seconds=90))
        await make.add_journal(uow, source.id)
        await make.add_journal(uow, source.id, state="processed", received_at=NOW - HOUR)
    found = await summary(api)
    assert found["alerts_firing"] == 1
    assert found["backlog"] == {"pending": 2, "oldest_age_seconds": 90.0}


async def test_a_zone_nobody_knows_is_refused(api: httpx.AsyncClient) -> None:
    response = await api.get("/v1/summary", params={"tz": "Mars/Olympus"})
    assert response.status_code == 422
    assert response.json()["code"] == "unknown_time_zone"
    assert "Olympus" not in response.text


async def test_the_summary_costs_a_handful_of_statements(
    api: httpx.AsyncClient, database: Database
) -> None:
    await summary(api)
    with counted_queries(database) as sent:
        await summary(api)
    assert len(sent) == 5
