"""A promise, and the reasons for it, as the API tells them."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.api.main import create_app
from services.core.calendars import service as calendars
from services.core.calendars.types import (
    CalendarDraft,
    Day,
    DayReason,
    Span,
    StandstillDraft,
    StandstillReason,
)
from services.core.desk import service as desk
from services.core.explain import service as explain
from services.core.settings import Settings
from services.core.sla import rules as sla_rules
from services.core.sla import service as sla
from services.core.sla.types import PolicyDraft, PolicyMatch
from tests.support.client import client_of, make_key
from tests.support.line import NOON, Line, comment, deleted, reply


@pytest.fixture
async def reader(line: Line) -> AsyncIterator[httpx.AsyncClient]:
    """Reads what the line did, at the line's own time."""
    key = await make_key(line.database, line.workspace_id)
    async with client_of(create_app(Settings(), database=line.database), key) as client:
        yield client


async def clock_of(line: Line, kind: str = "first_response") -> UUID:
    row = await line.row("SELECT id FROM clocks WHERE kind = :kind", kind=kind)
    found: UUID = row.id
    return found


async def case_of(line: Line) -> UUID:
    found: UUID = (await line.row("SELECT id FROM cases")).id
    return found


async def explained(
    reader: httpx.AsyncClient, line: Line, kind: str = "first_response", **query: str
) -> dict[str, Any]:
    clock = await clock_of(line, kind)
    response = await reader.get(f"/v1/clocks/{clock}/explain", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_clock_is_read_with_its_case(line: Line, reader: httpx.AsyncClient) -> None:
    await line.hear(comment("c1"))
    clock = (await reader.get(f"/v1/clocks/{await clock_of(line)}")).json()
    assert (clock["kind"], clock["state"]) == ("first_response", "running")
    assert clock["case_id"] == str(await case_of(line))


@pytest.mark.parametrize("what", ["", "/explain"])
async def test_an_unknown_clock_is_not_found(reader: httpx.AsyncClient, what: str) -> None:
    response = await reader.get(f"/v1/clocks/{uuid4()}{what}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_a_late_answer_is_explained_from_its_question_to_its_steps(
    line: Line, reader: httpx.AsyncClient
) -> None:
    await line.hear(comment("c1"))
    for minutes in (61, 36, 30):
        await line.tick(minutes)
    await line.hear(reply("r1", "c1", minutes=150))
    told = await explained(reader, line)
    assert told["started_by"]["who"] == "Lily"
    assert told["due"]["first"] == "target"
    assert told["due"]["target_seconds"] == 2 * 3600
    assert told["due"]["promised_seconds"] == 4 * 3600
    assert sum(span["seconds"] for span in told["spans"]) == told["due"]["budget_seconds"]
    assert told["elapsed_seconds"] == 150 * 60
    steps = {step["percent"]: step for step in told["steps"]}
    assert [steps[percent]["state"] for percent in (50, 80, 100, 150, 200)] == [
        *("fired", "fired", "fired"),
        *("cancelled", "cancelled"),
    ]
    assert steps[100]["alert"]["severity"] == "breach"
    words = " ".join(told["words"])
    assert "Lily wrote" in words
    assert "The brand answered on Friday 20 November, 14:30." in words
    assert "30 minutes too late" in words


async def test_words_come_in_chinese_and_in_the_zone_asked_for(
    line: Line, reader: httpx.AsyncClient
) -> None:
    await line.hear(comment("c1"))
    told = await explained(reader, line, lang="zh", tz="Asia/Shanghai")
    words = "".join(told["words"])
    assert "首次回复的计时从这一刻开始" in words
    assert "截止时间是11月20日（周五）22:00" in words
    assert "正在计时：2小时里已经用了0分钟，还剩2小时" in words


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "America"])
async def test_a_zone_there_is_not_is_refused(
    line: Line, reader: httpx.AsyncClient, zone: str
) -> None:
    await line.hear(comment("c1"))
    clock = await clock_of(line)
    response = await reader.get(f"/v1/clocks/{clock}/explain", params={"tz": zone})
    assert (response.status_code, response.json()["code"]) == (422, "unknown_time_zone")


