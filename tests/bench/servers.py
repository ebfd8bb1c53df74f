"""What is measured, each as a process: `python -m tests.bench.servers KIND PORT`.

product: the API as it is served. noop: the same server and code, which verifies and parses a
delivery and then only pretends to store it. naive: what a first version looks like, one ORM insert,
one commit and one arq job a request, and no check of the signature.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import uvicorn
from arq import Worker, create_pool
from arq.connections import RedisSettings as ArqSettings
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import JSON, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.api.main import create_app
from services.cli.serve import server_config
from services.core.intake.records import Incoming, Receipt, SourceDoor
from services.core.kit import ids, log
from services.core.kit.db import asyncpg_url
from services.core.settings import Settings
from tests.bench.place import HOST


class Base(DeclarativeBase):
    pass


class NaiveEvent(Base):
    __tablename__ = "bench_naive_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class NaiveDelivery(BaseModel):
    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


class NotStored:
    """Stands where the group commit stands."""

    async def accept(self, door: SourceDoor, incoming: Incoming) -> Receipt:
        return Receipt(ids.new_id(), len(incoming.events), 0, 0, fresh=True)

    async def close(self) -> None:
        return


def naive(settings: Settings) -> FastAPI:
    assert settings.database.url is not None
    assert settings.redis.url is not None
    engine = create_async_engine(
        asyncpg_url(settings.database.url.get_secret_value()), pool_size=10
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    redis_url = settings.redis.url.get_secret_value()
    opened: list[Any] = []

    @asynccontextmanager
    async def run(_app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        opened.append(await create_pool(ArqSettings.from_dsn(redis_url)))
        yield

    app = FastAPI(lifespan=run)

    @app.post("/v1/sources/{source_id}/deliveries", status_code=202)
    async def receive(source_id: str, delivery: NaiveDelivery) -> dict[str, int]:
        async with sessions() as session:
            row = NaiveEvent(event_id=delivery.id, type=delivery.type, data=delivery.data)
            session.add(row)
            await session.commit()
        await opened[0].enqueue_job("process", row.id, _queue_name="bench:naive")
        return {"id": row.id}

    return app


def build(kind: str, settings: Settings) -> FastAPI:
    log.configure(level=settings.log.level, json_lines=True)
    if kind == "naive":
        return naive(settings)
    app = create_app(settings)
    if kind == "noop":
        app.state.warmline.deliveries = NotStored()
    return app


async def nothing(_context: dict[str, Any]) -> None:
    """The job arq is measured with."""


def run_arq(poll_delay: float) -> None:
    """One arq worker that looks every `poll_delay` seconds, until its queue is empty."""
    redis = Settings().redis.url
    assert redis is not None
    Worker(
        functions=[nothing],
        redis_settings=ArqSettings.from_dsn(redis.get_secret_value()),
        queue_name="bench:empty",
        burst=True,
        poll_delay=poll_delay,
    ).run()


def main() -> None:
    _, kind, port = sys.argv
    if kind == "arq":
        run_arq(float(port))
        return
    settings = Settings()
    place = settings.api.model_copy(update={"host": HOST, "port": int(port)})
    app = build(kind, settings)
    uvicorn.Server(server_config(app, settings.model_copy(update={"api": place}))).run()


if __name__ == "__main__":
    main()
