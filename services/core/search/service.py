"""Find messages, followers and cases by what was said, through an index, however many."""

from typing import Final

from services.core.kit.text import clean
from services.core.kit.uow import UnitOfWork
from services.core.search import repository, rules
from services.core.search.errors import NothingToLookForError
from services.core.search.repository import Place
from services.core.search.types import Found, SearchFilter, SearchIn, Told, Wanted

# Said more often than that, a case's messages are read as the list passes it: it fills soon.
MOST_TOLD: Final = 1_000
find_spans: Final = rules.find_spans


async def read_question(uow: UnitOfWork, question: str) -> Wanted:
    """What people wrote, folded and cut into what is looked up; `terms` may be empty.

    Raises NothingToLookForError when it holds neither letters nor signs.
    """
    wanted = rules.read_question(await repository.fold(uow, clean(question)[0]))
    if not wanted.parts:
        raise NothingToLookForError
    return wanted


async def find(
    uow: UnitOfWork,
    wanted: Wanted,
    where: SearchIn,
    conditions: SearchFilter,
    *,
    after: Place | None = None,
    most: int = 50,
) -> list[Found]:
    """Ids and times, newest first; of cases, the newest message that says it, each case once.

    Deleted messages are not found, hidden ones are. Raises NothingToLookForError for a question
    without terms.
    """
    if not wanted.terms:
        raise NothingToLookForError
    if where is SearchIn.FOLLOWERS:
        return await repository.find_followers(uow, wanted, conditions.source_id, after, most)
    by_case = where is SearchIn.CASES
    return await repository.find_messages(uow, wanted, conditions, after, most, by_case=by_case)


async def find_told(uow: UnitOfWork, wanted: Wanted) -> Told | None:
    """All cases and followers a text means; None when they are too many to name, or unknowable."""
    if not wanted.terms:
        return None
    most = MOST_TOLD + 1
    said = await repository.find_messages(uow, wanted, SearchFilter(), None, most, by_case=True)
    called = await repository.find_followers(uow, wanted, None, None, most)
    if max(len(said), len(called)) > MOST_TOLD:
        return None
    cases = tuple(found.case_id for found in said if found.case_id is not None)
    return Told(cases, tuple(found.id for found in called))
