"""What all lists have in common, tried on every list of the published schema."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from typing_extensions import override

from services.core.board.types import CaseExtra, MessageExtra
from services.core.kit.uow import Database
from tests.support.client import client_of
from tests.support.crowds import multiply
from tests.support.published import SCHEMA, answer_of, orders_of, query_of
from tests.support.queries import counted_queries
from tests.support.webhooks import is_problem
from tests.support.worlds import World, make_world

# What a list cannot do without, and what makes it show something.
QUERIES: dict[str, dict[str, str]] = {
    "search.search": {"q": "瓶子"},
    "quarantine.list_quarantined": {},
    # Unasked from now on, which is later with every call.
    "rotas.list_shifts": {"from": "2026-11-21T00:00:00Z", "to": "2026-12-05T00:00:00Z"},
}
METRIC = "inbound"
# Of cases, the one way is not the other turned round: what owes nothing is last in both.
OWN_ORDERS = ("next_due_at", "tier")
# These lie by their ids, which are made as the rows are: a clock that is set by hand may differ.
BY_ID = {
    "alerts.list_deliveries",
    "audit.list_audit",
    "dead_letters.list_dead_letters",
    "deliveries.list_deliveries",
    "exports.list_exports",
    "keys.list_keys",
    "members.list_members",
    "quarantine.list_quarantined",
    "sources.list_sources",
    "subscriptions.list_deliveries",
}


class Listing(NamedTuple):
    operation: str
    path: str
    parameters: Mapping[str, dict[str, Any]]
    orders: Sequence[str]

    @override
    def __str__(self) -> str:
        return self.operation


def listings() -> Iterator[Listing]:
    """Every operation whose answer is a list of rows."""
    for path, item in SCHEMA["paths"].items():
        operation = item.get("get", {})
        if answer_of(operation):
            orders = orders_of(operation)
            yield Listing(operation["operationId"], path, query_of(operation), orders)


# No key has a session.
ALL = [each for each in listings() if each.operation != "me.list_sessions"]
PAGED = [each for each in ALL if "cursor" in each.parameters]


def address(listing: Listing, world: World) -> str:
    path = listing.path.replace("{name}", METRIC)
    for name, value in world.ids.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def edition_of(answer: httpx.Response) -> str:
    """What `If-Match` compares."""
    return str(answer.headers["etag"]).strip('"').partition("-")[0]


def rows_in(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    named = ("items", "cases", "messages", "followers")
    return next((answer[name] for name in named if answer.get(name)), [])


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database, "Mine")


async def read(
    client: httpx.AsyncClient, listing: Listing, world: World, **query: Any
) -> httpx.Response:
    asked = QUERIES.get(listing.operation, {}) | query
    return await client.get(address(listing, world), params=asked)


async def test_no_list_takes_a_cursor_it_did_not_give_out(
    app: FastAPI, database: Database, world: World
) -> None:
    theirs = await make_world(database, "Theirs")
    foreign = {}
    async with client_of(app, theirs.key) as client:
        for listing in PAGED:
            page = await read(client, listing, theirs, limit=1)
            assert page.status_code == 200, (listing, page.text)
            foreign[listing.operation] = page.json()["next_cursor"]
    async with client_of(app, world.key) as client:
        audit = (await client.get("/v1/audit", params={"limit": 1})).json()["next_cursor"]
        turned = (await client.get("/v1/audit", params={"limit": 1, "sort": "at"})).json()
        raw = base64.urlsafe_b64decode(audit + "=" * (-len(audit) % 4))
        other_row = base64.urlsafe_b64encode(raw.replace(b"-7", b"-8")).decode()
        crafted = ["AAAA", "x", "🐟", audit[:-3], audit[1:], other_row, "A" * 2_049, "A" * 7_000]
        for listing in PAGED:
            mine = [] if listing.operation == "audit.list_audit" else [audit]
            given = foreign[listing.operation]
            tried = [*crafted, turned["next_cursor"], *mine, *([given] if given else [])]
            for cursor in tried:
                answer = await read(client, listing, world, cursor=cursor)
                assert answer.status_code == 422, (listing, cursor[:60], answer.text)
                assert answer.json()["code"] in {"invalid_cursor", "invalid_request"}
    # Theirs were really there to be tried.
    assert sum(given is not None for given in foreign.values()) >= 3


async def test_every_list_gives_only_the_fields_that_are_asked_for(
    app: FastAPI, world: World
) -> None:
    shown = 0
    async with client_of(app, world.key) as client:
        for listing in ALL:
            names = listing.parameters["fields"]["schema"]["items"]["enum"]
            whole = await read(client, listing, world)
            for row in rows_in(whole.json()):
                assert set(row) <= set(names), listing
            first, last = names[0], names[-1]
            cut = await read(client, listing, world, fields=f"{first},{last}")
            assert cut.status_code == 200, (listing, cut.text)
            for row, full in zip(rows_in(cut.json()), rows_in(whole.json()), strict=True):
                assert row == {name: full[name] for name in (first, last) if name in full}
                shown += 1
            apart = await client.get(
                address(listing, world),
                params=QUERIES.get(listing.operation, {}) | {"fields": [first, last]},
            )
            assert apart.json() == cut.json()
            refused = await read(client, listing, world, fields=f"{first},nonsense")
            assert is_problem(refused, 422, "invalid_request"), listing
    assert shown >= 45


async def test_no_list_takes_an_order_it_does_not_publish(app: FastAPI, world: World) -> None:
    async with client_of(app, world.key) as client:
        for listing in PAGED:
            if not listing.orders:
                continue
            for made_up in ("id; DROP TABLE cases", "", "--name", listing.orders[0].upper()):
                answer = await read(client, listing, world, sort=made_up)
                assert is_problem(answer, 422, "invalid_request"), (listing, answer.text)
                assert answer.json()["errors"][0]["pointer"] == "query/sort", listing


async def walk(
    client: httpx.AsyncClient, listing: Listing, world: World, **query: Any
) -> list[dict[str, Any]]:
    """The rows of all pages, three a page."""
    rows: list[dict[str, Any]] = []
    page = (await read(client, listing, world, limit=3, **query)).json()
    while True:
        rows += rows_in(page)
        if page["next_cursor"] is None:
            return rows
        query["cursor"] = page["next_cursor"]
        page = (await read(client, listing, world, limit=3, **query)).json()


async def test_pages_lose_and_double_no_row_in_any_order(
    app: FastAPI, database: Database, world: World
) -> None:
    await multiply(database, world, 7)
    walked: dict[str, dict[str | None, list[dict[str, Any]]]] = {}
    async with client_of(app, world.key) as client:
        for listing in PAGED:
            found = walked.setdefault(listing.operation, {})
            for order in listing.orders or [None]:
                query = {"sort": order} if order else {}
                answer = await read(client, listing, world, limit=200, **query)
                assert answer.status_code == 200, (listing, order, answer.text)
                found[order] = rows_in(answer.json())
                assert await walk(client, listing, world, **query) == found[order], (listing, order)
    for operation, found in walked.items():
        for order, rows in found.items():
            if order is None or order.startswith(("-", *OWN_ORDERS)):
                continue
            assert rows == found[f"-{order}"][::-1], (operation, order)
            if operation in BY_ID and order != "name":
                continue
            values = [row[order] for row in rows if row.get(order) is not None]
            assert values == sorted(values), (operation, order)
    many = [name for name, found in walked.items() if len(next(iter(found.values()))) > 6]
    assert len(many) >= 25, sorted(set(walked) - set(many))


async def test_of_one_thing_there_is_only_what_is_asked_for_under_the_tag_of_the_whole(
    app: FastAPI, world: World
) -> None:
    shown = set()
    async with client_of(app, world.key) as client:
        for path, item in SCHEMA["paths"].items():
            told = {each["name"]: each for each in item.get("get", {}).get("parameters", [])}
            if "fields" not in told or not path.endswith("_id}"):
                continue
            place = path.format(**world.ids)
            whole = await client.get(place)
            if whole.status_code != 200:
                continue  # not all of them are in this world
            names = told["fields"]["schema"]["items"]["enum"]
            assert set(whole.json()) <= set(names), path
            cut = await client.get(place, params={"fields": f"{names[0]},{names[-1]}"})
            assert cut.json() == {name: whole.json()[name] for name in (names[0], names[-1])}, path
            assert edition_of(cut) == edition_of(whole), path
            assert cut.headers["etag"] != whole.headers["etag"], path
            shown.add(path)
    assert len(shown) >= 15, shown


async def test_what_is_cut_has_a_tag_of_its_own(app: FastAPI, world: World) -> None:
    async with client_of(app, world.key) as client:
        whole = await client.get("/v1/cases")
        cut = await client.get("/v1/cases", params={"fields": "id"})
        again = {"if-none-match": cut.headers["etag"]}
        known = await client.get("/v1/cases", params={"fields": "id"}, headers=again)
    assert cut.headers["etag"] != whole.headers["etag"]
    assert int(cut.headers["content-length"]) == len(cut.content)
    assert known.status_code == 304


async def test_a_list_asks_the_database_as_often_for_many_rows_as_for_one(
    app: FastAPI, database: Database, world: World
) -> None:
    few: dict[str, tuple[int, int]] = {}
    many: dict[str, tuple[int, int]] = {}
    extras = {"cases.list_cases": list(CaseExtra), "messages.list_messages": list(MessageExtra)}
    async with client_of(app, world.key) as client:
        for counted in (few, many):
            for listing in ALL:
                extra = extras.get(listing.operation)
                with counted_queries(database) as sent:
                    answer = await read(
                        client, listing, world, **({"include": extra} if extra else {})
                    )
                assert answer.status_code == 200, (listing, answer.text)
                counted[listing.operation] = (len(rows_in(answer.json())), len(sent))
            if counted is few:
                await multiply(database, world, 20)
    for operation, (rows, statements) in few.items():
        if rows:
            assert many[operation][1] == statements, operation
    longer = [name for name, (rows, _) in many.items() if rows >= few[name][0] + 19]
    assert len(longer) >= 25, sorted(set(few) - set(longer))
