"""What people say of a follower: their tier, and that they are an advocate who answers for us."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.conversations import repository
from services.core.conversations.rules import answers_as_advocate
from services.core.conversations.types import (
    Direction,
    Drafts,
    FollowerTier,
    ItemKind,
    MessageState,
    Touched,
)
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork

# Where an advocate's comment stands: the source, and the platform's id of what is above it.
Above = tuple[UUID, str]


async def change_follower(
    uow: UnitOfWork, follower_id: UUID, changes: Mapping[str, FollowerTier | bool | None]
) -> None:
    """Set `tier`, `advocate` or both, from now on: promises that run keep what they began under.

    Raises NotFoundError. What is so already changes nothing.
    """
    rows = await repository.lock_followers(uow, [follower_id])
    if not rows:
        noun = "follower"
        raise NotFoundError(noun)
    before = {"tier": rows[0].tier, "advocate": rows[0].advocate_since is not None}
    after = {name: value for name, value in changes.items() if value != before[name]}
    if not after:
        return
    values: dict[str, Any] = {"id": follower_id}
    if "tier" in after:
        values["tier"] = after["tier"]
    if "advocate" in after:
        values["advocate_since"] = uow.now if after["advocate"] else None
    await repository.change_followers(uow, [values])
    detail = {name: {"before": before[name], "after": value} for name, value in after.items()}
    await audit.record(uow, [AuditEntry("follower.changed", "follower", follower_id, detail)])


async def find_answers(
    uow: UnitOfWork, drafts: Drafts, places: Mapping[Above, UUID]
) -> dict[UUID, UUID | None]:
    """What advocates wrote below the words of others: message → that thread, if it is known.

    `places` are the threads of messages that come in the same batch.
    """
    below = {state.id: state for state in drafts.messages.values() if _is_below(state)}
    authors = {author for state in below.values() if (author := _author(state)) is not None}
    since = await repository.list_advocates(uow, sorted(authors))
    said = {
        key: _above(state)
        for key, state in below.items()
        if (author := _author(state)) is not None
        and author in since
        and since[author] <= state.occurred_at
    }
    known = await repository.list_targets(uow, set(said.values())) if said else {}
    return {key: known.get(above) or places.get(above) for key, above in said.items()}


async def note_answers(
    uow: UnitOfWork, written: Mapping[UUID, MessageState], threads: Mapping[UUID, UUID | None]
) -> list[Touched]:
    """Mark those that say something; returns the threads of the questions they answer."""
    answers = [
        state for state in written.values() if state.id in threads and _says_something(state)
    ]
    if answers:
        await repository.mark_advocates(uow, [state.id for state in answers])
    return [
        Touched(thread, state.occurred_at)
        for state in answers
        if (thread := threads[state.id]) is not None and thread != state.thread_id
    ]


def join_touched(touched: Sequence[Touched], more: Iterable[Touched]) -> list[Touched]:
    """Each thread once, from its earliest moment."""
    since = {each.thread_id: each.since for each in touched}
    for each in more:
        since[each.thread_id] = min(each.since, since.get(each.thread_id, each.since))
    return [Touched(thread_id, moment) for thread_id, moment in sorted(since.items())]


def _says_something(state: MessageState) -> bool:
    content, verdict = state.content, state.verdict
    if content is None or verdict is None:
        return False
    return answers_as_advocate(content.text, verdict)


def _is_below(state: MessageState) -> bool:
    content = state.content
    return (
        state.kind is ItemKind.COMMENT
        and not state.historical
        and content is not None
        and content.direction is Direction.INBOUND
        and content.parent_external_id is not None
    )


def _author(state: MessageState) -> UUID | None:
    return state.content.author_id if state.content else None


def _above(state: MessageState) -> Above:
    parent = state.content.parent_external_id if state.content else None
    return state.source_id, parent or ""
