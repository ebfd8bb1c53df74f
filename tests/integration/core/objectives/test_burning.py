"""Misses that come too fast alarm once an episode, and are told to be over when they are."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.core.alerts import service as alerts
from services.core.alerts.types import Alert, AlertFilter, AlertKind, AlertState, Severity
from services.core.objectives import service as objectives
from services.core.objectives.types import Objective, Pace
from tests.support import rows as make
from tests.support.alerts import HOUR, Desk

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def watched(desk: Desk) -> Desk:
    async with desk.database.unit(desk.workspace_id) as uow:
        await objectives.save_objective(uow, Objective(Decimal(90)))
    return desk


async def decide(desk: Desk, *, met: int = 0, missed: int = 0, ago: timedelta = MINUTE) -> None:
    """So many promises that were due a moment ago."""
    async with desk.database.unit(desk.workspace_id) as uow:
        source = await make.add_source(uow)
        case = await make.add_case(uow, source.id)
        due = uow.now - ago
        found = await uow.execute("SELECT count(*) FROM clocks")
        first = found.scalar_one()
        for number in range(met + missed):
            shape: dict[str, Any] = {"state": "met", "settled_at": due, "met_at": due}
            if number >= met:
                shape = {"state": "missed", "missed_at": due}
            await make.add_clock(uow, case.id, episode=first + number, due_at=due, **shape)


async def raised(desk: Desk) -> list[Alert]:
    async with desk.database.read(desk.workspace_id) as uow:
        found = await alerts.list_alerts(uow, AlertFilter())
    return [alert for alert in found if alert.kind is AlertKind.BUDGET_BURN]


async def states(desk: Desk) -> list[tuple[str, str]]:
    return sorted((str((one.detail or {})["pace"]), one.state) for one in await raised(desk))


async def test_a_burn_alarms_once_with_its_figures(watched: Desk) -> None:
    await watched.webhook()
    await decide(watched, met=1, missed=4)
    assert await objectives.watch(watched.database) == 2
    assert await objectives.watch(watched.database) == 0
    found = {str((alert.detail or {})["pace"]): alert for alert in await raised(watched)}
    assert set(found) == {"fast", "slow"}
    assert found["fast"].severity is Severity.BREACH
    assert found["slow"].severity is Severity.WARNING
    assert found["fast"].detail == {
        "pace": "fast", "hours": 6, "missed": 4, "decided": 5, "times": 8.0
    }  # fmt: skip
    row = await watched.deliveries(found["fast"])
    assert [one.purpose for one in row] == ["firing"]


async def test_the_sentence_says_how_many_and_how_fast(watched: Desk) -> None:
    await watched.webhook()
    await decide(watched, met=1, missed=4)
    await objectives.watch(watched.database)
    async with watched.database.read(watched.workspace_id) as uow:
        found = await uow.execute("SELECT message->'sentence' AS said FROM outbox ORDER BY tier")
        said = [row.said for row in found]
    assert any("4 of 5 answers" in each["en"] and "8 times" in each["en"] for each in said)
    assert any("4/5" in each["zh"] and "8 倍" in each["zh"] for each in said)


async def test_what_stopped_alarms_nobody_though_the_long_window_still_burns(
    watched: Desk,
) -> None:
    await decide(watched, missed=5, ago=5 * HOUR)
    await decide(watched, met=5)
    await objectives.watch(watched.database)
    assert "fast" not in [pace for pace, _ in await states(watched)]


async def test_two_misses_of_a_quiet_night_are_no_burn(watched: Desk) -> None:
    await decide(watched, missed=2)
    assert await objectives.watch(watched.database) == 0


async def test_a_burn_that_ends_resolves_its_alert_and_comes_back_after_a_while(
    watched: Desk,
) -> None:
    await decide(watched, missed=4)
    await objectives.watch(watched.database)
    watched.clock.advance(HOUR)
    await objectives.watch(watched.database)
    assert ("fast", AlertState.RESOLVED) in await states(watched)
    # Too soon after the end: it would be the same alarm again.
    await decide(watched, missed=40)
    assert await objectives.watch(watched.database) == 0
    watched.clock.advance(HOUR)
    await decide(watched, missed=40)
    assert await objectives.watch(watched.database) == 1
    assert [pace for pace, state in await states(watched) if state == "firing"] == ["fast", "slow"]
    async with watched.database.read(watched.workspace_id) as uow:
        standing = await objectives.get_standing(uow)
    assert [burn.ended_at is None for burn in standing.burns if burn.pace is Pace.FAST] == [
        True,
        False,
    ]


async def test_a_workspace_that_saved_no_objective_is_left_alone(desk: Desk) -> None:
    await decide(desk, missed=9)
    assert await objectives.watch(desk.database) == 0
    assert await raised(desk) == []


async def test_two_workers_that_look_at_once_raise_one_alert(watched: Desk) -> None:
    await decide(watched, missed=4)
    async with watched.database.unit(watched.workspace_id) as uow:
        # Somebody is looking.
        await uow.execute("SELECT 1 FROM objectives FOR UPDATE")
        assert await objectives.watch(watched.database) == 0
    assert await objectives.watch(watched.database) == 2
