"""What may come with a list: each kind of it read for the whole page by one statement."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from services.core.board import service as board
from services.core.board.types import CaseExtra, MessageExtra, View
from services.core.kit.uow import UnitOfWork

# A case that went back and forth for longer is read by itself.
MOST_CLOCKS = 20


async def include_in_cases(
    uow: UnitOfWork, cases: Sequence[View], wanted: Collection[CaseExtra]
) -> None:
    """Put `included` into each of them: what was `wanted`, and nothing where nothing was."""
    if not cases or not wanted:
        return
    ids = [case["id"] for case in cases]
    found: dict[CaseExtra, dict[UUID, Any]] = {}
    if CaseExtra.CLOCKS in wanted:
        found[CaseExtra.CLOCKS] = await board.read_clocks_of(uow, ids, MOST_CLOCKS)
    if CaseExtra.LAST_MESSAGE in wanted:
        found[CaseExtra.LAST_MESSAGE] = await board.read_last_messages_of(uow, ids)
    if CaseExtra.FOLLOWER in wanted:
        people = await board.read_followers(uow, _named(case["follower"] for case in cases))
        found[CaseExtra.FOLLOWER] = {
            case["id"]: people.get(case["follower"]["id"]) for case in cases if case["follower"]
        }
    for case in cases:
        case["included"] = {extra.value: of.get(case["id"]) for extra, of in found.items()}


async def include_in_messages(
    uow: UnitOfWork, messages: Sequence[View], wanted: Collection[MessageExtra]
) -> None:
    """As with cases."""
    if not messages or not wanted:
        return
    found: dict[MessageExtra, dict[UUID, Any]] = {}
    if MessageExtra.FOLLOWER in wanted:
        people = await board.read_followers(uow, _named(said["author"] for said in messages))
        found[MessageExtra.FOLLOWER] = {
            said["id"]: people.get(said["author"]["id"]) for said in messages if said["author"]
        }
    if MessageExtra.CASE in wanted:
        about = {said["id"]: said["case_id"] for said in messages if said["case_id"]}
        cases = await board.read_cases(uow, sorted(set(about.values())))
        found[MessageExtra.CASE] = {said: cases.get(case) for said, case in about.items()}
    for said in messages:
        said["included"] = {extra.value: of.get(said["id"]) for extra, of in found.items()}


def _named(people: Iterable[View | None]) -> list[UUID]:
    return sorted({each["id"] for each in people if each})
