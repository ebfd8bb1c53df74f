"""Who may do what: every operation × every scope; and no field that is not written down."""

from typing import Any, Final, NamedTuple
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import client_of, make_key
from tests.support.published import SCHEMA
from tests.support.queries import captured_queries, counted_queries
from tests.support.webhooks import is_problem
from tests.support.worlds import World

# People at work act on these; everything else that is changed is setting up.
ACTED_ON: Final = frozenset(
    {
        "alerts",
        "bulk",
        "bursts",
        "cases",
        "dead_letters",
        "followers",
        "messages",
        "samples",
        "views",
    }
)
# By operation, or by module where all of them are the same.
OTHERWISE: Final = {
    "audit": Scope.MANAGE,
    "commands": Scope.WORK,
    "exports": Scope.MANAGE,
    "identity_provider": Scope.ADMIN,
    "keys": Scope.ADMIN,
    "members.end_sessions": Scope.ADMIN,
    "members.invite_member": Scope.ADMIN,
    "presence.leave": Scope.WORK,
    "presence.put_presence": Scope.WORK,
    "rotas.end_override": Scope.WORK,
    "rotas.override_rota": Scope.WORK,
    "rules.try_rule": Scope.MANAGE,
    "silences.create_silence": Scope.WORK,
    "silences.end_silence": Scope.WORK,
    "silences.preview_silence": Scope.READ,
    "teams.get_contacts": Scope.MANAGE,
    "workspaces.change_workspace": Scope.ADMIN,
}
# Everybody's own, whatever they may do; and what only people have, no key.
OWN: Final = frozenset({"me.who_am_i"})
OF_PEOPLE: Final = frozenset(
    {"me.change_password", "me.end_session", "me.end_sessions", "me.list_sessions"}
)
# What every workspace has in common has nobody it belongs to.
COMMON: Final = frozenset({"name"})


class Operation(NamedTuple):
    name: str
    method: str
    path: str
    told: dict[str, Any]

    @property
    def scope(self) -> Scope:
        """What it takes, by the rule above; a new operation is held to it."""
        module = self.name.partition(".")[0]
        if exception := OTHERWISE.get(self.name) or OTHERWISE.get(module):
            return exception
        if self.method == "GET":
            return Scope.READ
        return Scope.WORK if module in ACTED_ON else Scope.MANAGE

    @property
    def body(self) -> dict[str, Any] | None:
        """The model of its JSON body, if it takes one."""
        content = self.told.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        refs = [part.get("$ref") for part in [schema, *schema.get("anyOf", [])] if "$ref" in part]
        return SCHEMA["components"]["schemas"][refs[0].rpartition("/")[2]] if refs else None

    def at(self, thing: str) -> str:
        path = self.path
        while "{" in path:
            before, _, after = path.partition("{")
            path = before + thing + after.partition("}")[2]
        return path


OPERATIONS: Final = [
    Operation(told["operationId"], method.upper(), path, told)
    for path, item in SCHEMA["paths"].items()
    for method, told in item.items()
]
# The stream has no end to wait for; its key is looked at like every other.
GUARDED: Final = [
    each
    for each in OPERATIONS
    if each.told.get("security") and each.name not in {"stream.listen", *OWN, *OF_PEOPLE}
]


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
async def test_a_key_opens_what_its_scope_is_for_and_nothing_else(
    app: FastAPI, database: Database, workspace: Workspace, scope: Scope
) -> None:
    wrong = {}
    async with client_of(app, await make_key(database, workspace.id, scope)) as client:
        for each in GUARDED:
            answer = await client.request(each.method, each.at(str(uuid4())))
            if (answer.status_code == 403) is (each.scope is scope):
                wrong[each.name] = answer.status_code
    assert wrong == {}


async def test_an_admins_key_opens_everything(api: httpx.AsyncClient) -> None:
    refused = {
        each.name
        for each in GUARDED
        if (await api.request(each.method, each.at(str(uuid4())))).status_code in {401, 403}
    }
    assert refused == set()


async def test_without_a_key_nothing_is_open(anonymous: httpx.AsyncClient) -> None:
    for each in GUARDED:
        answer = await anonymous.request(each.method, each.at(str(uuid4())))
        assert is_problem(answer, 401, "bad_key"), each.name


