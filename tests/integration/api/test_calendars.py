"""Calendars and standstills over HTTP: in versions, looked at, fed, refused with reasons."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

NINE_TO_SIX = [{"start": "09:00", "end": "18:00"}]
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), NINE_TO_SIX)
OFFICE: dict[str, Any] = {"name": "Office", "zone": "Asia/Shanghai", "country": "CN", "week": WEEK}
FEED = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nSUMMARY:Fair\r\n"
    "DTSTART;VALUE=DATE:20261123\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


async def create(api: httpx.AsyncClient, **parts: Any) -> dict[str, Any]:
    response = await api.post("/v1/calendars", json=OFFICE | parts)
    assert response.status_code == 201, response.text
    calendar: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/calendars/{calendar['id']}"
    return calendar


async def days(api: httpx.AsyncClient, calendar: dict[str, Any], first: str, last: str) -> Any:
    query = {"from": first, "to": last}
    response = await api.get(f"/v1/calendars/{calendar['id']}/days", params=query)
    assert response.status_code == 200, response.text
    return {day["date"]: day for day in response.json()["items"]}


async def upload(api: httpx.AsyncClient, calendar: dict[str, Any], file: str) -> httpx.Response:
    headers = {"content-type": "text/calendar; charset=utf-8"}
    return await api.post(f"/v1/calendars/{calendar['id']}/feed", content=file, headers=headers)


async def test_a_calendar_is_created_changed_listed_and_archived(api: httpx.AsyncClient) -> None:
    calendar = await create(api)
    body = OFFICE | {"days": [{"date": "2026-12-31", "spans": [], "label": "Stocktaking"}]}
    second = (await api.put(f"/v1/calendars/{calendar['id']}", json=body)).json()
    assert (second["version"], second["days"][0]["label"]) == (2, "Stocktaking")
    versions = (await api.get(f"/v1/calendars/{calendar['id']}/versions")).json()["items"]
    assert [each["version"] for each in versions] == [1, 2]
    assert (await api.post("/v1/calendars", json=OFFICE)).status_code == 409
    assert (await api.delete(f"/v1/calendars/{calendar['id']}")).status_code == 204
    assert (await api.get("/v1/calendars")).json()["items"] == []


async def test_days_say_why_they_differ(api: httpx.AsyncClient) -> None:
    own = [{"date": "2026-02-18", "spans": [{"start": "10:00", "end": "24:00"}], "label": "Live"}]
    calendar = await create(api, days=own)
    shown = await days(api, calendar, "2026-02-13", "2026-02-18")
    told = {date[-2:]: (day["reason"], len(day["spans"])) for date, day in shown.items()}
    assert told == {
        "13": (None, 1),
        "14": ("make_up", 1),  # a Saturday, worked in exchange for the festival
        "15": (None, 0),
        "16": ("holiday", 0),
        "17": ("holiday", 0),
        "18": ("override", 1),
    }
    assert shown["2026-02-18"]["spans"] == [{"start": "10:00", "end": "24:00"}]
    assert "春节" in shown["2026-02-17"]["label"]


async def test_working_time_can_be_tried_out(api: httpx.AsyncClient) -> None:
    calendar = await create(api)
    path = f"/v1/calendars/{calendar['id']}"
    week = {"from": "2026-11-20T09:00:00Z", "to": "2026-11-23T02:00:00Z"}
    assert (await api.get(f"{path}/count", params=week)).json()["seconds"] == 2 * 3600
    start = {"start": "2026-11-20T09:00:00Z", "seconds": 7200}
    assert (await api.get(f"{path}/due", params=start)).json()["end"] == "2026-11-23T02:00:00Z"


async def test_a_file_closes_days_and_a_bad_one_changes_nothing(api: httpx.AsyncClient) -> None:
    calendar = await create(api)
    taken = (await upload(api, calendar, FEED)).json()
    assert (taken["version"], taken["feed"]["closings"]) == (2, 1)
    again = (await upload(api, calendar, FEED)).json()
    assert again["version"] == 2
    refused = await upload(api, calendar, FEED.replace("20261123", "20261123\r\nRRULE:FREQ=HOURLY"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "feed_refused"
    shown = await days(api, calendar, "2026-11-23", "2026-11-24")
    assert (shown["2026-11-23"]["reason"], shown["2026-11-23"]["label"]) == ("feed", "Fair")
    wrong = await api.post(f"/v1/calendars/{calendar['id']}/feed", json={})
    assert wrong.status_code == 415


async def test_a_calendar_a_policy_counts_in_is_not_archived(api: httpx.AsyncClient) -> None:
    calendar = await create(api)
    target = {"first_response_seconds": 60, "next_response_seconds": 60, "resolution_seconds": 600}
    policy = {
        "name": "Office hours",
        "targets": dict.fromkeys(("urgent", "important", "routine"), target),
        "calendar_id": calendar["id"],
    }
    assert (await api.post("/v1/policies", json=policy)).status_code == 201
    refused = await api.delete(f"/v1/calendars/{calendar['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "calendar.in_use")


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ({"zone": "Asia/Peking"}, "/zone", "unknown_zone"),
        ({"zone": "../etc/passwd"}, "/zone", "unknown_zone"),
        ({"country": "XX"}, "/country", "unknown_country"),
        ({"week": {}}, "/week", "never_opens"),
        (
            {"week": {"monday": [{"start": "18:00", "end": "09:00"}]}},
            "/week/monday/0",
            "inverted",
        ),
        ({"week": {"friday": NINE_TO_SIX * 2}}, "/week/friday/1", "overlap"),
        ({"week": {"friday": NINE_TO_SIX * 11}}, "/week/friday", "too_many"),
        (
            {"week": {"monday": [{"start": "09:00", "end": "25:00"}]}},
            "/week/monday/0/end",
            "string_pattern_mismatch",
        ),
        (
            {"days": [{"date": "2026-12-31", "spans": [{"start": "09:00", "end": "09:00"}]}]},
            "/days/0/spans/0",
            "inverted",
        ),
        ({"days": [{"date": "1999-12-31"}]}, "/days/0/date", "out_of_range"),
        ({"feed_url": "http://127.0.0.1/feed.ics"}, "/feed_url", "blocked_address"),
        ({"feed_url": "file:///etc/passwd"}, "/feed_url", "blocked_address"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(
    api: httpx.AsyncClient, parts: dict[str, Any], pointer: str, code: str
) -> None:
    response = await api.post("/v1/calendars", json=OFFICE | parts)
    assert response.status_code == 422, response.text
    found = [(each["pointer"], each["code"]) for each in response.json()["errors"]]
    assert (pointer, code) in found
    assert (await api.get("/v1/calendars")).json()["items"] == []


async def test_too_many_days_are_refused(api: httpx.AsyncClient) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC).date()
    many = [{"date": str(start + timedelta(days=n))} for n in range(1001)]
    response = await api.post("/v1/calendars", json=OFFICE | {"days": many})
    assert response.json()["errors"][0] == {
        "pointer": "/days",
        "code": "too_many",
        "detail": "A calendar names at most 1000 days.",
    }


def ahead(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def absence(**parts: Any) -> dict[str, Any]:
    return {"reason": "out_of_office", "starts_at": ahead(1), "ends_at": ahead(3)} | parts


async def member(api: httpx.AsyncClient, handle: str) -> str:
    response = await api.post("/v1/members", json={"handle": handle, "name": handle})
    assert response.status_code == 201, response.text
    found: str = response.json()["id"]
    return found


async def test_an_outage_is_announced_ended_and_listed(api: httpx.AsyncClient) -> None:
    outage = (await api.post("/v1/standstills", json={"reason": "outage"})).json()
    assert (outage["pauses"], outage["ends_at"]) == (True, None)
    assert (await api.delete(f"/v1/standstills/{outage['id']}")).status_code == 409
    ended = (await api.post(f"/v1/standstills/{outage['id']}/end")).json()
    assert ended["ends_at"] is not None
    assert (await api.post(f"/v1/standstills/{outage['id']}/end")).status_code == 409
    listed = (await api.get("/v1/standstills")).json()["items"]
    assert [each["id"] for each in listed] == [outage["id"]]


async def test_what_has_not_begun_is_taken_back(api: httpx.AsyncClient) -> None:
    planned = (await api.post("/v1/standstills", json=absence())).json()
    assert (await api.delete(f"/v1/standstills/{planned['id']}")).status_code == 204
    assert (await api.get("/v1/standstills")).json()["items"] == []
    assert (await api.get(f"/v1/standstills/{planned['id']}")).status_code == 404


async def test_people_do_not_stand_in_for_each_other_in_a_circle(api: httpx.AsyncClient) -> None:
    lin, wu, mo = [await member(api, handle) for handle in ("lin", "wu", "mo")]
    first = absence(member_id=lin, stand_in_id=wu)
    assert (await api.post("/v1/standstills", json=first)).json()["pauses"] is False
    second = absence(member_id=wu, stand_in_id=mo, starts_at=ahead(2), ends_at=ahead(5))
    assert (await api.post("/v1/standstills", json=second)).status_code == 201
    circle = absence(member_id=mo, stand_in_id=lin, starts_at=ahead(2.5), ends_at=ahead(6))
    refused = await api.post("/v1/standstills", json=circle)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/stand_in_id"
    later = circle | {"starts_at": ahead(3.5)}  # Lin is back by then
    assert (await api.post("/v1/standstills", json=later)).status_code == 201
    twice = absence(member_id=lin, stand_in_id=None, starts_at=ahead(2), ends_at=ahead(9))
    assert (await api.post("/v1/standstills", json=twice)).json()["errors"][0]["code"] == "overlap"


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"ends_at": ahead(3650)}, "/ends_at"),
        ({"ends_at": ahead(0.5)}, "/ends_at"),
        ({"ends_at": None}, "/ends_at"),
        ({"starts_at": ahead(-60)}, "/starts_at"),
        ({"reason": "holiday"}, "/reason"),
        ({"source_id": "01a1fdcf-cb90-7000-bbaf-5986c1ff63c4"}, "/source_id"),
        ({"member_id": "01a1fdcf-cb90-7000-bbaf-5986c1ff63c4"}, "/member_id"),
    ],
)
async def test_a_standstill_that_cannot_be_is_refused_by_field(
    api: httpx.AsyncClient, parts: dict[str, Any], pointer: str
) -> None:
    response = await api.post("/v1/standstills", json=absence(**parts))
    assert response.status_code == 422, response.text
    assert pointer in [each["pointer"] for each in response.json()["errors"]]
    assert (await api.get("/v1/standstills")).json()["items"] == []
