"""The index and the questions put to it agree; what is found, in which order, and by which plan."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.kit.db import create_engine
from services.core.kit.uow import Database, UnitOfWork
from services.core.search import repository, rules, service
from services.core.search.errors import NothingToLookForError
from services.core.search.types import SearchFilter, SearchIn
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.db import cloned_database, run_sql
from tests.support.servers import ServerAddress

WEEK = timedelta(weeks=1)
ALL = SearchFilter()

TEXTS = (
    "用了三天烂脸了，怎么办",
    "Does this work for OILY skin? b5精华 5折",
    "ＲＥＦＵＮＤ please 😀😀 café привет",
    "lily_2023 moisturizer №1 ①② ﬁne",
    "",
)

KEYS = """
SELECT count(*) FILTER (WHERE hashtextextended(term, uuid_hash_extended(:id, 7))
  = ANY (warmline_search_keys(:id, 7, :text))) FROM unnest(CAST(:terms AS text[])) AS term
"""

MANY = """
INSERT INTO messages (workspace_id, id, source_id, kind, direction, external_id, text, occurred_at,
  created_known, content_at, received_at)
SELECT :workspace_id, gen_random_uuid(), :source_id, 'comment', 'in', n::text, '第' || n || '条',
  now() - n * interval '1 minute', true, now(), now() FROM generate_series(1, 2000) AS n
"""

# The system role sees all workspaces, as the function that searches does.
PLAN = """
EXPLAIN (FORMAT JSON) SELECT id FROM messages WHERE workspace_id = :workspace_id
  AND content_at IS NOT NULL AND deleted_at IS NULL
  AND warmline_search_keys(workspace_id, warmline_search_week(occurred_at), text)
    @> CAST(:keys AS bigint[])
