"""A report reaches a real address once for each period, late if nobody was there to send it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.core.alerts import service as alerts
from services.core.alerts.types import ChannelDraft, ChannelKind
from services.core.gateways.channels.fake import FakeGateway
from services.core.gateways.channels.webhook import WebhookGateway
from services.core.gateways.channels.wiring import Gateways
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.http import GuardedClient
from services.core.metrics import service as metrics
from services.core.reports import service as reports
from services.core.reports.errors import ReportNameTakenError
from services.core.reports.types import IssueState, Period, Report, ReportDraft
from tests.support.line import Line, comment, reply
from tests.support.sinks import Sink, says, sink

ZONE = "Asia/Shanghai"
DAY = timedelta(days=1)


async def scheduled(line: Line, url: str, *, kind: ChannelKind = ChannelKind.WEBHOOK) -> Report:
    """Every Monday at nine, from a Friday on."""
    config: dict[str, Any] = {"url": url}
    if kind is ChannelKind.EMAIL:
        config = {
            "host": "mail.example",
            "sender": "a@example.com",
            "recipients": ["b@example.com"],
        }
    async with line.database.unit(line.workspace_id) as uow:
        draft = ChannelDraft(name="managers", kind=kind, config=config)
        channel = await alerts.create_channel(uow, draft, allow_private=True)
        week = ReportDraft("Our week", Period.WEEKLY, channel.id)
        return await reports.create_report(uow, week, zone=ZONE)


async def send(line: Line, gateways: Gateways) -> int:
    return await reports.send_due(line.database, gateways, zone=ZONE)


@asynccontextmanager
async def listening(status: str) -> AsyncIterator[tuple[Sink, Gateways]]:
    async with sink(says(status)) as server, GuardedClient(allow_private=True) as client:
        yield server, {"webhook": WebhookGateway(client)}


async def states(line: Line, report: Report) -> list[tuple[str, IssueState, int]]:
    async with line.database.read(line.workspace_id) as uow:
        found = await reports.list_issues(uow, report.id)
    return [(each.first_day.isoformat(), each.state, each.attempts) for each in found]


async def test_a_week_is_sent_once_however_many_workers_see_that_it_is_time(line: Line) -> None:
    await line.hear(comment("c1"), comment("c2", minutes=5), reply("r1", "c1", minutes=30))
    async with listening("204 No Content") as (server, gateways):
        report = await scheduled(line, server.url)
        assert report.next_at == datetime.fromisoformat("2026-11-23T09:00:00+08:00")
        line.clock.at = report.next_at - timedelta(seconds=1)
        await metrics.catch_up(line.database, line.workspace_id, zone=ZONE)
        assert await send(line, gateways) == 0
        line.clock.advance(timedelta(seconds=1))
        sent = await asyncio.gather(*(send(line, gateways) for _ in range(3)))
        assert sum(sent) == 1
        assert await send(line, gateways) == 0
    ((_, body),) = server.requests
    told = orjson.loads(body)
    message = told.get("data", told)
    assert told["type"] == "report.weekly"
    assert (message["first_day"], message["last_day"]) == ("2026-11-16", "2026-11-22")
    assert message["figures"]["inbound"]["value"] == 2
    assert "2026-11-16 – 2026-11-22" in message["sentence"]["zh"]
    assert await states(line, report) == [("2026-11-16", IssueState.SENT, 1)]


async def test_whoever_comes_late_sends_the_last_week_alone_and_waits_for_its_numbers(
    line: Line,
) -> None:
    async with listening("200 OK") as (server, gateways):
        report = await scheduled(line, server.url)
        line.clock.at = report.next_at + 16 * DAY
        await line.hear(comment("c1", minutes=14 * 24 * 60))
        for _ in range(4):
            await send(line, gateways)
            line.clock.advance(timedelta(minutes=5))
        assert server.requests == []
        assert await states(line, report) == [("2026-11-30", IssueState.WAITING, 0)]
        await metrics.catch_up(line.database, line.workspace_id, zone=ZONE)
        await send(line, gateways)
    assert len(server.requests) == 1
    assert await states(line, report) == [("2026-11-30", IssueState.SENT, 1)]
    async with line.database.read(line.workspace_id) as uow:
        (kept,) = await reports.list_reports(uow)
    assert kept.next_at == report.next_at + 21 * DAY


async def test_what_is_refused_for_now_is_tried_again_and_then_given_up(line: Line) -> None:
    async with listening("503 Service Unavailable") as (server, gateways):
        report = await scheduled(line, server.url)
        line.clock.at = report.next_at
        for _ in range(8):
            await send(line, gateways)
            line.clock.advance(timedelta(hours=5))
    assert len(server.requests) == 6
    assert len({headers["webhook-id"] for headers, _ in server.requests}) == 1
    assert await states(line, report) == [("2026-11-16", IssueState.GIVEN_UP, 6)]


async def test_a_channel_that_is_gone_ends_it(line: Line) -> None:
    report = await scheduled(line, "https://example.com/hook")
    line.clock.at = report.next_at
    async with line.database.unit(line.workspace_id) as uow:
        await alerts.archive_channel(uow, report.channel_id)
    await send(line, {})
    ((_, state, attempts),) = await states(line, report)
    assert (state, attempts) == (IssueState.GIVEN_UP, 1)


async def test_a_letter_has_the_whole_page_attached(line: Line) -> None:
    fake = FakeGateway()
    await line.hear(comment("c1"))
    report = await scheduled(line, "", kind=ChannelKind.EMAIL)
    line.clock.at = report.next_at
    await metrics.catch_up(line.database, line.workspace_id, zone=ZONE)
    await send(line, {"email": fake})
    (parcel,) = fake.parcels
    (file,) = parcel.message["attachments"]
    assert file["name"] == "weekly-2026-11-16.html"
    assert file["text"].startswith("<!doctype html>")


async def test_what_cannot_be_sent_is_refused(line: Line) -> None:
    report = await scheduled(line, "https://example.com/hook")
    draft = ReportDraft("Other", Period.WEEKLY, report.channel_id)
    for wrong, error in (
        (replace(draft, on_day=8), InvalidInputError),
        (replace(draft, channel_id=uuid4()), NotFoundError),
        (replace(draft, name="Our week"), ReportNameTakenError),
    ):
        with pytest.raises(error):
            async with line.database.unit(line.workspace_id) as uow:
                await reports.create_report(uow, wrong, zone=ZONE)
    async with line.database.unit(line.workspace_id) as uow:
        await reports.remove_report(uow, report.id)
    with pytest.raises(NotFoundError):
        async with line.database.unit(line.workspace_id) as uow:
            await reports.remove_report(uow, report.id)
