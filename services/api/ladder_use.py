"""Say which ladder names a team or a rota, before that is archived and the step reaches nobody."""

from uuid import UUID

from services.core.alerts import service as alerts
from services.core.kit.uow import UnitOfWork


async def find_ladder_naming(uow: UnitOfWork, audience_id: UUID) -> str | None:
    """The name of the first live ladder with a step for it; None when there is none."""
    for ladder in await alerts.list_ladders(uow):
        named = {audience.id for step in ladder.steps for audience in step.audience}
        if audience_id in named:
            return ladder.name
    return None
