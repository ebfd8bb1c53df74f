"""Walking the newest texts and asking the index find the same, in the same order, however rare."""

from collections.abc import Iterable
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from services.core.kit.uow import Database, UnitOfWork
from services.core.search import service
from services.core.search.types import SearchFilter, SearchIn
from services.core.workspaces.types import Workspace
from tests.support import rows as make

# Some eighteen weeks with two of each moment, of which the later number comes first; ten make a
# case. What is said rarest is said by both of a moment.
WORDS = {"常见": 3, "少见": 50, "偶尔": 100, "罕见": 700}
SAID = """
(SELECT string_agg(CASE WHEN n % each = 0 OR each = 700 AND n % 700 = 699
   THEN word ELSE '其他' END, '，')
 FROM unnest(CAST(:words AS text[]), CAST(:shares AS int[])) AS told (word, each))
"""
WHEN = "CAST(:now AS timestamptz) - (n + 1) / 2 * interval '4 hours'"
MANY = f"""
INSERT INTO messages (workspace_id, id, source_id, case_id, kind, direction, external_id, text,
  occurred_at, created_known, content_at, received_at)
SELECT :workspace_id, CAST(lpad(CAST(n AS text), 32, '0') AS uuid), :source_id,
  CASE WHEN n % 4 > 0 THEN md5(CAST(n / 10 AS text))::uuid END,
  CASE WHEN n % 2 = 0 THEN 'comment' ELSE 'dm' END, 'in', CAST(n AS text),
  {SAID}, {WHEN}, true, now(), now()
FROM generate_series(1, 1500) AS n
"""
PEOPLE = f"""
INSERT INTO followers (workspace_id, id, source_id, external_id, handle, profile_ranks,
  first_seen_at, last_seen_at)
SELECT :workspace_id, CAST(lpad(CAST(n AS text), 32, '0') AS uuid), :source_id, CAST(n AS text),
  {SAID},
  '{{}}', now(), {WHEN}
FROM generate_series(1, 1500) AS n
"""


class Said(NamedTuple):
    """As much of a message or follower as is needed to look for it by hand."""

    id: UUID
    text: str
    kind: str | None
    case_id: UUID | None


async def pages(
    uow: UnitOfWork, word: str, where: SearchIn, conditions: SearchFilter, most: int
) -> list[UUID]:
    wanted = await service.read_question(uow, word)
    found, after = [], None
    while page := await service.find(uow, wanted, where, conditions, after=after, most=most):
        assert len(page) <= most
        found += [each.id for each in page]
        after = (page[-1].at, page[-1].id)
    return found


async def all_said(uow: UnitOfWork, table: str, columns: str, moment: str) -> list[Said]:
    rows: Iterable[Any] = await uow.execute(
        f"SELECT id, {columns} FROM {table} ORDER BY {moment} DESC, id DESC"
    )
    return [Said(*row) for row in rows]


def by_hand(
    said: list[Said], word: str, kind: str | None = None, *, by_case: bool = False
) -> list[UUID]:
    met: set[UUID | None] = {None} if by_case else set()
    found = []
    for each in said:
        if word in each.text and kind in {None, each.kind} and each.case_id not in met:
            found.append(each.id)
            met |= {each.case_id} if by_case else set()
    return found


@pytest.mark.parametrize("most", [7, 50])
async def test_the_same_is_found_by_walking_and_by_the_index(
    database: Database, workspace: Workspace, most: int
) -> None:
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        bound: dict[str, Any] = {"workspace_id": workspace.id, "source_id": source.id}
        bound |= {"words": list(WORDS), "shares": list(WORDS.values()), "now": uow.now}
        await uow.execute(MANY, bound)
        await uow.execute(PEOPLE, bound)
    async with database.read(workspace.id) as uow:
        said = await all_said(uow, "messages", "text, kind, case_id", "occurred_at")
        called = await all_said(uow, "followers", "handle, NULL, NULL", "last_seen_at")
        for word in (*WORDS, "没人说"):
            for kind, where in product((None, "comment"), (SearchIn.MESSAGES, SearchIn.CASES)):
                found = await pages(uow, word, where, SearchFilter(kind=kind), most)
                by_case = where is SearchIn.CASES
                assert found == by_hand(said, word, kind, by_case=by_case), (word, kind, where)
            people = by_hand(called, word)
            assert await pages(uow, word, SearchIn.FOLLOWERS, SearchFilter(), most) == people