"""


async def find(
    uow: UnitOfWork, question: str, where: SearchIn = SearchIn.MESSAGES, **more: Any
) -> list[UUID]:
    wanted = await service.read_question(uow, question)
    return [found.id for found in await service.find(uow, wanted, where, ALL, **more)]


async def say(uow: UnitOfWork, source_id: UUID, texts: Sequence[str], **values: Any) -> list[UUID]:
    """A message a week, the first one now."""
    return [
        (
            await make.add_message(
                uow,
                source_id,
                judged=False,
                text=text,
                occurred_at=uow.now - place * WEEK,
                **values,
            )
        ).id
        for place, text in enumerate(texts)
    ]


@pytest.mark.parametrize("text", TEXTS)
async def test_every_term_of_a_text_is_a_key_of_it(
    database: Database, workspace: Workspace, text: str
) -> None:
    """Python reads questions and Postgres texts: they must cut alike."""
    async with database.read(workspace.id) as uow:
        folded = await repository.fold(uow, text)
        terms = rules.read_question(folded).terms
        found = await uow.execute(KEYS, {"id": workspace.id, "text": text, "terms": list(terms)})
        assert found.scalar_one() == len(terms)


async def test_the_newest_come_first_over_weeks_and_pages_and_nothing_twice(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        said = await say(uow, source.id, ["烂脸了"] * 9)
        twin = await make.add_message(uow, source.id, text="又烂脸", occurred_at=uow.now)
        newest = sorted([said[0], twin.id], reverse=True)
        written = uow.now
    async with database.read(workspace.id) as uow:
        assert await find(uow, "烂脸") == [*newest, *said[1:]]
        pages, after = [], None
        wanted = await service.read_question(uow, "烂脸")
        while page := await service.find(uow, wanted, SearchIn.MESSAGES, ALL, after=after, most=3):
            pages += [found.id for found in page]
            after = (page[-1].at, page[-1].id)
        assert pages == [*newest, *said[1:]]
        bounds = SearchFilter(since=written - 3 * WEEK, until=written - WEEK)
        within = await service.find(uow, wanted, SearchIn.MESSAGES, bounds)
        assert [found.id for found in within] == said[2:4]


async def test_words_are_found_by_their_beginning_and_all_parts_must_be_there(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        texts = ["Refunds please 烂脸", "prerefund", "ＲＥＦＵＮＤ", "re fund", "烂，脸 100% aa%bb"]
        said = await say(uow, source.id, texts)
    async with database.read(workspace.id) as uow:
        assert await find(uow, "refund") == [said[0], said[2]]
        assert await find(uow, "REF 烂脸") == [said[0]]
        assert await find(uow, "refund zzz") == []
        assert await find(uow, "aa%bb") == [said[4]]
        assert await find(uow, "aa_bb") == await find(uow, "10.%0") == []
        for nothing in ("脸", "a", "!!", "%", "a%b", "烂.脸"):
            with pytest.raises(NothingToLookForError):
                await find(uow, nothing)


async def test_deleted_messages_and_other_workspaces_are_not_found(
    database: Database, workspace: Workspace
) -> None:
    other = await workspaces.create_workspace(database, "Other", slug="other")
    async with database.unit(other.id) as uow:
        theirs = await make.add_source(uow)
        await say(uow, theirs.id, ["烂脸"])
        await make.add_follower(uow, theirs.id, handle="烂脸")
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        await say(uow, source.id, ["烂脸"], deleted_at=uow.now)
        hidden = await say(uow, source.id, ["烂脸"], hidden=True)
    async with database.read(workspace.id) as uow:
        assert await find(uow, "烂脸") == hidden
        assert await find(uow, "烂脸", SearchIn.FOLLOWERS) == []
        # Back in the role whose rows Postgres itself bounds.
        seen = await uow.execute("SELECT DISTINCT workspace_id FROM messages")
        assert set(seen.scalars()) == {workspace.id}


async def test_a_follower_is_found_by_name_and_handle_few_or_many(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        lily = await make.add_follower(uow, source.id, handle="Lily_2023", name="小鹿斑比")
        users = [
            await make.add_follower(
                uow, source.id, handle=f"user{n}", name=None, last_seen_at=uow.now - n * WEEK
            )
            for n in range(1, 5)
        ]
    async with database.read(workspace.id) as uow:
        for question in ("@lily", "lily_20", "2023", "斑比", "lily 小鹿"):
            assert await find(uow, question, SearchIn.FOLLOWERS) == [lily.id]
        assert await find(uow, "ily", SearchIn.FOLLOWERS) == []
        # Many: the page is filled from those seen last. Few: from the index.
        for most in (2, 10):
            found = await find(uow, "user", SearchIn.FOLLOWERS, most=most)
            assert found == [each.id for each in users[:most]]


async def test_a_case_is_found_once_by_the_newest_message_that_says_it(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        case = await make.add_case(uow, source.id)
        said = await say(uow, source.id, ["谢谢", "烂脸", "烂脸"], case_id=case.id)
        await say(uow, source.id, ["烂脸"])
    async with database.read(workspace.id) as uow:
        assert await find(uow, "烂脸", SearchIn.CASES) == [said[1]]
        told = await service.find_told(uow, await service.read_question(uow, "烂脸"))
        assert told is not None
        assert told.case_ids == (case.id,)
        assert await service.find_told(uow, await service.read_question(uow, "脸")) is None


async def test_no_message_is_read_that_the_index_does_not_name(
    postgres_server: ServerAddress, template_database: str
) -> None:
    """In the role that searches; in the role of everyday work every message would be looked at."""
    async with cloned_database(postgres_server.url, template_database) as url:
        database = Database(create_engine(url, pool_size=1))
        workspace = await workspaces.create_workspace(database, "Large", slug="large")
        async with database.unit(workspace.id) as uow:
            await uow.execute(MANY, {"workspace_id": workspace.id, "source_id": workspace.id})
        await run_sql(url, "ANALYZE messages")
        bound = {"workspace_id": workspace.id, "keys": [1, 2]}
        async with database.system() as uow:
            searching = json.dumps((await uow.execute(PLAN, bound)).scalar_one())
        async with database.read(workspace.id) as uow:
            everyday = json.dumps((await uow.execute(PLAN, bound)).scalar_one())
            assert await find(uow, "第77条") != []
        await database.close()
    assert "ix_messages_search" in searching
    assert "Seq Scan" not in searching
    assert "ix_messages_search" not in everyday
