"""A large installation to measure in: open cases, messages, clocks and timers by the million."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.core.alerts import service as alerts
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope
from tests.bench.place import Place
from tests.support.seeding import TEXTS, TIERS, Due, Seeded, seed_cases

# No warning of a first answer for more than an hour.
PATIENT = ("routine",)


@dataclass(frozen=True, slots=True)
class Crowded:
    """A workspace full of cases, and a key to read it with."""

    workspace_id: UUID
    key: str
    seeded: Seeded


def fill(
    place: Place,
    name: str,
    cases: int,
    *,
    messages_per_case: int = 10,
    open_share: float = 1.0,
    past_days: int = 90,
    texts: Sequence[str] = TEXTS,
    tiers: Sequence[str] = TIERS,
) -> Crowded:
    """Cases of which none is due soon; all are open unless it is said otherwise.

    Soon is a tenth of a tier's budget after the first was written: three minutes where some are
    urgent, longer than any filling takes where all are `PATIENT`.
    """
    crowd = {
        "messages_per_case": messages_per_case,
        "open_share": open_share,
        "past_days": past_days,
        "texts": texts,
        "tiers": tiers,
    }
    return asyncio.run(_fill(place, name, cases, crowd))


async def _fill(place: Place, name: str, cases: int, crowd: dict[str, Any]) -> Crowded:
    database = await place.open()
    workspace = await workspaces.create_workspace(database, name, slug=name)
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        await alerts.ensure_defaults(uow)
        key = await workspaces.create_key(uow, name="bench", scopes=[Scope.READ])
    await database.close()
    connection = await asyncpg.connect(place.database_url)
    seeded = await seed_cases(connection, workspace.id, cases=cases, **crowd)
    await connection.close()
    return Crowded(workspace.id, key.secret, seeded)


async def add_due(
    place: Place, crowded: Crowded, name: str, cases: int, *, after: float, spread: float
) -> Seeded:
    """More open cases whose first answer is due `after` seconds from now, evenly for `spread`."""
    connection = await asyncpg.connect(place.database_url)
    now = await connection.fetchval("SELECT now()")
    seeded = await seed_cases(
        connection,
        crowded.workspace_id,
        source_id=crowded.seeded.source_id,
        name=name,
        cases=cases,
        messages_per_case=1,
        open_share=1.0,
        due=Due(cases, now + timedelta(seconds=after), timedelta(seconds=spread)),
        bulk=False,
    )
    await connection.close()
    return seeded
