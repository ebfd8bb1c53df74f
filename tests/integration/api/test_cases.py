from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.queries import counted_queries
from tests.support.webhooks import is_problem

HOUR = timedelta(hours=1)


@pytest.fixture
async def story(database: Database, workspace: Workspace) -> Any:
    """A comment that deserves a reply, folded into a case with its promises."""
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        story = await make.add_story(uow)
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
    return story


async def only_case(api: httpx.AsyncClient, **query: object) -> dict[str, Any]:
    (case,) = (await api.get("/v1/cases", params=query)).json()["items"]
    return case


async def open_cases(database: Database, workspace: Workspace, *hours: float | None) -> list[UUID]:
    made = []
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        for each in hours:
            due = None if each is None else uow.now + each * HOUR
            case = await make.add_case(uow, source.id, next_due_at=due)
            made.append(case.id)
    return made


async def ids_of(api: httpx.AsyncClient, **query: object) -> list[UUID]:
    response = await api.get("/v1/cases", params=query)
    assert response.status_code == 200, response.text
    return [UUID(case["id"]) for case in response.json()["items"]]


async def test_cases_come_by_next_due_and_those_owing_nothing_last(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    late, idle, soon = await open_cases(database, workspace, 5, None, 1)
    assert await ids_of(api) == [soon, late, idle]


async def test_pages_hold_every_case_once_even_at_equal_due_times(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    made = await open_cases(database, workspace, 1, 1, 1, 2, 2, None, None)
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/cases", params=query)).json()
        seen += [UUID(case["id"]) for case in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(made)
    assert set(seen) == set(made)


async def test_a_forged_cursor_is_refused(api: httpx.AsyncClient) -> None:
    response = await api.get("/v1/cases", params={"cursor": "AAAA"})
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_cursor"


async def test_a_cursor_of_another_list_is_refused(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await open_cases(database, workspace, 1, 2)
    page = (await api.get("/v1/cases", params={"limit": 1})).json()
    response = await api.get("/v1/messages", params={"cursor": page["next_cursor"]})
    assert response.json()["code"] == "invalid_cursor"


async def test_resolved_and_void_cases_are_left_out_unless_asked_for(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        made = {
            state: (await make.add_case(uow, source.id, state=state)).id
            for state in ("open", "answered", "snoozed", "resolved", "void")
        }
    assert set(await ids_of(api)) == {made["open"], made["answered"], made["snoozed"]}
    assert await ids_of(api, state="resolved") == [made["resolved"]]
    assert set(await ids_of(api, state=["void", "open"])) == {made["void"], made["open"]}


async def test_each_filter_keeps_only_what_it_names(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        other = await make.add_source(uow)
        follower = await make.add_follower(uow, source.id)
        member = await make.add_member(uow)
        wanted = await make.add_case(
            uow,
            source.id,
            tier="important",
            category="partnership",
            assignee_id=member.id,
            follower_id=follower.id,
            next_due_at=uow.now + HOUR,
        )
        rest = await make.add_case(uow, other.id, next_due_at=uow.now + 9 * HOUR)
        idle = await make.add_case(uow, other.id)
        soon = uow.now + 2 * HOUR
    for query in (
        {"tier": "important"},
        {"tier": ["important", "spam"]},
        {"category": "partnership"},
        {"assignee_id": str(member.id)},
        {"source_id": str(source.id)},
        {"follower_id": str(follower.id)},
        {"due_before": soon.isoformat()},
        {"tier": "important", "category": "partnership", "source_id": str(source.id)},
    ):
        assert await ids_of(api, **query) == [wanted.id], query
    assert set(await ids_of(api, assignee_id="none")) == {rest.id, idle.id}
    assert await ids_of(api, tier="important", category="complaint") == []


@pytest.mark.parametrize(
    "query",
    [
        {"state": "opened"},
        {"tier": "huge"},
        {"assignee_id": "somebody"},
        {"due_before": "2026-11-21T08:00:00"},
        {"due_before": "20000-01-01T00:00:00Z"},
        {"limit": "0"},
        {"text": ""},
    ],
)
async def test_a_filter_that_cannot_be_is_refused_without_echo(
    api: httpx.AsyncClient, query: dict[str, str]
) -> None:
    response = await api.get("/v1/cases", params=query)
    assert response.status_code == 422
    ((name, value),) = query.items()
    assert len(value) < 2 or value not in response.text
    assert name in response.json()["errors"][0]["pointer"]


async def test_text_is_found_in_messages_and_handles_and_never_as_a_pattern(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        anna = await make.add_follower(uow, source.id, handle="Anna_W")
        first = await make.add_case(uow, source.id, follower_id=anna.id)
        second = await make.add_case(uow, source.id)
        await make.add_message(uow, source.id, case_id=first.id, text="100% Cotton")
        await make.add_message(uow, source.id, case_id=second.id, text="用了烂脸 1000 cotton")
        await make.add_message(
            uow, source.id, case_id=second.id, text="taken back", deleted_at=uow.now
        )
    assert await ids_of(api, text="烂脸") == [second.id]
    assert set(await ids_of(api, text="COTTON")) == {first.id, second.id}
    assert set(await ids_of(api, text="100% cotton")) == {first.id, second.id}
    assert await ids_of(api, text="1_0 cotton") == await ids_of(api, text="1%0 cotton") == []
    assert await ids_of(api, text="anna_w") == [first.id]
    # One letter is in no index: the texts are read.
    assert await ids_of(api, text="脸") == [second.id]
    assert await ids_of(api, text="taken back") == []
    answer = await api.get("/v1/cases", params={"text": "%"})
    assert is_problem(answer, 422, "search.nothing_to_look_for")


async def test_a_line_says_who_where_and_what_it_is_about(
    api: httpx.AsyncClient, story: Any
) -> None:
    line = await only_case(api)
    assert line["follower"]["handle"] == "lily"
    assert line["post"]["title"] == "新品来了"
    assert line["excerpt"] == "用了烂脸，怎么办"
    assert line["assignee"] is None
    assert line["next_due_at"] is not None


async def test_a_list_costs_one_statement_however_long(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    await open_cases(database, workspace, 1)
    await ids_of(api)
    with counted_queries(database) as few:
        await ids_of(api)
    await open_cases(database, workspace, *range(1, 60))
    with counted_queries(database) as many:
        await ids_of(api, limit=50)
    assert len(few) == len(many) == 1


async def test_a_case_shows_its_thread_promises_and_why_it_was_judged_so(
    api: httpx.AsyncClient, story: Any
) -> None:
    line = await only_case(api)
    case = (await api.get(f"/v1/cases/{line['id']}")).json()
    assert case["state"] == "open"
    assert case["tier"] == "urgent"
    (message,) = case["messages"]
    assert message["text"] == "用了烂脸，怎么办"
    assert message["author"]["handle"] == "lily"
    kinds = {clock["kind"]: clock for clock in case["clocks"]}
    first = kinds["first_response"]
    assert first["state"] == "running"
    assert first["met_at"] is None
    assert case["next_due_at"] == first["due_at"]
    assert case["judgement"]["message_id"] == message["id"]
    assert case["judgement"]["reasons"] == [
        {"cue": "harm.skin", "start": 2, "end": 4, "effect": "category:complaint", "weight": 0.0}
    ]
    assert case["more_messages"] is False


async def test_a_case_costs_the_same_statements_however_long_its_thread(
    api: httpx.AsyncClient, database: Database, workspace: Workspace, story: Any
) -> None:
    line = await only_case(api)
    address = f"/v1/cases/{line['id']}"
    with counted_queries(database) as few:
        await api.get(address)
    async with database.unit(workspace.id) as uow:
        for _ in range(30):
            await make.add_message(uow, story.source.id, case_id=UUID(line["id"]))
            await make.add_alert(uow, UUID(line["id"]))
    with counted_queries(database) as many:
        case = (await api.get(address)).json()
    assert len(case["messages"]) == 31
    assert len(case["alerts"]) == 30
    assert len(few) == len(many) == 5


async def test_a_long_thread_is_cut_to_its_newest_messages_and_says_so(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    (case_id,) = await open_cases(database, workspace, 1)
    async with database.unit(workspace.id) as uow:
        for minute in range(203):
            at = uow.now + timedelta(minutes=minute)
            await make.add_message(
                uow, uuid4(), judged=False, case_id=case_id, occurred_at=at, text=str(minute)
            )
    case = (await api.get(f"/v1/cases/{case_id}")).json()
    assert case["more_messages"] is True
    assert [message["text"] for message in case["messages"]] == [str(n) for n in range(3, 203)]


async def test_another_workspaces_case_does_not_exist_here(
    api: httpx.AsyncClient, database: Database, story: Any
) -> None:
    other = await workspaces.create_workspace(database, "Other", slug="other")
    async with database.unit(other.id) as uow:
        source = await make.add_source(uow)
        foreign = await make.add_case(uow, source.id, next_due_at=uow.now)
    assert foreign.id not in await ids_of(api)
    for response in (
        await api.get(f"/v1/cases/{foreign.id}"),
        await api.post(f"/v1/cases/{foreign.id}/resolve"),
        await api.get(f"/v1/cases/{uuid4()}"),
        await api.get("/v1/cases/no-id"),
    ):
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"


async def test_a_recorded_reply_settles_the_promise_by_when_it_was_given(
    api: httpx.AsyncClient, story: Any
) -> None:
    line = await only_case(api)
    response = await api.post(
        f"/v1/cases/{line['id']}/replies", json={"text": "抱歉", "resolves": False}
    )
    assert response.status_code == 201, response.text
    body = response.json()
    clocks = {clock["kind"]: clock["state"] for clock in body["case"]["clocks"]}
    assert clocks["first_response"] == "met"
    assert body["case"]["unanswered"] == 0
    assert body["message_id"] in {message["id"] for message in body["case"]["messages"]}


async def test_a_case_is_resolved_and_reopened_and_says_who_did_it(
    api: httpx.AsyncClient, story: Any
) -> None:
    line = await only_case(api)
    address = f"/v1/cases/{line['id']}"
    resolved = await api.post(f"{address}/resolve", json={"note": "by phone"})
    assert resolved.json()["state"] == "resolved"
    again = await api.post(f"{address}/resolve")
    assert again.status_code == 200
    reopened = (await api.post(f"{address}/reopen")).json()
    assert reopened["state"] == "open"
    assert [act["kind"] for act in reopened["acts"]] == ["resolve", "reopen"]
    assert reopened["acts"][0]["detail"] == {"note": "by phone"}


async def test_a_snooze_pauses_the_promises_until_it_is_ended(
    api: httpx.AsyncClient, database: Database, workspace: Workspace, story: Any
) -> None:
    line = await only_case(api)
    async with database.read(workspace.id) as uow:
        until = uow.now + 5 * HOUR
    address = f"/v1/cases/{line['id']}"
    snoozed = (await api.post(f"{address}/snooze", json={"until": until.isoformat()})).json()
    assert snoozed["state"] == "snoozed"
    assert {clock["state"] for clock in snoozed["clocks"]} == {"paused"}
    woken = (await api.post(f"{address}/wake")).json()
    assert woken["state"] == "open"


async def test_a_snooze_into_the_past_is_refused(api: httpx.AsyncClient, story: Any) -> None:
    line = await only_case(api)
    body = {"until": "2020-01-01T00:00:00Z"}
    response = await api.post(f"/v1/cases/{line['id']}/snooze", json=body)
    assert response.status_code == 422
    assert response.json()["code"] == "case.past_moment"


async def test_a_case_is_given_to_a_member_and_taken_back(
    api: httpx.AsyncClient, database: Database, workspace: Workspace, story: Any
) -> None:
    line = await only_case(api)
    async with database.unit(workspace.id) as uow:
        member = await make.add_member(uow, handle="may")
    address = f"/v1/cases/{line['id']}/assign"
    assigned = (await api.post(address, json={"member_id": str(member.id)})).json()
    assert assigned["assignee"] == {"id": str(member.id), "handle": "may", "name": "May"}
    assert (await api.post(address, json={"member_id": None})).json()["assignee"] is None
    assert (await api.post(address, json={"member_id": str(uuid4())})).status_code == 404
    assert (await api.post(address, json={})).status_code == 422


async def test_a_corrected_tier_moves_the_promise_from_the_same_start(
    api: httpx.AsyncClient, story: Any
) -> None:
    line = await only_case(api)
    address = f"/v1/cases/{line['id']}"
    before = (await api.get(address)).json()
    after = (await api.post(f"{address}/retier", json={"tier": "routine"})).json()
    assert after["tier"] == after["tier_override"] == "routine"
    assert after["clocks"][0]["started_at"] == before["clocks"][0]["started_at"]
    assert after["next_due_at"] > before["next_due_at"]


async def test_spam_is_no_tier_to_promise(api: httpx.AsyncClient, story: Any) -> None:
    line = await only_case(api)
    response = await api.post(f"/v1/cases/{line['id']}/retier", json={"tier": "spam"})
    assert response.status_code == 422


async def test_what_belongs_to_cases_comes_with_them_when_asked_for(
    api: httpx.AsyncClient, story: Any
) -> None:
    bare = await only_case(api)
    assert bare["included"] is None
    found = await only_case(api, include="clocks,last_message,follower")
    whole = (await api.get(f"/v1/cases/{bare['id']}")).json()
    follower = (await api.get(f"/v1/followers/{story.follower.id}")).json()
    assert found["included"] == {
        "clocks": whole["clocks"],
        "last_message": whole["messages"][-1],
        "follower": follower,
    }
    assert found["included"]["clocks"]
    one = await only_case(api, include="follower")
    assert one["included"] == {"clocks": None, "last_message": None, "follower": follower}
    refused = await api.get("/v1/cases", params={"include": "clocks,nonsense"})
    assert is_problem(refused, 422, "invalid_request")


async def test_cases_are_sorted_by_tier_and_a_cursor_of_another_order_is_refused(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        made = {
            tier: (await make.add_case(uow, source.id, tier=tier, next_due_at=uow.now)).id
            for tier in ("routine", "urgent", "important")
        }
    forth = [made["urgent"], made["important"], made["routine"]]
    assert await ids_of(api, sort="tier") == forth
    assert await ids_of(api, sort="-tier") == forth[::-1]
    assert await ids_of(api, sort="tier", tier=["routine", "urgent"]) == [forth[0], forth[2]]
    page = (await api.get("/v1/cases", params={"sort": "tier", "limit": 1})).json()
    for other in ("-tier", "next_due_at", "opened_at"):
        query = {"sort": other, "cursor": page["next_cursor"]}
        assert is_problem(await api.get("/v1/cases", params=query), 422, "invalid_cursor")
    unknown = await api.get("/v1/cases", params={"sort": "tier; DROP TABLE cases"})
    assert is_problem(unknown, 422, "invalid_request")
