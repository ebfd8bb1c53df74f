"""Two days of a promise in seconds: a sandbox is driven through them over the real API."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.sandbox import service as sandbox
from services.simulator.receiver import WebhookReceiver
from tests.e2e.test_journey import LOOPBACK, on_call, the_case
from tests.support.brands import Brand, answered, said
from tests.support.processes import Site
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.e2e

CLOCK = "/v1/sandbox/clock"
STEPS = (50, 80, 100, 150, 200)
TARGET_SECONDS = 86_400
TARGET = {
    "first_response_seconds": TARGET_SECONDS,
    "next_response_seconds": TARGET_SECONDS,
    "resolution_seconds": 60 * TARGET_SECONDS,
}
POLICY = {
    "name": "A day",
    "targets": dict.fromkeys(("urgent", "important", "routine"), TARGET),
    "response_steps": list(STEPS),
    "position": 1,
}
FRIDAY = 4
TEAM = {"lin": "moderator", "mo": "moderator", "mei": "manager", "zoe": "viewer"}
# Whom the ladder a workspace begins with tells at each step of a case that Lin has.
HEARD = {
    50: {"lin"},
    80: {"lin", "mo"},
    100: {"lin", "mei"},
    150: {"lin", "mo", "mei", "zoe"},
    200: {"lin", "mo", "mei", "zoe"},
}
REST = timedelta(hours=3)


@pytest.fixture
async def playground(site: Site, brand: Brand) -> Brand:
    """The brand's workspace made a sandbox, before any process runs."""
    database = Database(create_engine(site.database_url, pool_size=1))
    try:
        async with database.unit(brand.workspace_id) as uow:
            await sandbox.make_sandbox(uow)
    finally:
        await database.close()
    site.settings["SANDBOX__ENABLED"] = "true"
    await site.start_api(**LOOPBACK)
    await site.start_worker(**LOOPBACK)
    await brand.register_source("brand")
    await brand.create("/v1/policies", POLICY)
    return brand


async def now(brand: Brand) -> datetime:
    return datetime.fromisoformat((await brand.get(CLOCK))["now"])


async def move_to(brand: Brand, moment: datetime) -> None:
    answer = await brand.http.post(CLOCK, json={"now": moment.isoformat()})
    assert answer.status_code == 200, answer.text


async def tell(brand: Brand, happened: dict[str, Any]) -> datetime:
    """Something happens on the platform at this moment of the sandbox; returns the moment."""
    at = await now(brand)
    await brand.deliver(happened | {"timestamp": at.isoformat()})
    return at


def first_response(case: dict[str, Any]) -> dict[str, Any]:
    (clock,) = [clock for clock in case["clocks"] if clock["kind"] == "first_response"]
    return dict(clock)


def firings(receiver: WebhookReceiver) -> list[dict[str, Any]]:
    said_ = [one.json() for one in receiver.received]
    return [one["data"] for one in said_ if one["type"] == "alert.firing"]


def repetitions(receiver: WebhookReceiver) -> list[dict[str, Any]]:
    said_ = [one.json() for one in receiver.received]
    return [one["data"] for one in said_ if one["type"] == "alert.escalated"]


async def make_team(brand: Brand) -> dict[str, str]:
    """Ids of people by their names."""
    made = {}
    for handle, role in TEAM.items():
        body = {"handle": handle, "name": handle, "role": role}
        made[handle] = (await brand.create("/v1/members", body))["id"]
    return made


def people(alarm: dict[str, Any]) -> set[str]:
    return {one["name"] for one in alarm["people"]}


