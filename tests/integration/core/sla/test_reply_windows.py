"""Platforms take replies for so long: a clock of its own says so, and late ones are refused."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.board import service as board
from services.core.desk import service as desk
from services.core.sla import service as sla
from services.core.sla.errors import ReplyWindowClosedError
from services.core.sla.rules import DEFAULT_DRAFT
from tests.support.line import NOON, THANKS, URGENT, Line, dm

HOUR = 60


def windowed(key: str, *, until: float, minutes: float = 0, **more: Any) -> Any:
    message = dm(key, minutes=minutes, **more)
    message["data"]["reply_window_until"] = moment(until).isoformat()
    return message


def moment(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def windows(line: Line) -> list[Any]:
    rows = await line.rows("SELECT * FROM clocks WHERE kind = 'reply_window' ORDER BY episode")
    return list(rows)


async def case_of(line: Line) -> Any:
    return await line.row("SELECT * FROM cases")


async def answer(line: Line, minutes: float, *, external_id: str | None = None) -> None:
    case: UUID = (await case_of(line)).id
    line.clock.at = max(line.clock.at, moment(minutes))
    async with line.database.unit(line.workspace_id) as uow:
        await desk.reply(
            uow, case, text="亲，在的", occurred_at=moment(minutes), external_id=external_id
        )


async def test_an_open_question_is_due_when_the_window_closes_if_that_is_first(line: Line) -> None:
    await line.hear(windowed("m1", until=HOUR))
    (window,) = await windows(line)
    assert (window.state, window.due_at, window.budget_seconds) == ("running", moment(HOUR), 3600)
    assert (window.target_due_at, window.promise_due_at) == (moment(HOUR), None)
    assert (await case_of(line)).next_due_at == moment(HOUR)


async def test_a_message_without_a_window_has_no_such_clock(line: Line) -> None:
    await line.hear(dm("m1"))
    assert await windows(line) == []


@pytest.mark.parametrize("text", [URGENT, THANKS])
async def test_a_newer_message_moves_the_window_even_if_it_asks_nothing(
    line: Line, text: str
) -> None:
    await line.hear(windowed("m1", until=HOUR))
    await line.hear(
        windowed("m2", minutes=30, until=30 + 2 * HOUR, **({"text": text} if text else {}))
    )
    (window,) = await windows(line)
    assert (window.started_at, window.due_at) == (moment(30), moment(30 + 2 * HOUR))
    assert window.generation == 2


async def test_an_answer_inside_the_window_meets_it_and_one_behind_it_does_not(line: Line) -> None:
    await line.hear(windowed("m1", until=HOUR))
    await answer(line, 59)
    assert [each.state for each in await windows(line)] == ["met"]
    await line.hear(windowed("m2", minutes=70, until=90))
    await answer(line, 95, external_id="r-platform")
    assert [each.state for each in await windows(line)] == ["met", "missed"]


async def test_a_window_that_closes_is_warned_of_and_then_missed(line: Line) -> None:
    await line.hear(windowed("m1", until=HOUR))
    await line.tick(minutes=48)
    alert = await line.row("SELECT * FROM alerts WHERE clock_kind = 'reply_window'")
    assert (alert.step, alert.severity) == (80, "warning")
    await line.tick(minutes=12)
    assert [each.state for each in await windows(line)] == ["missed"]


async def test_a_reply_behind_the_window_is_refused_unless_the_platform_took_it(line: Line) -> None:
    await line.hear(windowed("m1", until=HOUR))
    with pytest.raises(ReplyWindowClosedError):
        await answer(line, HOUR + 1)
    await answer(line, HOUR)
    await answer(line, HOUR + 2, external_id="r-platform")


async def test_a_policy_knows_the_window_of_a_platform_that_does_not_say_it(line: Line) -> None:
    async with line.database.unit(line.workspace_id) as uow:
        default = await sla.ensure_defaults(uow)
        draft = replace(DEFAULT_DRAFT, reply_windows={"dm": 1800})
        await sla.change_policy(uow, default.id, draft)
    await line.hear(dm("m1"))
    (window,) = await windows(line)
    assert window.due_at == moment(30)
    with pytest.raises(ReplyWindowClosedError):
        await answer(line, 31)


async def test_a_window_is_no_promise_and_counts_in_no_attainment(line: Line) -> None:
    await line.hear(windowed("m1", until=10))
    await line.tick(minutes=11)
    async with line.database.read(line.workspace_id) as uow:
        summary = await board.summarise(uow)
    assert summary.attainment.missed == 0
    assert sum(summary.breached.values()) == 0
    assert "reply_window" not in summary.attainment_by_kind


async def test_a_snooze_does_not_stop_the_platforms_clock(line: Line) -> None:
    await line.hear(windowed("m1", until=HOUR))
    async with line.database.unit(line.workspace_id) as uow:
        await desk.snooze(uow, (await case_of(line)).id, until=moment(3 * HOUR))
    (window,) = await windows(line)
    assert (window.state, window.due_at) == ("running", moment(HOUR))


async def test_the_api_says_by_its_code_why_it_takes_no_such_reply(
    line: Line, api: httpx.AsyncClient
) -> None:
    await line.hear(windowed("m1", until=HOUR))
    address = f"/v1/cases/{(await case_of(line)).id}/replies"
    late = {"text": "亲，在的", "occurred_at": moment(HOUR + 1).isoformat()}
    refused = await api.post(address, json=late)
    assert (refused.status_code, refused.json()["code"]) == (409, "sla.reply_window_closed")
    taken = await api.post(address, json=late | {"external_id": "r-platform"})
    assert taken.status_code == 201, taken.text
