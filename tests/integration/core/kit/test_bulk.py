"""Rows written by the hundred: every kind of column arrives as it was sent."""

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, select

from services.core.audit.models import AuditRow
from services.core.conversations.models import PostRow
from services.core.kit import ids
from services.core.kit.bulk import insert_missing, insert_rows, update_rows
from services.core.kit.uow import Database, UnitOfWork
from services.core.workspaces.types import Workspace
from tests.support.factories import make_source
from tests.support.queries import counted_queries

POSTS = cast("Table", PostRow.__table__)
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def post(source_id: object, name: str, **changes: Any) -> dict[str, Any]:
    row = {
        "id": ids.new_id(),
        "source_id": source_id,
        "external_id": name,
        "title": f"标题 {name}",
        "text": None,
        "hashtags": ["护肤", 'quote "this"', "a,b"],
        "series": None,
        "url": None,
        "author_id": None,
        "field_ranks": {"title": "1:x", "深": {"a": [1, None]}},
        "published_at": AT,
        "deleted_at": None,
        "first_seen_at": AT,
    }
    return row | changes


async def read_posts(uow: UnitOfWork) -> dict[str, Any]:
    rows = await uow.execute(select(POSTS).order_by(POSTS.c.external_id))
    return {row.external_id: row for row in rows}


async def test_lists_documents_times_and_nothing_arrive_as_sent(
    database: Database, workspace: Workspace
) -> None:
    source = await make_source(database, workspace.id)
    rows = [post(source.id, "a"), post(source.id, "b", hashtags=[]), post(source.id, "c")]
    rows[2] |= {"hashtags": None, "published_at": None}
    async with database.unit(workspace.id) as uow:
        await insert_rows(uow, POSTS, rows)
        stored = await read_posts(uow)
    assert stored["a"].hashtags == ["护肤", 'quote "this"', "a,b"]
    assert stored["a"].field_ranks == {"title": "1:x", "深": {"a": [1, None]}}
    assert stored["a"].published_at == AT
    assert stored["a"].workspace_id == workspace.id
    assert stored["b"].hashtags == []
    assert (stored["c"].hashtags, stored["c"].published_at, stored["c"].text) == (None, None, None)


async def test_what_is_there_stays_and_is_not_reported_as_inserted(
    database: Database, workspace: Workspace
) -> None:
    source = await make_source(database, workspace.id)
    first, second = post(source.id, "a"), post(source.id, "b")
    async with database.unit(workspace.id) as uow:
        assert await insert_missing(uow, POSTS, [first]) == {first["id"]}
        changed = first | {"title": "another"}
        assert await insert_missing(uow, POSTS, [changed, second]) == {second["id"]}
        assert (await read_posts(uow))["a"].title == "标题 a"


async def test_an_update_reaches_the_rows_it_names_and_no_others(
    database: Database, workspace: Workspace
) -> None:
    source = await make_source(database, workspace.id)
    rows = [post(source.id, name) for name in ("a", "b", "c")]
    async with database.unit(workspace.id) as uow:
        await insert_rows(uow, POSTS, rows)
        fresh = [row | {"title": "new", "hashtags": ["x"]} for row in rows[:2]]
        await update_rows(uow, POSTS, fresh)
        stored = await read_posts(uow)
    assert [stored[name].title for name in "abc"] == ["new", "new", "标题 c"]
    assert stored["b"].hashtags == ["x"]


async def test_a_thousand_rows_are_one_statement_and_none_is_no_statement(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        rows = [
            {
                "id": ids.new_id(),
                "at": AT,
                "actor_kind": "system",
                "actor_id": "x",
                "actor_label": "",
                "action": "a",
                "subject_kind": "s",
                "subject_id": str(n),
                "detail": {},
                "request_id": None,
            }
            for n in range(1000)
        ]
        with counted_queries(database) as counted:
            await insert_rows(uow, cast("Table", AuditRow.__table__), rows)
            await insert_rows(uow, cast("Table", AuditRow.__table__), [])
    assert len(counted) == 1