async def rest_and_go_on(brand: Brand, receiver: WebhookReceiver, alarm: dict[str, Any]) -> None:
    """Somebody has it for three hours and says no more: everybody hears it again, once."""
    path = f"/v1/alerts/{alarm['alert_id']}"
    body = {"minutes": int(REST.total_seconds() // 60)}
    answer = await brand.http.post(f"{path}/acknowledge", json=body)
    assert answer.status_code == 200, answer.text
    resume_at = datetime.fromisoformat(answer.json()["resume_at"])
    await move_to(brand, resume_at - timedelta(minutes=1))
    assert (await brand.get(path))["state"] == "acknowledged"
    assert repetitions(receiver) == []
    await move_to(brand, resume_at)
    await receiver.wait_until(lambda at: bool(repetitions(at)), timeout_seconds=PATIENCE)
    # Those of the quieter steps went on as well, and left the word to the loudest.
    (again,) = repetitions(receiver)
    assert again["alert_id"] == alarm["alert_id"]
    assert people(again) == HEARD[150]
    assert (await brand.get(path))["state"] == "firing"


async def hear_step(receiver: WebhookReceiver, count: int) -> dict[str, Any]:
    """The last of so many firings, once it came."""
    await receiver.wait_until(lambda at: len(firings(at)) >= count, timeout_seconds=PATIENCE)
    return firings(receiver)[-1]


async def test_each_step_of_two_days_is_said_once_to_its_people_and_a_late_reply_stays_late(
    playground: Brand,
) -> None:
    team = await make_team(playground)
    async with on_call(playground) as receiver:
        asked = await tell(playground, said("c1"))
        case = await the_case(playground, "c1")
        assign = f"/v1/cases/{case['id']}/assign"
        answer = await playground.http.post(assign, json={"member_id": team["lin"]})
        assert answer.status_code == 200, answer.text
        due = asked + timedelta(seconds=TARGET_SECONDS)
        for place, percent in enumerate(STEPS, start=1):
            moment = asked + timedelta(seconds=TARGET_SECONDS * percent / 100)
            await move_to(playground, moment - timedelta(minutes=1))
            upcoming = datetime.fromisoformat((await playground.get(CLOCK))["next_moment_at"])
            assert upcoming == moment
            assert len(firings(receiver)) == place - 1
            await move_to(playground, moment)
            alarm = await hear_step(receiver, place)
            assert (alarm["percent"], alarm["case_id"]) == (percent, case["id"])
            assert datetime.fromisoformat(alarm["due_at"]) == due
            assert people(alarm) == HEARD[percent]
            late = (datetime.fromisoformat(alarm["at"]) - due).total_seconds()
            assert alarm["late_by_seconds"] == max(0, int(late))
            assert timedelta() <= datetime.fromisoformat(alarm["at"]) - moment < timedelta(hours=1)
            if percent == 150:
                await rest_and_go_on(playground, receiver, alarm)
        await tell(playground, answered("r1", "c1"))
        await wait_until(lambda: is_over(playground, case["id"]), what="the reply is known")
        answered_late = first_response(await playground.get(f"/v1/cases/{case['id']}"))
        assert answered_late["state"] == "missed"
        assert [one["percent"] for one in firings(receiver)] == list(STEPS)
        assert len(repetitions(receiver)) == 1


async def test_a_pause_over_a_weekend_moves_the_promise_by_the_weekend(playground: Brand) -> None:
    async with on_call(playground) as receiver:
        friday = next_friday(await now(playground))
        await move_to(playground, friday)
        asked = await tell(playground, said("c1"))
        case = await the_case(playground, "c1")
        began = await now(playground)
        monday = friday + timedelta(days=2, hours=16)
        snooze = {"until": monday.isoformat()}
        answer = await playground.http.post(f"/v1/cases/{case['id']}/snooze", json=snooze)
        assert answer.status_code in {200, 204}, answer.text
        await move_to(playground, monday - timedelta(minutes=1))
        assert first_response(await playground.get(f"/v1/cases/{case['id']}"))["state"] == "paused"
        await move_to(playground, monday)
        await wait_until(lambda: is_open(playground, case["id"]), what="it is Monday")
        half = datetime.fromisoformat((await playground.get(CLOCK))["next_moment_at"])
        stood_still = half - asked - timedelta(seconds=TARGET_SECONDS / 2)
        assert timedelta() <= monday - began - stood_still < timedelta(minutes=1)
        assert firings(receiver) == []
        await move_to(playground, half)
        assert (await hear_step(receiver, 1))["percent"] == STEPS[0]


async def is_over(brand: Brand, case_id: str) -> bool:
    case = await brand.get(f"/v1/cases/{case_id}")
    return first_response(case)["settled_at"] is not None


async def is_open(brand: Brand, case_id: str) -> bool:
    return bool((await brand.get(f"/v1/cases/{case_id}"))["state"] == "open")


def next_friday(after: datetime) -> datetime:
    """Five in the afternoon of the next Friday, in UTC."""
    days = (FRIDAY - after.weekday()) % 7 or 7
    return datetime.combine(after.date() + timedelta(days=days), time(17), UTC)
