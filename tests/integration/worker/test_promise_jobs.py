"""Jobs that keep calendars and plans true: what nobody asks for while a worker is at work."""

from dataclasses import replace
from typing import Any

import pytest

from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span, StandstillDraft, StandstillReason
from services.core.desk import replanning
from services.core.settings import AlertSettings, Settings
from services.core.sla import rules
from services.core.sla import service as sla
from services.core.triage.engine import load_classifier
from services.worker import jobs
from services.worker.runtime import JOBS, Context, Stage
from tests.support.line import Line, comment
from tests.support.sinks import says, sink

FILE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nSUMMARY:Fair\r\n"
    b"DTSTART;VALUE=DATE:20261123\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
ALWAYS = CalendarDraft("desk", "Asia/Shanghai", ((Span(0, 1440),),) * 7)


@pytest.fixture
def stages(line: Line) -> dict[str, Stage]:
    assert jobs.__all__
    settings = Settings(alerts=AlertSettings(allow_private_addresses=True))
    context = Context(line.database, settings, load_classifier(), {})
    stages: dict[str, Stage] = {}
    stages.update({queue: Stage(job, context, stages) for queue, job in JOBS.items()})
    return stages


async def due_of_the_question(line: Line) -> Any:
    (row,) = await line.rows("SELECT * FROM clocks WHERE kind = 'first_response'")
    return row.due_at


async def test_a_feed_that_is_due_is_read(line: Line, stages: dict[str, Stage]) -> None:
    async with sink(says("200 OK", body=FILE)) as server:
        async with line.database.unit(line.workspace_id) as uow:
            draft = replace(ALWAYS, feed_url=server.url)
            saved = await calendars.create_calendar(uow, draft, allow_private_feeds=True)
        await stages["feeds"].run()
        await stages["feeds"].run()
    async with line.database.read(line.workspace_id) as uow:
        read = await calendars.get_calendar(uow, saved.id)
    assert [each.label for each in read.closings] == ["Fair"]
    assert len(server.requests) == 1


async def test_an_outage_stops_clocks_without_anybody_asking(
    line: Line, stages: dict[str, Stage]
) -> None:
    await line.hear(comment("c1"))
    outage = StandstillDraft(StandstillReason.OUTAGE, line.clock.at)
    async with line.database.unit(line.workspace_id) as uow:
        announced = await calendars.announce(uow, outage)
    await stages["standstills"].run()
    (paused,) = await line.rows("SELECT * FROM clocks WHERE kind = 'first_response'")
    assert paused.state == "paused"
    async with line.database.read(line.workspace_id) as uow:
        walked = await calendars.get_standstill(uow, announced.id)
    assert walked.replanned == 1


async def test_a_re_plan_is_carried_to_its_end(line: Line, stages: dict[str, Stage]) -> None:
    await line.hear(comment("c1"))
    before = await due_of_the_question(line)
    async with line.database.unit(line.workspace_id) as uow:
        policy = await sla.ensure_defaults(uow)
        hasty = {
            tier: replace(target, first_response=target.first_response // 2)
            for tier, target in policy.targets.items()
        }
        draft = replace(rules.DEFAULT_DRAFT, targets=hasty, promised={})
        await sla.change_policy(uow, policy.id, draft)
        await replanning.start(uow, policy.id, confirmed_late=10)
    await stages["replans"].run()
    async with line.database.read(line.workspace_id) as uow:
        (found,) = await sla.list_replans(uow, policy.id)
    assert (found.state.value, found.done) == ("done", 1)
    assert await due_of_the_question(line) < before
