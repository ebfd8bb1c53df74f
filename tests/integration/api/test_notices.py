"""Notices and apologies over HTTP, true to the policies in force."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span, StandstillDraft, StandstillReason
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.sla.rules import DEFAULT_DRAFT, DEFAULT_TARGETS
from services.core.sla.types import PolicyDraft
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.commands import warmline

HOUR = 3600


async def notices(api: httpx.AsyncClient, lang: str = "zh") -> dict[str, Any]:
    response = await api.get("/v1/notices", params={"lang": lang})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_texts_change_with_the_policy_and_promise_nothing_without_one(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    assert (await notices(api))["promised"] == []
    async with database.unit(workspace.id) as uow:
        policy = await sla.ensure_defaults(uow)
    before = await notices(api)
    assert "评论 4 小时内回复" in before["bio"]["text"]
    assert before["bio"]["characters"] == len(before["bio"]["text"]) <= 100
    async with database.unit(workspace.id) as uow:
        changed = PolicyDraft(
            name="default", targets=DEFAULT_TARGETS, promised={"comment": 6 * HOUR}
        )
        await sla.change_policy(uow, policy.id, changed)
    after = await notices(api)
    assert "评论 6 小时内回复" in after["bio"]["text"]
    assert "小时" not in after["dm_auto"]["text"]
    assert after["promised"] == [{"channel": "comment", "seconds": 6 * HOUR, "in_hours": False}]


async def test_an_absence_of_the_team_is_told_in_its_own_words_or_ours(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        draft = StandstillDraft(
            StandstillReason.OUT_OF_OFFICE,
            uow.now + timedelta(days=1),
            uow.now + timedelta(days=3),
            notice_zh="国庆快乐，8 号见",
        )
        await calendars.announce(uow, draft)
        far = StandstillDraft(
            StandstillReason.OUT_OF_OFFICE,
            uow.now + timedelta(days=60),
            uow.now + timedelta(days=61),
        )
        await calendars.announce(uow, far)
    (zh,) = (await notices(api))["away"]
    assert zh["text"] == "国庆快乐，8 号见"
    (en,) = (await notices(api, "en"))["away"]
    assert en["text"].startswith("We are away from")


async def test_a_case_past_its_promise_has_an_apology_and_any_other_none(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        policy = await sla.ensure_defaults(uow)
        source = await make.add_source(uow)
        case = await make.add_case(uow, source.id)
        asked = uow.now - timedelta(hours=6)
        clock: dict[str, Any] = {
            "state": "missed",
            "started_at": asked,
            "due_at": asked + timedelta(hours=2),
            "policy_id": policy.id,
        }
        promised = asked + timedelta(hours=4)
        await make.add_clock(uow, case.id, promise_due_at=promised, **clock)
        # The team's target has passed, but what the public was told has not.
        inside = await make.add_case(uow, source.id)
        later = uow.now + timedelta(hours=1)
        await make.add_clock(uow, inside.id, promise_due_at=later, **clock)
        answered = await make.add_case(uow, source.id)
        await make.add_clock(uow, answered.id, promise_due_at=promised, settled_at=uow.now, **clock)
    told = (await api.get(f"/v1/cases/{case.id}/apology")).json()
    assert "说好 4 小时内回复你，现在晚了 2 小时" in told["text"]
    assert 2 * HOUR <= told["late_seconds"] < 2 * HOUR + 600
    for other in (inside, answered):
        response = await api.get(f"/v1/cases/{other.id}/apology")
        assert (response.status_code, response.json()["code"]) == (409, "notices.not_late")
    assert (await api.get(f"/v1/cases/{uuid4()}/apology")).status_code == 404
    assert (await api.get("/v1/notices", params={"lang": "fr"})).status_code == 422


async def test_the_command_prints_what_can_be_copied(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
    place = ("--workspace", workspace.slug)
    told = warmline("notices", "--lang", "en", *place, WARMLINE__DATABASE__URL=database_url)
    assert told.returncode == 0, told.stderr
    assert "comments answered within 4 h" in told.stdout
    week = warmline("staffing", "feasibility", *place, WARMLINE__DATABASE__URL=database_url)
    assert week.returncode == 0, week.stderr
    assert "cannot be kept" in week.stdout


async def test_office_hours_are_told_as_the_calendar_has_them(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    week = ((Span(540, 1080),),) * 5 + ((), ())
    async with database.unit(workspace.id) as uow:
        policy = await sla.ensure_defaults(uow)
        calendar = await calendars.create_calendar(
            uow, CalendarDraft("office", "Asia/Shanghai", week)
        )
        await sla.change_policy(uow, policy.id, replace(DEFAULT_DRAFT, calendar_id=calendar.id))
    found = await notices(api)
    assert "周一至周五 9:00–18:00" in found["bio"]["text"]
    assert {each["in_hours"] for each in found["promised"]} == {True}
    async with database.unit(workspace.id) as uow:
        shorter = CalendarDraft("office", "Asia/Shanghai", ((Span(600, 960),),) * 7)
        await calendars.change_calendar(uow, calendar.id, shorter)
    assert "每天 10:00–16:00" in (await notices(api))["bio"]["text"]
