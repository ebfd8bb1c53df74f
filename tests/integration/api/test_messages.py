from datetime import timedelta
from uuid import uuid4

import httpx

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make


async def test_a_message_is_found_by_its_platform_id_with_its_judgement(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        other = await make.add_source(uow)
        follower = await make.add_follower(uow, source.id)
        case = await make.add_case(uow, source.id)
        await make.add_message(
            uow, source.id, external_id="c1", case_id=case.id, author_id=follower.id, version=2
        )
        await make.add_message(uow, other.id, external_id="c1", text="elsewhere")
    query = {"source_id": str(source.id), "external_id": "c1"}
    page = (await api.get("/v1/messages", params=query)).json()
    (message,) = page["items"]
    assert page["next_cursor"] is None
    assert message["external_id"] == "c1"
    assert message["kind"] == "comment"
    assert message["text"] == "用了烂脸，怎么办"
    assert message["deleted"] is False
    assert message["version"] == 2
    assert message["case_id"] == str(case.id)
    assert message["author"]["handle"] == "lily"
    judgement = message["judgement"]
    assert judgement["tier"] == "urgent"
    assert judgement["category"] == "complaint"
    assert judgement["sentiment"] == "negative"
    assert judgement["needs_reply"] is True


async def test_what_a_deleted_message_said_is_not_shown(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        said = await make.add_message(
            uow, source.id, deleted_at=uow.now, attributes={"images": ["https://img.example/1"]}
        )
    for message in (
        (await api.get("/v1/messages")).json()["items"][0],
        (await api.get(f"/v1/messages/{said.id}")).json(),
    ):
        assert message["deleted"] is True
        assert message["text"] is None
        assert message["attributes"] == {}


async def test_a_stub_of_which_only_the_deletion_is_known_is_not_shown(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        stub = await make.add_message(
            uow, source.id, judged=False, text=None, content_at=None, deleted_at=uow.now
        )
    assert (await api.get("/v1/messages")).json()["items"] == []
    assert (await api.get(f"/v1/messages/{stub.id}")).status_code == 404


async def test_each_filter_keeps_only_what_it_names(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        case_id = uuid4()
        wanted = await make.add_message(
            uow,
            source.id,
            kind="dm",
            case_id=case_id,
            tier="routine",
            category="praise",
            needs_reply=False,
        )
        await make.add_message(uow, source.id)
    for query in (
        {"kind": "dm"},
        {"case_id": str(case_id)},
        {"tier": "routine"},
        {"needs_reply": "false"},
    ):
        items = (await api.get("/v1/messages", params=query)).json()["items"]
        assert [item["id"] for item in items] == [str(wanted.id)], query


async def test_messages_come_newest_first_over_all_pages(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        made = [
            await make.add_message(uow, source.id, occurred_at=uow.now - timedelta(minutes=n // 2))
            for n in range(7)
        ]
    seen, cursor = [], None
    for _ in range(4):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/messages", params=query)).json()
        seen += page["items"]
        cursor = page["next_cursor"]
    assert cursor is None
    assert {item["id"] for item in seen} == {str(each.id) for each in made}
    times = [item["occurred_at"] for item in seen]
    assert times == sorted(times, reverse=True)


async def test_a_message_tells_every_judgement_ever_made_on_it(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        said = await make.add_message(uow, source.id)
        await make.add_judgement(
            uow,
            said.id,
            decided_by="member",
            tier="routine",
            note="a joke",
            decided_at=uow.now + timedelta(minutes=1),
        )
    message = (await api.get(f"/v1/messages/{said.id}")).json()
    assert [each["decided_by"] for each in message["judgements"]] == ["member", "engine"]
    assert message["judgements"][0]["note"] == "a joke"
    assert message["judgement"]["decided_by"] == "engine"


async def test_a_message_never_judged_has_no_judgement(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        await make.add_message(uow, source.id, kind="reply", direction="out", judged=False)
    (message,) = (await api.get("/v1/messages")).json()["items"]
    assert message["judgement"] is None
    assert message["case_id"] is None


async def test_a_follower_is_found_by_platform_id_and_by_handle(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        lily = await make.add_follower(uow, source.id, external_id="u1", following=None)
        await make.add_follower(uow, source.id, external_id="u2", handle="anna", following=True)
    for query in ({"source_id": str(source.id), "external_id": "u1"}, {"handle": "lily"}):
        (found,) = (await api.get("/v1/followers", params=query)).json()["items"]
        assert found["id"] == str(lily.id)
        assert found["external_id"] == "u1"
        assert found["following"] is None
    assert (await api.get(f"/v1/followers/{lily.id}")).json() == found
    assert (await api.get(f"/v1/followers/{uuid4()}")).status_code == 404


async def test_posts_come_newest_first_and_the_merely_referred_to_last(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        for n, age in enumerate((3, None, 1, None, 2)):
            at = None if age is None else uow.now - timedelta(hours=age)
            await make.add_post(uow, source.id, external_id=f"p{n}", published_at=at)
    seen, cursor = [], None
    for _ in range(5):
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/posts", params=query)).json()
        seen += [post["external_id"] for post in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen[:3] == ["p2", "p4", "p0"]
    assert set(seen[3:]) == {"p1", "p3"}


async def test_what_a_deleted_post_said_is_not_shown(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        post = await make.add_post(uow, source.id, external_id="p1", deleted_at=uow.now)
    query = {"source_id": str(source.id), "external_id": "p1"}
    (found,) = (await api.get("/v1/posts", params=query)).json()["items"]
    assert found == (await api.get(f"/v1/posts/{post.id}")).json()
    assert found["deleted"] is True
    assert found["title"] is found["text"] is found["hashtags"] is None


async def test_who_wrote_a_message_and_its_case_come_with_it_when_asked_for(
    api: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        follower = await make.add_follower(uow, source.id)
        case = await make.add_case(uow, source.id)
        await make.add_message(uow, source.id, case_id=case.id, author_id=follower.id)
        await make.add_message(uow, source.id, occurred_at=uow.now - timedelta(hours=1))
    query = {"include": ["case", "follower"]}
    full, alone = (await api.get("/v1/messages", params=query)).json()["items"]
    assert full["included"]["case"]["id"] == str(case.id)
    person = (await api.get(f"/v1/followers/{follower.id}")).json()
    assert full["included"]["follower"] == person
    assert alone["included"] == {"case": None, "follower": None}
    one = await api.get(f"/v1/messages/{full['id']}", params=query | {"fields": "included"})
    assert one.json() == {"included": full["included"]}
    bare = (await api.get("/v1/messages")).json()["items"]
    assert [said["included"] for said in bare] == [None, None]