async def test_a_pause_a_correction_of_the_tier_and_a_new_plan_are_told(
    line: Line, reader: httpx.AsyncClient
) -> None:
    await line.hear(comment("c1"))
    line.clock.advance(timedelta(minutes=30))
    case = await case_of(line)
    async with line.database.unit(line.workspace_id) as uow:
        await desk.snooze(uow, case, until=NOON + timedelta(minutes=90))
    line.clock.advance(timedelta(minutes=70))
    await line.tick()
    told = await explained(reader, line)
    (pause,) = told["pauses"]
    assert (pause["reason"], pause["counted_seconds"]) == ("snooze", 3600)
    assert told["due"]["due_at"] == "2026-11-20T15:00:00Z"
    assert [span["seconds"] for span in told["spans"]] == [30 * 60, 90 * 60]
    assert told["elapsed_seconds"] == 40 * 60
    assert told["replans"] >= 1
    assert "because the case was snoozed" in " ".join(told["words"])


async def test_a_waiting_clock_says_that_nobody_knows_how_long(
    line: Line, reader: httpx.AsyncClient
) -> None:
    await line.hear(comment("c1"))
    case = await case_of(line)
    line.clock.advance(timedelta(minutes=30))
    async with line.database.unit(line.workspace_id) as uow:
        await desk.wait(uow, case)
    line.clock.advance(timedelta(days=3))
    told = await explained(reader, line)
    assert told["state"] == "paused"
    assert told["elapsed_seconds"] == 30 * 60
    assert [span["seconds"] for span in told["spans"]] == [30 * 60]
    assert "Nobody knows for how long" in " ".join(told["words"])


async def test_a_weekend_a_holiday_and_the_policy_passed_over_are_told(
    line: Line, reader: httpx.AsyncClient
) -> None:
    mornings = (Span(9 * 60, 13 * 60),)
    draft = CalendarDraft(
        "Office",
        "Europe/London",
        (*[mornings] * 5, (), ()),
        days={date(2026, 11, 23): Day((), DayReason.OVERRIDE, "Team day")},
    )
    async with line.database.unit(line.workspace_id) as uow:
        office = await calendars.create_calendar(uow, draft)
        for name, channel in (("DMs", "dm"), ("Comments", "comment")):
            policy = PolicyDraft(
                name=name,
                targets=sla_rules.DEFAULT_TARGETS,
                match=PolicyMatch(channels=(channel,)),
                calendar_id=office.id,
            )
            await sla.create_policy(uow, policy)
    await line.hear(comment("c1"))
    told = await explained(reader, line)
    assert told["due"]["due_at"] == "2026-11-24T10:00:00Z"
    assert [span["seconds"] for span in told["spans"]] == [3600, 3600]
    assert [gap["days"] for gap in told["skipped"]] == [["2026-11-21", "2026-11-22", "2026-11-23"]]
    words = " ".join(told["words"])
    assert "The policy “Comments”, version 1, holds, because the channel is “comment”." in words
    assert "“DMs” was not for it: it wants the channel “direct message”" in words
    assert "Closed and not counted: Saturday 21 November, Sunday 22 November" in words
    assert "Monday 23 November (“Team day”)" in words
    assert "Together 2 hours." in words


async def test_an_outage_is_told_with_what_it_moved(line: Line, reader: httpx.AsyncClient) -> None:
    start = NOON + timedelta(minutes=30)
    async with line.database.unit(line.workspace_id) as uow:
        draft = StandstillDraft(StandstillReason.OUTAGE, start, start + timedelta(hours=1))
        await calendars.announce(uow, draft)
    await line.hear(comment("c1"))
    told = await explained(reader, line)
    (pause,) = told["pauses"]
    assert (pause["reason"], pause["counted_seconds"]) == ("outage", 3600)
    assert "because the platform was down" in " ".join(told["words"])


async def test_a_late_webhook_leaves_its_correction_in_the_story(
    line: Line, reader: httpx.AsyncClient
) -> None:
    await line.hear(comment("c1"))
    await line.tick(130)
    await line.hear(reply("r1", "c1", minutes=60))
    told = await explained(reader, line)
    assert (told["state"], len(told["corrections"])) == ("met", 1)
    assert "it had stood here as missed, and is now kept" in " ".join(told["words"])


async def test_a_question_taken_back_is_told_as_neither_kept_nor_missed(
    line: Line, reader: httpx.AsyncClient
) -> None:
    await line.hear(comment("c1"))
    await line.hear(deleted("c1", minutes=10))
    told = await explained(reader, line)
    assert told["state"] == "void"
    assert "the follower took the question back" in " ".join(told["words"])


async def test_every_promise_of_a_case_is_explained_at_once(line: Line) -> None:
    await line.hear(comment("c1"))
    case = await case_of(line)
    async with line.database.read(line.workspace_id) as uow:
        told = await explain.explain_case(uow, case)
    assert [each.clock.kind.value for each in told] == ["first_response", "resolution"]
