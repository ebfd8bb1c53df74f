"""Ladders: which channels hear of an alert, from which percent of a promise's time on."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.alerts.errors import DefaultLadderError, LadderNameTakenError
from services.core.alerts.ladder_checks import find_problems, find_warnings
from services.core.alerts.ladder_types import (
    GroupBy,
    Ladder,
    LadderDraft,
    LadderStep,
    LadderWarning,
)
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import ladders as ladder_rows
from services.core.alerts.service.channels import create_channel
from services.core.alerts.service.raising import DEFAULT_LADDER
from services.core.alerts.stored_steps import write_steps
from services.core.alerts.types import (
    ChannelDraft,
    ChannelKind,
)
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.stretches import oldest
from services.core.kit.uow import UnitOfWork
from services.core.rotas import service as rotas
from services.core.rotas.types import Audience, AudienceKind, Wanted
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Role

_ASSIGNEE: Final = Audience(AudienceKind.ASSIGNEE)
_MODERATORS: Final = Audience(AudienceKind.ROLE, role=Role.MODERATOR)
_MANAGERS: Final = Audience(AudienceKind.ROLE, role=Role.MANAGER)
# A hint for whoever has the case, a warning for those beside them, a breach for whoever answers for
# it; nobody is left out in the end. What is beyond a promise's time wakes everybody.
DEFAULT_STEPS: Final = (
    LadderStep(0, audience=(_ASSIGNEE,)),
    LadderStep(80, audience=(_ASSIGNEE, _MODERATORS)),
    LadderStep(100, audience=(_ASSIGNEE, _MANAGERS)),
    LadderStep(150, audience=(Audience(AudienceKind.EVERYBODY),)),
)
# Who these are, only a case says.
OF_A_CASE: Final = frozenset({AudienceKind.ASSIGNEE, AudienceKind.STAND_IN})


async def list_ladders(uow: UnitOfWork) -> list[Ladder]:
    """All that are not archived, by name."""
    return await ladder_rows.list_ladders(uow)


async def get_ladder(uow: UnitOfWork, ladder_id: UUID) -> Ladder:
    """Raises NotFoundError for an unknown or archived ladder."""
    return _found(await ladder_rows.get_ladder(uow, ladder_id))


async def create_ladder(uow: UnitOfWork, draft: LadderDraft) -> Ladder:
    """Raises LadderNameTakenError, and InvalidInputError for a step twice or a channel unknown."""
    await _check(uow, draft.steps, draft.group_by, draft.group_window_seconds)
    ladder_id = ids.new_id()
    values = {
        "id": ladder_id,
        "name": draft.name,
        "steps": write_steps(draft.steps),
        "group_by": draft.group_by.value if draft.group_by else None,
        "group_window_seconds": draft.group_window_seconds,
    }
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
    grouping: tuple[GroupBy, int] | None = None,
    ungroup: bool = False,
) -> Ladder:
    """Change what is named, for alerts raised from now on; `ungroup` has each told alone.

    Raises NotFoundError, DefaultLadderError, LadderNameTakenError, InvalidInputError.
    """
    ladder = _found(await ladder_rows.get_ladder(uow, ladder_id, lock=True))
    values: dict[str, Any] = {}
    if name is not None and name != ladder.name:
        if ladder.name == DEFAULT_LADDER:
            raise DefaultLadderError
        values["name"] = name
    if steps is not None:
        await _check(uow, steps, None, None)
        values["steps"] = write_steps(steps)
    if grouping is not None or ungroup:
        values["group_by"] = grouping[0].value if grouping else None
        values["group_window_seconds"] = grouping[1] if grouping else None
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
    return await create_ladder(uow, LadderDraft(DEFAULT_LADDER, DEFAULT_STEPS))


async def list_ladder_warnings(uow: UnitOfWork, ladder: Ladder) -> list[LadderWarning]:
    """What of a saved ladder was perhaps not meant: steps that find nobody, channels that are off.

    For a case nobody has, at this moment. An assignee is somebody: who that is, a case says.
    """
    asked = [
        Wanted(tuple(one for one in step.audience if one.kind not in OF_A_CASE), None, uow.now)
        for step in ladder.steps
    ]
    found = await rotas.resolve_audiences(uow, asked)
    reached = [
        bool(people) or any(one.kind in OF_A_CASE for one in step.audience)
        for people, step in zip(found, ladder.steps, strict=True)
    ]
    enabled = [one.id for one in await channel_rows.list_channels(uow) if one.enabled]
    return find_warnings(ladder.steps, reached=reached, enabled=enabled)


async def _check(
    uow: UnitOfWork,
    steps: Sequence[LadderStep],
    group_by: GroupBy | None,
    group_window_seconds: int | None,
) -> None:
    known = {channel.id for channel in await channel_rows.list_channels(uow)}
    problems = find_problems(
        steps,
        channel_ids=known,
        audience_ids=await _list_audience_ids(uow, steps),
        group_by=group_by,
        group_window_seconds=group_window_seconds,
    )
    if problems:
        raise InvalidInputError("The ladder is not valid.", errors=problems)


async def _list_audience_ids(uow: UnitOfWork, steps: Sequence[LadderStep]) -> set[UUID]:
    """Whoever of these steps' teams, rotas and members there is; asked only for what is named."""
    kinds = {one.kind for step in steps for one in step.audience}
    found: set[UUID] = set()
    if AudienceKind.TEAM in kinds:
        found |= {team.id for team in await rotas.list_teams(uow)}
    if AudienceKind.ROTA in kinds:
        found |= {rota.id for rota in await rotas.list_rotas(uow)}
    if AudienceKind.MEMBER in kinds:
        members = await workspaces.list_members(uow, oldest(10_000))
        found |= {member.id for member in members}
    return found


def _found(ladder: Ladder | None) -> Ladder:
    if ladder is None:
        raise NotFoundError("ladder")
    return ladder
