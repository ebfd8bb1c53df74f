"""Have alerts climb their ladders: tell whoever is next, or write down why nobody was told."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from services.core.alerts.climbing import Past
from services.core.alerts.facts import alert_changed
from services.core.alerts.repository import channels as channel_rows
from services.core.alerts.repository import climbing as climbs
from services.core.alerts.service.advancing import LOOK_AGAIN, advance
from services.core.alerts.service.parcels import note_origins
from services.core.alerts.types import Alert
from services.core.kit import failpoints
from services.core.kit.figures import FIGURES
from services.core.kit.turns import apart
from services.core.kit.uow import Database, UnitOfWork, is_outage
from services.core.silences.types import HoldKind
from services.core.stream import service as stream

log = structlog.get_logger(__name__)

CLIMBING_QUEUE: Final = "climbing"
BATCH: Final = 500
# What one round over many workspaces does at most, in equal shares, that none waits long for its
# turn; and what each may do however many they are.
ROUND: Final = 2_000
SHARE: Final = 50
HOLDING: Final = tuple(kind.value for kind in HoldKind)

# An alert that is held, and the step of a louder one of the same promise.
Claimed = tuple[Alert, int | None]


@dataclass(frozen=True, slots=True)
class Climbed:
    """How many alerts went on, and in how many seconds the next one of all does, if any."""

    count: int
    seconds_until_next: float | None


async def climb(database: Database, *, batch: int = BATCH) -> Climbed:
    """Have due alerts of every workspace go on, in one unit for each workspace, in equal shares.

    One that cannot climb keeps no other from it.
    """
    workspace_ids, seconds = await list_due_workspaces(database)
    share = min(batch, max(SHARE, ROUND // max(len(workspace_ids), 1)))
    count = 0
    for workspace_id in workspace_ids:
        async with (
            apart(database, workspace_id, CLIMBING_QUEUE),
            database.unit(workspace_id) as uow,
        ):
            count += await climb_due(uow, share)
    return Climbed(count, seconds)


async def list_due_workspaces(database: Database) -> tuple[list[UUID], float | None]:
    """Workspaces whose alerts should go on, and in how many seconds the next alert of all does."""
    async with database.system() as uow:
        due, next_at = await climbs.look(uow)
        if database.clock.drifts:
            for row in await climbs.look_at_sandboxes(uow):
                next_at = min(next_at or row.next_at, row.next_at)
                if row.next_at <= uow.now and row.workspace_id not in due:
                    due.append(row.workspace_id)
        seconds = (next_at - uow.now).total_seconds() if next_at else None
        return due, seconds


async def climb_due(uow: UnitOfWork, limit: int) -> int:
    """Have the due alerts of this workspace go on, the most pressing tier first; how many did.

    A worker that dies in here leaves them as they were; two at once take different ones. Announces
    `alert.escalated` for each that told somebody, `alert.resumed` where nobody kept their word.
    """
    with FIGURES.claiming(CLIMBING_QUEUE) as took:
        claimed = await climbs.claim(uow, limit)
        took.append(len(claimed))
    if not claimed:
        return 0
    if __debug__:
        await failpoints.reach("climbs.claimed")
    enabled = [one.id for one in await channel_rows.list_channels(uow) if one.enabled]
    await _advance_apart(uow, claimed, enabled)
    return len(claimed)


async def _advance_apart(
    uow: UnitOfWork, claimed: Sequence[Claimed], enabled: Sequence[UUID]
) -> None:
    """All together; if that fails, by halves, down to the one that cannot climb.

    That one is looked at again later: it shall not stand before the others for ever.
    """
    try:
        async with uow.part():
            await _advance(uow, claimed, enabled)
    except Exception as error:
        if is_outage(error):
            raise
        if len(claimed) > 1:
            middle = len(claimed) // 2
            await _advance_apart(uow, claimed[:middle], enabled)
            await _advance_apart(uow, claimed[middle:], enabled)
            return
        alert_id = claimed[0][0].id
        log.exception("climb.broke", alert_id=str(alert_id))
        await climbs.put_off(uow, alert_id, uow.now + LOOK_AGAIN)


async def _advance(uow: UnitOfWork, claimed: Sequence[Claimed], enabled: Sequence[UUID]) -> None:
    alerts = [alert for alert, _ in claimed]
    note_origins(uow, alerts)
    past = await list_past(uow, alerts)
    louder = {alert.id: step for alert, step in claimed if step is not None}
    moved = await advance(uow, alerts, enabled=enabled, past=past, louder=louder)
    await stream.announce(
        uow,
        [alert_changed("resumed", one.after) for one in moved if one.move.resumed]
        + [
            alert_changed("escalated", one.after, position=done.position, round=done.round)
            for one in moved
            for done in one.move.told
        ],
    )


async def list_past(uow: UnitOfWork, alerts: Sequence[Alert]) -> dict[UUID, Past]:
    """What was done of each of these climbs, and is not to be done again."""
    found: dict[UUID, set[tuple[int, int]]] = defaultdict(set)
    for row in await climbs.list_past(uow, [alert.id for alert in alerts], HOLDING):
        found[row.alert_id].add((row.position, row.round))
    return {alert_id: frozenset(keys) for alert_id, keys in found.items()}