@pytest.mark.parametrize("field", ["workspace_id", "id", "is_admin", "__proto__"])
async def test_no_body_takes_a_field_it_does_not_have(api: httpx.AsyncClient, field: str) -> None:
    for each in GUARDED:
        if each.body is None or field in each.body.get("properties", {}):
            continue
        (example,) = each.body.get("examples", [{}])[:1]
        answer = await api.request(
            each.method, each.at(str(uuid4())), json=example | {field: str(uuid4())}
        )
        assert is_problem(answer, 422, "invalid_request"), each.name
        codes = [part["code"] for part in answer.json()["errors"]]
        assert "unknown_field" in codes, each.name


async def test_what_belongs_to_others_looks_like_what_is_not_there(
    app: FastAPI, database: Database, mine: World, theirs: World
) -> None:
    """The same words, and the same work behind them."""
    async with client_of(app, mine.key) as client:
        for each in GUARDED:
            names = [part["name"] for part in each.told.get("parameters", ())]
            found = [name for name in names if f"{{{name}}}" in each.path]
            if each.method != "GET" or not found or COMMON.issuperset(found):
                continue
            # The key is remembered from the first call on.
            await client.get(each.at(str(uuid4())))
            with counted_queries(database) as for_theirs:
                foreign = await client.get(each.at(theirs.ids[found[0]]))
            with counted_queries(database) as for_none:
                none = await client.get(each.at(str(uuid4())))
            assert foreign.status_code == none.status_code == 404, each.name
            assert foreign.json() | {"request_id": ""} == none.json() | {"request_id": ""}
            said = [statement for statement, _ in for_theirs]
            expected = [statement for statement, _ in for_none]
            assert said == expected, each.name


async def test_a_key_of_a_known_prefix_asks_the_database_what_any_wrong_key_asks(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    known = await make_key(database, workspace.id)
    asked = []
    for wrong in (f"{known[:12]}{'a' * 40}", f"wl_{'z' * 8}_{'a' * 40}"):
        with captured_queries(database) as sent:
            bearer = {"authorization": f"Bearer {wrong}"}
            assert (await anonymous.get("/v1/workspace", headers=bearer)).status_code == 401
        asked.append([statement for statement, _ in sent])
    assert asked[0] == asked[1]
    assert len(asked[0]) == 1


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("POST /v1/ladders", {"name": "a", "steps": [{"percent": 1}] * 10_000}),
        (
            "POST /v1/ladders",
            {"name": "a", "steps": [{"percent": 1, "channel_ids": [str(uuid4())] * 5_000}]},
        ),
        (
            "POST /v1/sources",
            {"name": "a", "platform": "x", "own_accounts": [str(n) for n in range(10_000)]},
        ),
        ("POST /v1/keys", {"name": "a", "scopes": ["read"] * 10_000}),
        ("POST /v1/members", {"handle": "a", "name": "🧴" * 201}),
        ("POST /v1/members", {"handle": "a", "name": "e" + "\u0301" * 5_000}),
        ("POST /v1/members", {"handle": "a", "name": "A", "active": 1}),
        ("POST /v1/sources", {"name": True, "platform": "x"}),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_too_many_or_too_long_is_422(api: httpx.AsyncClient, call: str, body: object) -> None:
    method, path = call.split()
    assert is_problem(await api.request(method, path, json=body), 422, "invalid_request")


@pytest.mark.parametrize(
    "query",
    [
        "sort=;drop table cases",
        "order=-created_at",
        "fields=$.**",
        "state=open' OR '1'='1",
        "state=$ne",
        "state[]=open",
        "text=%25%27;--",
        "text=(a%2B)%2B$",
    ],
)
async def test_a_filter_is_a_value_or_refused_and_never_a_statement(
    api: httpx.AsyncClient, query: str
) -> None:
    for path in ("/v1/cases", "/v1/messages", "/v1/alerts"):
        answer = await api.get(f"{path}?{query}")
        assert answer.status_code in {200, 422}
        if answer.is_success:
            assert answer.json()["items"] == []
