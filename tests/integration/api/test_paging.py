"""Pages read while rows come, go and change: what was there throughout is seen, and seen once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.board.types import CaseSort
from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.triage.types import Tier
from services.core.workspaces.types import Workspace
from tests.support import rows as make

# Few enough moments that many rows share one, and pages end in the midst of them.
MOMENTS = 5
STEADY = 24
LIMIT = 5

Disturb = Callable[[], Awaitable[None]]


async def read_all(
    api: httpx.AsyncClient, path: str, disturb: Disturb, **query: str
) -> list[dict[str, Any]]:
    """Every page, with something happening before each but the first."""
    seen: list[dict[str, Any]] = []
    asked: dict[str, Any] = query | {"limit": LIMIT}
    while True:
        answer = await api.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += page["items"]
        if page["next_cursor"] is None:
            return seen
        asked = asked | {"cursor": page["next_cursor"]}
        await disturb()
        assert len(seen) < 500


def steady_in_order(seen: list[dict[str, Any]], steady: set[str]) -> list[dict[str, Any]]:
    """Those of them that were there throughout, each of which must be seen once."""
    kept = [row for row in seen if row["id"] in steady]
    assert len(kept) == len(steady)
    assert {row["id"] for row in kept} == steady
    return kept


def key_of(row: dict[str, Any], sort: CaseSort) -> Any:
    pressing = [tier.value for tier in Tier].index(row["tier"]) if sort.by_tier else 0
    name = "next_due_at" if sort.by_tier or sort.by_due else sort.column
    return pressing, row[name] or "9999", row["id"]


@pytest.mark.parametrize("sort", list(CaseSort))
async def test_cases_that_stay_as_they_are_are_listed_once_in_every_order(
    api: httpx.AsyncClient, database: Database, workspace: Workspace, sort: CaseSort
) -> None:
    chance = Random(sort)  # noqa: S311 - seeded, so that what fails fails again

    def some(now: datetime) -> dict[str, Any]:
        due, opened, spoken = (now + timedelta(hours=chance.randrange(MOMENTS)) for _ in "abc")
        return {
            "next_due_at": chance.choice([due, due, None]),
            "opened_at": opened,
            "last_message_at": spoken,
            "tier": chance.choice(list(Tier)).value,
            "state": chance.choice(["open", "answered", "snoozed"]),
        }

    async with database.unit(workspace.id) as uow:
        source = (await make.add_source(uow)).id
        made = [(await make.add_case(uow, source, **some(uow.now))).id for _ in range(STEADY + 8)]
    steady, moving = {str(case_id) for case_id in made[:STEADY]}, made[STEADY:]

    async def disturb() -> None:
        async with database.unit(workspace.id) as uow:
            moving.append((await make.add_case(uow, source, **some(uow.now))).id)
            changed = some(uow.now)
            due = changed["next_due_at"]
            await uow.execute(
                "UPDATE cases SET next_due_at = :due, sort_due_at = :sort_due, tier = :tier,"
                " opened_at = :opened_at, last_message_at = :last_message_at, state = :state"
                " WHERE id = :id",
                {
                    **changed,
                    "due": due,
                    "sort_due": due or make.NO_DUE,
                    "id": chance.choice(moving),
                },
            )
            gone = moving.pop(chance.randrange(len(moving)))
            await uow.execute("DELETE FROM cases WHERE id = :id", {"id": gone})

    kept = steady_in_order(await read_all(api, "/v1/cases", disturb, sort=sort), steady)
    assert kept == sorted(kept, key=lambda row: key_of(row, sort), reverse=sort.backwards)


@pytest.mark.parametrize("sort", ["occurred_at", "-occurred_at"])
async def test_messages_that_stay_as_they_are_are_listed_once_both_ways(
    api: httpx.AsyncClient, database: Database, workspace: Workspace, sort: str
) -> None:
    chance = Random(sort)  # noqa: S311 - seeded, so that what fails fails again

    def moment(now: datetime) -> datetime:
        return now - timedelta(hours=chance.randrange(MOMENTS))

    async with database.unit(workspace.id) as uow:
        source = (await make.add_source(uow)).id
        steady = {
            str((await make.add_message(uow, source, occurred_at=moment(uow.now))).id)
            for _ in range(STEADY)
        }

    async def disturb() -> None:
        # History that is imported, and what is said now.
        async with database.unit(workspace.id) as uow:
            await make.add_message(uow, source, occurred_at=moment(uow.now))

    kept = steady_in_order(await read_all(api, "/v1/messages", disturb, sort=sort), steady)
    in_order = sorted(
        kept, key=lambda row: (row["occurred_at"], row["id"]), reverse=sort.startswith("-")
    )
    assert kept == in_order


@pytest.mark.parametrize("sort", ["name", "-name"])
@pytest.mark.parametrize("place", ["/v1/members", "/v1/teams"])
async def test_what_keeps_its_name_is_listed_once_while_others_come_and_change_theirs(
    api: httpx.AsyncClient, place: str, sort: str
) -> None:
    """Members are put in order by the database, teams after the reading."""
    chance = Random(sort)  # noqa: S311 - seeded, so that what fails fails again
    are_members = place == "/v1/members"
    made: list[str] = []

    async def make_one() -> str:
        # Members may share a name, teams may not.
        name = f"{chance.choice('aÄ鹿')}{'' if are_members else len(made)}"
        body = {"name": name} | ({"handle": f"h{len(made)}"} if are_members else {})
        answer = await api.post(place, json=body | ({} if are_members else {"member_ids": []}))
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
        return made[-1]

    steady = {await make_one() for _ in range(STEADY)}
    moving = [await make_one() for _ in range(8)]

    async def disturb() -> None:
        moving.append(await make_one())
        one = moving.pop(chance.randrange(len(moving)))
        if are_members:
            changed = await api.patch(f"{place}/{one}", json={"name": chance.choice("a鹿🐟")})
        else:
            changed = await api.delete(f"{place}/{one}")
        assert changed.is_success, changed.text

    kept = steady_in_order(await read_all(api, place, disturb, sort=sort), steady)
    in_order = sorted(kept, key=lambda row: (row["name"], row["id"]), reverse=sort.startswith("-"))
    assert kept == in_order


@pytest.mark.made_up_facts
async def test_facts_are_read_once_each_while_more_of_them_happen(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    made: list[str] = []

    async def happen() -> None:
        async with database.unit(workspace.id) as uow:
            facts = [Fact("case.opened", "case", UUID(int=len(made) + n)) for n in range(3)]
            await stream.announce(uow, facts)
        made.extend(str(fact.subject_id) for fact in facts)
        await stream.publish(database)

    await happen()
    seen: list[str] = []
    after, more = 0, True
    while more or len(made) < 30:
        page = (await api.get("/v1/facts", params={"after": after, "limit": 2})).json()
        seen += [fact["subject_id"] for fact in page["items"]]
        after, more = page["next_after"], page["more"]
        if len(made) < 30:
            await happen()
    assert seen == made


@pytest.mark.parametrize(
    ("path", "make_row", "column"),
    [
        ("followers", make.add_follower, "last_seen_at"),
        ("posts", make.add_post, "published_at"),
    ],
)
async def test_followers_and_posts_come_in_both_orders(
    *,
    api: httpx.AsyncClient,
    database: Database,
    workspace: Workspace,
    path: str,
    make_row: Callable[..., Awaitable[Any]],
    column: str,
) -> None:
    async with database.unit(workspace.id) as uow:
        source = (await make.add_source(uow)).id
        for number in range(12):
            at = uow.now + timedelta(hours=number % 3)
            # A post that was only referred to has no time.
            without = path == "posts" and number % 4 == 0
            await make_row(uow, source, **{column: None if without else at})

    async def disturb() -> None:
        return None

    forth = await read_all(api, f"/v1/{path}", disturb, sort=column)
    back = await read_all(api, f"/v1/{path}", disturb, sort=f"-{column}")
    assert [row["id"] for row in forth] == [row["id"] for row in back][::-1]
    assert [row["id"] for row in back] == [
        row["id"] for row in await read_all(api, f"/v1/{path}", disturb)
    ]
    known = [row[column] for row in forth]
    assert known == sorted(known, key=lambda at: at or "")
    assert len({row["id"] for row in forth}) == 12
