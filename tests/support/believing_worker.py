"""A worker made wrong on purpose: it believes its host's clock, and decides by it what is due."""

import asyncio
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from services.core.kit.clock import Clock, host_now
from services.core.kit.uow import Database
from services.core.settings import Settings
from services.worker import jobs
from services.worker.main import open_context
from services.worker.runtime import build_stages


class HostClock(Clock):
    @override
    async def read(self, connection: AsyncConnection) -> datetime:
        return host_now()


async def run() -> None:
    assert jobs.__all__
    never = asyncio.Event()
    async with open_context(Settings()) as context:
        believing = replace(context, database=Database(context.database.engine, HostClock()))
        stages = build_stages(believing)
        await asyncio.gather(*[stages[queue].run_forever(never) for queue in ("intake", "sla")])


if __name__ == "__main__":
    asyncio.run(run())
