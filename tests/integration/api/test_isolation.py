"""No route lets one workspace see or touch another's things; a route without a case here fails.

The cases are made from the published schema: every route × every id it takes, in the address, in
the query or in the body.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from services.core.models import Base
from tests.support.client import client_of
from tests.support.db import EMPTY
from tests.support.factories import body_of
from tests.support.factories import comment as wire_comment
from tests.support.pairs import all_rows
from tests.support.published import SCHEMA
from tests.support.worlds import FIND, World

# Every route is covered by tests of its own; counting three hundred times costs as much again.
pytestmark = pytest.mark.no_cover

REFUSED = {401, 403, 404}
SIGNED = {
    "deliveries.send_delivery": "application/json",
    "deliveries.send_backfill": "application/x-ndjson",
}
DETECTOR = {"name": "Mine", "kind": "keyword_surge", "threshold": 2, "words": ["烂脸"]}
RULE = {"name": "Mine", "conditions": {"kinds": ["dm"]}, "effects": {"tags": ["mine"]}}
TARGET = {
    "first_response_seconds": 60,
    "next_response_seconds": 60,
    "resolution_seconds": 600,
}
POLICY = {"name": "Mine", "targets": dict.fromkeys(("urgent", "important", "routine"), TARGET)}

CALENDAR = {
    "name": "Mine",
    "zone": "Asia/Shanghai",
    "week": {"monday": [{"start": "09:00", "end": "18:00"}]},
}
FEED = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nEND:VCALENDAR\r\n"
ABSENCE = {"reason": "out_of_office", "ends_at": "2028-11-01T00:00:00Z"}
LAYER = {"name": "first", "member_ids": ["{member_id}"], "first_on": "2026-11-23"}
ROTA = {"name": "Mine", "zone": "Asia/Shanghai", "layers": [LAYER]}
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()

SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()
SILENCE = {"conditions": {"group": "nobody"}, "until": SOON, "reason": "Mine"}
STEPS = [{"percent": 100, "audience": [{"kind": "member", "id": "{member_id}"}]}]
VIEW = {"name": "Mine", "where": {"in": "cases", "tier": ["urgent"]}}
REPORT = {"name": "Mine", "kind": "weekly", "channel_id": "{channel_id}"}
INHIBITION = {"name": "Mine", "source": {"crisis": True}, "same": "post"}
SUBSCRIPTION = {"name": "Mine", "url": "https://hooks.example.com/in", "kinds": ["*"]}

# A body that is fine in itself, for each route that needs one.
BODIES: dict[str, Any] = {
    "dashboard.put_zone": {"tz": "Asia/Shanghai"},
    "followers.change_follower": {"advocate": True},
    "objectives.save_objective": {"source_ids": ["{source_id}"]},
    "bursts.answer_burst": {"case_ids": ["{case_id}"], "text": "129 元"},
    "calendars.change_calendar": CALENDAR,
    "calendars.create_calendar": CALENDAR,
    "calendars.upload_feed": FEED,
    "bulk.act": {"case_ids": ["{case_id}"], "act": "assign", "member_id": None},
    "cases.record_reply": {"text": "谢谢"},
    "cases.snooze": {"until": "2027-01-01T00:00:00Z"},
    "cases.assign": {"member_id": None},
    "cases.retier": {"tier": "routine"},
    "channels.change_channel": {"name": "Mine"},
    "keys.create_key": {"name": "Mine", "scopes": ["read"]},
    "keys.rotate_key": {},
    "commands.send_command": {"text": "help"},
    "dead_letters.redrive_all": {},
    "exports.order_export": {"what": "messages"},
    "inhibitions.change_inhibition": INHIBITION,
    "inhibitions.create_inhibition": INHIBITION,
    "ladders.change_ladder": {"steps": STEPS},
    "ladders.create_ladder": {"name": "Mine", "steps": STEPS},
    "members.change_member": {"name": "Mine"},
    "messages.correct_judgement": {"tier": "routine"},
    "policies.change_policy": POLICY,
    "presence.put_presence": {"doing": "viewing", "member_id": "{member_id}"},
    "policies.create_policy": POLICY,
    "quarantine.release": {},
    "reports.change_report": REPORT,
    "reports.create_report": REPORT,
    "rotas.change_rota": ROTA,
    "rotas.create_rota": ROTA,
    "rotas.override_rota": {"member_id": "{member_id}", "ends_at": TOMORROW},
    "rules.change_rule": RULE,
    "detectors.change_detector": DETECTOR,
    "detectors.create_detector": DETECTOR,
    "detectors.try_detector": {"detector": DETECTOR},
    "rules.create_rule": RULE,
    "rules.try_rule": {"rule": RULE},
    "samples.check_sample": {"tier": "routine"},
    "silences.create_silence": SILENCE,
    "silences.preview_silence": SILENCE,
    "sources.change_source": {"name": "Mine"},
    "standstills.announce_standstill": ABSENCE,
    "subscriptions.change_subscription": {"name": "Mine"},
    "subscriptions.create_subscription": SUBSCRIPTION,
    "views.change_view": VIEW,
    "views.create_view": VIEW,
    "teams.change_team": {"name": "Mine"},
    "teams.create_team": {"name": "Mine"},
    "teams.put_contacts": {"slack": "U024BE7LJ"},
}


# What a query cannot do without.
QUERIES: dict[str, dict[str, str]] = {"search.search": {"q": "瓶子"}}

# What a row says whose it is by; some rows are nobody's.
COLUMNS = {"workspaces": "id", "processes": None, "sign_in_guesses": None}
# No key has a session; `test_sign_in.py` has two people try each other's.
OF_PEOPLE = {"me.end_session"}


class Case(NamedTuple):
    operation: str
    method: str
    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation}-{self.name}"


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in SCHEMA["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return SCHEMA["components"]["schemas"][name] if name else schema


def id_fields(schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """Pointers to every id in a body; `-` stands for an element of a list."""
    schema = resolved(schema)
    if schema.get("format") == "uuid":
        yield place
    for part in [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        yield from id_fields(part, place)
    if "items" in schema:
        yield from id_fields(schema["items"], f"{place}/-")
    for name, part in schema.get("properties", {}).items():
        yield from id_fields(part, f"{place}/{name}")


def cases(where: str) -> list[Case]:
    found = []
    for path, method, operation in operations():
        if operation["operationId"] in OF_PEOPLE:
            continue
        for parameter in operation.get("parameters", []):
            # A metric's name is everybody's.
            in_path = where == "path" and parameter["name"] != "name"
            is_id = in_path or '"uuid"' in json.dumps(parameter["schema"])
            if parameter["in"] == where and is_id:
                found.append(Case(operation["operationId"], method, path, parameter["name"]))
    return found


def body_cases() -> list[Case]:
    found = []
    for path, method, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        found += [
            Case(operation["operationId"], method, path, place)
            for place in sorted(set(id_fields(schema)))
        ]
    return found


def filled(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"FIND in tests/support/worlds.py needs an id for {path}"
    return path


def with_value(document: Any, place: str, value: str) -> Any:
    """The document with `value` at a pointer; what is missing on the way is made."""
    if not place:
        return value
    step, _, rest = place[1:].partition("/")
    rest = f"/{rest}" if rest else ""
    if step == "-":
        inner = document[0] if document else {"percent": 100} if rest else {}
        return [with_value(inner, rest, value)]
    return (document or {}) | {step: with_value((document or {}).get(step), rest, value)}


async def snapshot(database: Database, world: World) -> dict[str, str | None]:
    """A fingerprint of every table, as far as the workspace owns it."""
    prints: dict[str, str | None] = {}
    async with database.system() as uow:
        for table in Base.metadata.sorted_tables:
            if table.name == "signature_refusals":
                continue  # a bad signature at a source's door is counted there, whoever knocks
            column = COLUMNS.get(table.name, "workspace_id")
            if column is None:
                continue
            print_of = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table.name} t"
            found = await uow.execute(
                f"{print_of} WHERE {column} = :id", {"id": world.workspace_id}
            )
            prints[table.name] = found.scalar_one()
    return prints


async def call(
    client: httpx.AsyncClient, case: Case, path: str, world: World, **more: Any
) -> httpx.Response:
    """Send what the world would send; a webhook is signed with its own secret."""
    if case.operation in SIGNED:
        body = body_of(wire_comment())
        headers = world.source.headers(body) | {"content-type": SIGNED[case.operation]}
        return await client.request(case.method, path, content=body, headers=headers)
    if isinstance(BODIES.get(case.operation), str):
        headers = {"content-type": "text/calendar"}
        return await client.request(
            case.method, path, content=BODIES[case.operation], headers=headers
        )
    content = ({"json": BODIES[case.operation]} if case.operation in BODIES else {}) | more
    if "json" in content:
        # A body that cannot do without a thing names one of mine.
        written = json.dumps(content["json"])
        for name in ("case_id", "channel_id", "member_id"):
            written = written.replace(f"{{{name}}}", world.ids[name])
        content["json"] = json.loads(written)
    return await client.request(case.method, path, **content)


async def test_what_is_put_back_is_what_was_there(
    database: Database, superuser: asyncpg.Connection, mine: World, theirs: World
) -> None:
    """The worlds are made once; each of the tests below finds them as they were."""
    before = await snapshot(database, mine), await snapshot(database, theirs)
    assert sum(found is not None for found in before[0].values()) > 40
    kept = await all_rows(superuser)
    await superuser.execute(EMPTY + kept)
    assert (await snapshot(database, mine), await snapshot(database, theirs)) == before


def test_every_route_that_needs_a_body_has_one_here() -> None:
    needed = {
        operation["operationId"]
        for path, _, operation in operations()
        if "{" in path and operation.get("requestBody", {}).get("required")
    }
    assert needed - set(BODIES) - set(SIGNED) == set()


def test_every_id_a_route_takes_is_known_here() -> None:
    assert {case.name for case in cases("path") + cases("query")} <= set(FIND)


@pytest.mark.parametrize("case", cases("path"), ids=str)
async def test_an_id_of_another_workspace_in_the_address_is_refused(
    app: FastAPI, database: Database, mine: World, theirs: World, case: Case
) -> None:
    # One foreign id at a time: the other ones are mine.
    foreign = filled(case.path, mine.ids | {case.name: theirs.ids[case.name]})
    before = await snapshot(database, theirs)
    async with client_of(app, mine.key) as client:
        response = await call(client, case, foreign, mine)
        assert response.status_code in REFUSED, response.text
        assert await snapshot(database, theirs) == before
        # With my own id the same call finds its thing, so it was the id that was refused.
        own = await call(client, case, filled(case.path, mine.ids), mine)
    assert own.status_code not in REFUSED, own.text


@pytest.mark.parametrize("case", cases("query"), ids=str)
async def test_an_id_of_another_workspace_in_the_query_finds_nothing(
    app: FastAPI, database: Database, mine: World, theirs: World, case: Case
) -> None:
    async with client_of(app, mine.key) as client:
        path = filled(case.path, mine.ids)
        base = QUERIES.get(case.operation, {})
        theirs_named = base | {case.name: theirs.ids[case.name]}
        foreign = await call(client, case, path, mine, params=theirs_named)
        own = await call(client, case, path, mine, params=base | {case.name: mine.ids[case.name]})
    assert foreign.status_code in REFUSED or foreign.json()["items"] == []
    assert own.json()["items"]


# What a body's id is called in the worlds.
BODY_NAMES = {
    "/calendar_id": "calendar_id",
    "/case_ids/-": "case_id",
    "/effects/assign_to": "member_id",
    "/channel_id": "channel_id",
    "/conditions/case_id": "case_id",
    "/conditions/follower_id": "follower_id",
    "/conditions/post_id": "post_id",
    "/conditions/rule_id": "rule_id",
    "/conditions/source_id": "source_id",
    "/conditions/thread_id": "thread_id",
    "/delivery_ids/-": "delivery_id",
    "/filters/source_id": "source_id",
    "/ladder_id": "ladder_id",
    "/layers/-/member_ids/-": "member_id",
    "/match/post_ids/-": "post_id",
    "/match/source_ids/-": "source_id",
    "/member_id": "member_id",
    "/member_ids/-": "member_id",
    "/source/rule_id": "rule_id",
    "/detector/ladder_id": "ladder_id",
    "/detector/post_id": "post_id",
    "/detector/rule_id": "rule_id",
    "/detector/source_id": "source_id",
    "/post_id": "post_id",
    "/rule_id": "rule_id",
    "/source_id": "source_id",
    "/source_ids/-": "source_id",
    "/stand_in_id": "member_id",
    "/target/rule_id": "rule_id",
    "/rule/effects/assign_to": "member_id",
    "/steps/-/audience/-/id": "member_id",
    "/steps/-/channel_ids/-": "channel_id",
    "/steps/-/fallback_channel_id": "channel_id",
    "/where/assignee_id": "member_id",
    "/where/follower_id": "follower_id",
    "/where/source_id": "source_id",
}


@pytest.mark.parametrize("case", body_cases(), ids=str)
async def test_an_id_of_another_workspace_in_the_body_is_refused(
    app: FastAPI, database: Database, mine: World, theirs: World, case: Case
) -> None:
    name = BODY_NAMES[case.name]
    path = filled(case.path, mine.ids)
    before = await snapshot(database, theirs), await snapshot(database, mine)
    async with client_of(app, mine.key) as client:
        body = with_value(BODIES[case.operation], case.name, theirs.ids[name])
        foreign = await call(client, case, path, mine, json=body)
        body = with_value(BODIES[case.operation], case.name, mine.ids[name])
        own = await call(client, case, path, mine, json=body)
    # Of many at once each is refused by itself.
    each_refused = foreign.is_success and foreign.json().get("done") == 0
    assert foreign.status_code in REFUSED | {422} or each_refused, foreign.text
    assert await snapshot(database, theirs) == before[0]
    assert own.is_success, own.text


async def test_a_cursor_of_another_workspace_leads_nowhere(
    app: FastAPI, mine: World, theirs: World
) -> None:
    async with client_of(app, theirs.key) as client:
        cursor = (await client.get("/v1/audit", params={"limit": 1})).json()["next_cursor"]
    async with client_of(app, mine.key) as client:
        foreign = await client.get("/v1/audit", params={"cursor": cursor})
    assert foreign.status_code == 422
    assert foreign.json()["code"] == "invalid_cursor"


@pytest.mark.parametrize("table", [table.name for table in Base.metadata.sorted_tables])
async def test_postgres_itself_hides_the_rows_of_other_workspaces(
    database: Database, mine: World, theirs: World, table: str
) -> None:
    """Row-level security stands even where a query forgets to name the workspace."""
    column = COLUMNS.get(table, "workspace_id")
    if column is None:
        return
    async with database.read(mine.workspace_id) as uow:
        seen = await uow.execute(f"SELECT DISTINCT {column} FROM {table}")
        assert set(seen.scalars()) <= {mine.workspace_id}
