"""Pages of what was found: search says which rows, they are read as every list reads them."""

from collections.abc import Sequence
from typing import Final

from services.core.board import service as board
from services.core.board.types import Place, Slice, View
from services.core.kit.uow import UnitOfWork
from services.core.search import service as search
from services.core.search.types import Found, SearchFilter, SearchIn

# Which fields of a row a question may have been answered by.
_FIELDS: Final = {SearchIn.FOLLOWERS: ("handle", "name")}
_NOUNS: Final = {
    SearchIn.MESSAGES: "message",
    SearchIn.FOLLOWERS: "follower",
    SearchIn.CASES: "case",
}


async def find(
    uow: UnitOfWork,
    question: str,
    where: SearchIn,
    conditions: SearchFilter,
    *,
    after: Place | None = None,
    limit: int = 50,
) -> Slice[View]:
    """The newest first, each with the places in its text that answer the question.

    A case comes with the newest of its messages that does. Raises NothingToLookForError.
    """
    wanted = await search.read_question(uow, question)
    found = await search.find(uow, wanted, where, conditions, after=after, most=limit + 1)
    page, more = found[:limit], len(found) > limit
    hits = await _read(uow, where, page)
    for hit in hits:
        said = hit["follower"] if where is SearchIn.FOLLOWERS else hit["message"]
        hit["highlights"] = [
            {"field": field, "start": span.start, "end": span.end}
            for field in _FIELDS.get(where, ("text",))
            for span in search.find_spans(said[field] or "", wanted.parts)
        ]
    return Slice(hits, (page[-1].at, page[-1].id) if more else None)


async def _read(uow: UnitOfWork, where: SearchIn, page: Sequence[Found]) -> list[View]:
    """What was taken away since it was found is left out."""
    ids = [found.id for found in page]
    if where is SearchIn.FOLLOWERS:
        people = await board.read_followers(uow, ids)
        return [_hit(where, follower=people[each]) for each in ids if each in people]
    said = await board.read_messages(uow, ids)
    if where is SearchIn.MESSAGES:
        return [_hit(where, message=said[each]) for each in ids if each in said]
    about = {found.id: found.case_id for found in page if found.case_id is not None}
    cases = await board.read_cases(uow, list(about.values()))
    return [
        _hit(where, message=said[each], case=cases[case_id])
        for each, case_id in about.items()
        if each in said and case_id in cases
    ]


def _hit(where: SearchIn, **parts: View) -> View:
    return {"kind": _NOUNS[where], "message": None, "follower": None, "case": None, **parts}
