"""A workspace with subscriptions, its time in hand, and facts at will."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.core.gateways.channels.port import ChannelGateway
from services.core.gateways.channels.wiring import Gateways
from services.core.kit.clock import FrozenClock
from services.core.kit.ids import new_id
from services.core.kit.uow import Database
from services.core.stream import service as stream
from services.core.stream.types import Fact
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.types import (
    Ordering,
    Subscription,
    SubscriptionDraft,
    Wish,
)

ROWS = """
SELECT p.*, s.name FROM subscription_parcels p JOIN subscriptions s ON s.id = p.subscription_id
ORDER BY s.name, p.seq
"""


@dataclass(slots=True)
class Newsroom:
    """Facts happen here; time moves only when told to."""

    database: Database
    clock: FrozenClock
    workspace_id: UUID
    names: int = field(default=0)

    async def subscribe(
        self,
        url: str = "https://example.com/hook",
        *,
        kinds: Sequence[str] = ("*",),
        ordering: Ordering = Ordering.NONE,
        **wish: Any,
    ) -> Subscription:
        self.names += 1
        draft = SubscriptionDraft(f"Reader {self.names}", url, Wish(tuple(kinds), **wish), ordering)
        async with self.database.unit(self.workspace_id) as uow:
            made = await subscriptions.create_subscription(uow, draft, allow_private=True)
        # What it told of itself is nothing the tests are about.
        await self.settle()
        return made

    async def happen(self, *facts: Fact) -> None:
        """Each in a transaction of its own, then numbered and queued."""
        for fact in facts:
            async with self.database.unit(self.workspace_id) as uow:
                await stream.announce(uow, [fact])
        await stream.publish(self.database)
        await self.queue()

    async def queue(self) -> int:
        total = 0
        while True:
            queued, more = await subscriptions.queue_news(self.database)
            total += queued
            if not more:
                return total

    async def settle(self) -> None:
        """Every reader stands at the end, with nothing on its way."""
        await stream.publish(self.database)
        await self.queue()
        async with self.database.system() as uow:
            await uow.execute("DELETE FROM subscription_parcels")

    async def send(self, gateway: ChannelGateway, **more: Any) -> int:
        gateways: Gateways = {"webhook": gateway}
        return await subscriptions.send_due(self.database, gateways, **more)

    async def rows(self) -> list[Row[Any]]:
        async with self.database.system() as uow:
            return list(await uow.execute(ROWS))

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    async def read(self, subscription_id: UUID) -> Subscription:
        async with self.database.read(self.workspace_id) as uow:
            return await subscriptions.get_subscription(uow, subscription_id)


def case_fact(kind: str = "case.opened", subject_id: UUID | None = None, **payload: Any) -> Fact:
    return Fact(kind, "case", subject_id or new_id(), {"tier": "urgent"} | payload)
