"""Ladders: which channels hear of an alert, from which percent of a promise's time on."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.alerts.errors import DefaultLadderError, LadderNameTakenError
from services.core.alerts.ladder_types import Ladder, LadderDraft, LadderStep
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import ladders as ladder_rows
from services.core.alerts.service.channels import create_channel
from services.core.alerts.service.raising import DEFAULT_LADDER, EVERYBODY
from services.core.alerts.stored_steps import write_steps
from services.core.alerts.types import (
    ChannelDraft,
    ChannelKind,
)
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.uow import UnitOfWork


async def list_ladders(uow: UnitOfWork) -> list[Ladder]:
    """All that are not archived, by name."""
    return await ladder_rows.list_ladders(uow)


async def get_ladder(uow: UnitOfWork, ladder_id: UUID) -> Ladder:
    """Raises NotFoundError for an unknown or archived ladder."""
    return _found(await ladder_rows.get_ladder(uow, ladder_id))


async def create_ladder(uow: UnitOfWork, draft: LadderDraft) -> Ladder:
    """Raises LadderNameTakenError, and InvalidInputError for a step twice or a channel unknown."""
    await _check(uow, draft.steps)
    ladder_id = ids.new_id()
    values = {"id": ladder_id, "name": draft.name, "steps": write_steps(draft.steps)}
    try:
        await ladder_rows.add_ladder(uow, values)
    except IntegrityError as error:
        raise LadderNameTakenError from error
    await audit.record(uow, [AuditEntry("ladder.created", "ladder", ladder_id)])
    return await get_ladder(uow, ladder_id)


async def change_ladder(
    uow: UnitOfWork,
    ladder_id: UUID,
    *,
    name: str | None = None,
    steps: tuple[LadderStep, ...] | None = None,
) -> Ladder:
    """Change what is named, for alerts raised from now on.

    Raises NotFoundError, DefaultLadderError, LadderNameTakenError, InvalidInputError.
    """
    ladder = _found(await ladder_rows.get_ladder(uow, ladder_id, lock=True))
    values: dict[str, Any] = {}
    if name is not None and name != ladder.name:
        if ladder.name == DEFAULT_LADDER:
            raise DefaultLadderError
        values["name"] = name
    if steps is not None:
        await _check(uow, steps)
        values["steps"] = write_steps(steps)
    if not values:
        return ladder
    try:
        await ladder_rows.change_ladder(uow, ladder_id, values)
    except IntegrityError as error:
        raise LadderNameTakenError from error
    detail = {"changed": sorted(values)}
    await audit.record(uow, [AuditEntry("ladder.changed", "ladder", ladder_id, detail)])
    return await get_ladder(uow, ladder_id)


async def archive_ladder(uow: UnitOfWork, ladder_id: UUID) -> None:
    """Policies that name it fall back to the default one.

    Raises NotFoundError, DefaultLadderError.
    """
    ladder = _found(await ladder_rows.get_ladder(uow, ladder_id, lock=True))
    if ladder.name == DEFAULT_LADDER:
        raise DefaultLadderError
    await ladder_rows.change_ladder(uow, ladder_id, {"archived_at": uow.now})
    await audit.record(uow, [AuditEntry("ladder.archived", "ladder", ladder_id)])


async def ensure_defaults(uow: UnitOfWork) -> Ladder:
    """The default ladder, made together with a console channel if this workspace has none yet."""
    for ladder in await ladder_rows.list_ladders(uow):
        if ladder.name == DEFAULT_LADDER:
            return ladder
    names = {channel.name for channel in await channel_rows.list_channels(uow)}
    if ChannelKind.CONSOLE.value not in names:
        await create_channel(uow, ChannelDraft(ChannelKind.CONSOLE.value, ChannelKind.CONSOLE))
    return await create_ladder(uow, LadderDraft(DEFAULT_LADDER, EVERYBODY))


async def _check(uow: UnitOfWork, steps: Sequence[LadderStep]) -> None:
    known = {channel.id for channel in await channel_rows.list_channels(uow)}
    problems = [
        FieldProblem(f"/steps/{place}/channel_ids", "unknown_channel", "No such channel.")
        for place, step in enumerate(steps)
        if not known.issuperset(step.channel_ids)
    ]
    percents = [step.percent for step in steps]
    problems += [
        FieldProblem(f"/steps/{place}/percent", "repeated", "Each percent stands once.")
        for place, percent in enumerate(percents)
        if percent in percents[:place]
    ]
    if problems:
        raise InvalidInputError("The steps of the ladder are not valid.", errors=problems)


def _found(ladder: Ladder | None) -> Ladder:
    if ladder is None:
        raise NotFoundError("ladder")
    return ladder
