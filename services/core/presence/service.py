"""Say and see who has a case before them, so that two people do not answer one question."""

from typing import Final
from uuid import UUID

from services.core.cases import service as cases
from services.core.kit.uow import Database, UnitOfWork
from services.core.presence import repository
from services.core.presence.facts import presence_changed
from services.core.presence.types import LASTS, Doing, Presence
from services.core.stream import service as stream
from services.core.workspaces import service as workspaces

MOST_SHOWN: Final = 50


async def appear(uow: UnitOfWork, case_id: UUID, member_id: UUID, doing: Doing) -> list[Presence]:
    """Say that a member is there for the next 30 seconds; returns everybody who is.

    Announced when they come or do something else, never when they only stay. It is kept by real
    time, a sandbox's clock moves nobody away. Raises NotFoundError for a foreign case or member.
    """
    await cases.get_case(uow, case_id)
    await workspaces.get_member(uow, member_id)
    was = await repository.appear(uow, case_id, member_id, doing, uow.real_now + LASTS)
    if was != doing:
        await stream.announce(uow, [presence_changed(case_id, member_id, doing)])
    return await repository.list_present(uow, case_id, MOST_SHOWN)


async def leave(uow: UnitOfWork, case_id: UUID, member_id: UUID) -> None:
    """Say that a member is no longer there. Who is not there may leave as often as they like.

    Raises NotFoundError for a foreign case or member.
    """
    await cases.get_case(uow, case_id)
    await workspaces.get_member(uow, member_id)
    if await repository.leave(uow, case_id, member_id):
        await stream.announce(uow, [presence_changed(case_id, member_id, None)])


async def list_present(uow: UnitOfWork, case_id: UUID) -> list[Presence]:
    """Who is there now, those who answer first. Raises NotFoundError."""
    await cases.get_case(uow, case_id)
    return await repository.list_present(uow, case_id, MOST_SHOWN)


async def forget(database: Database) -> int:
    """Clear away who left without a word. Nobody sees them any more; this only frees room."""
    async with database.system() as uow:
        return await repository.forget(uow)
