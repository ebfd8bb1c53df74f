"""Makers for tests of escalation: fired timers, ladders, channels, and a database that waits."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.types import (
    Alert,
    AlertFilter,
    Channel,
    ChannelDraft,
    ChannelKind,
    Delivery,
)
from services.core.kit import ids
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database, UnitOfWork
from services.core.sla.types import ClockKind, FiredTimer
from services.core.triage.types import Tier
from services.core.workspaces.types import Workspace

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fired_timer(**changes: Any) -> FiredTimer:
    """A first reply to something urgent, due at noon, at its due time."""
    values: dict[str, Any] = {
        "timer_id": ids.new_id(),
        "clock_id": ids.new_id(),
        "case_id": ids.new_id(),
        "percent": 100,
        "generation": 1,
        "fire_at": NOON,
        "kind": ClockKind.FIRST_RESPONSE,
        "tier": Tier.URGENT,
        "due_at": NOON,
        "policy_id": ids.new_id(),
        "policy_version": 1,
    }
    return FiredTimer(**(values | changes))


class Desk:
    """A workspace with its default ladder, in a time that moves when told to."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self.clock = FrozenClock(NOON)
        self.database = Database(database.engine, self.clock)
        self.workspace_id = workspace.id

    async def webhook(self, name: str = "hook", **changes: Any) -> Channel:
        draft = ChannelDraft(name, ChannelKind.WEBHOOK, url=f"https://{name}.example/in")
        async with self.database.unit(self.workspace_id) as uow:
            channel = await alerts.create_channel(uow, draft)
            if changes:
                await _write(uow, "channels", channel.id, changes)
        return channel

    async def raised(self, **changes: Any) -> Alert:
        """One alert, queued for every enabled channel."""
        timer = fired_timer(**changes)
        async with self.database.unit(self.workspace_id) as uow:
            await alerts.raise_for(uow, [timer])
            found = await alerts.list_alerts(uow, AlertFilter(case_id=timer.case_id))
        return next(alert for alert in found if alert.clock_id == timer.clock_id)

    async def get(self, alert: Alert) -> Alert:
        async with self.database.read(self.workspace_id) as uow:
            return await alerts.get_alert(uow, alert.id)

    async def deliveries(self, alert: Alert) -> list[Delivery]:
        """Oldest first."""
        async with self.database.read(self.workspace_id) as uow:
            return (await alerts.list_deliveries(uow, alert.id))[::-1]

    async def states(self, alert: Alert) -> list[str]:
        return [f"{one.purpose} {one.state}" for one in await self.deliveries(alert)]

    async def kinds_of_facts(self) -> list[str]:
        async with self.database.read(self.workspace_id) as uow:
            rows = await uow.execute("SELECT kind FROM facts ORDER BY id")
            return list(rows.scalars())

    async def trail(self) -> list[str]:
        async with self.database.read(self.workspace_id) as uow:
            rows = await uow.execute("SELECT action FROM audit_log ORDER BY id")
            return list(rows.scalars())


async def _write(uow: UnitOfWork, table: str, row_id: UUID, changes: dict[str, Any]) -> None:
    columns = ", ".join(f"{name} = :{name}" for name in changes)
    await uow.execute(f"UPDATE {table} SET {columns} WHERE id = :id", {"id": row_id, **changes})
