"""A brand on a running installation, and its platform: keys, sources and deliveries over HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from services.core.alerts import service as alerts
from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces import service as workspaces
from services.simulator.signing import signed_headers
from tests.support.client import make_key
from tests.support.factories import make_source
from tests.support.line import URGENT, person
from tests.support.processes import Site


@dataclass(slots=True)
class Sent:
    """One delivery as its sender remembers it: what was in it, and what each answer said."""

    webhook_id: str
    events: tuple[dict[str, Any], ...]
    receipts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Brand:
    """A workspace with an admin's key, and a source whose secret we hold."""

    site: Site
    workspace_id: UUID
    http: httpx.AsyncClient
    source_id: str
    secret: str
    sent: list[Sent] = field(default_factory=list)

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    async def create(self, path: str, body: Any) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return answer.json()

    async def register_source(self, *own_accounts: str) -> None:
        """Go on with a new source, registered over HTTP."""
        body = {"name": "Shop", "platform": "xiaohongshu", "own_accounts": list(own_accounts)}
        source = await self.create("/v1/sources", body)
        self.source_id, self.secret = source["id"], source["secret"]

    async def post(self, body: bytes, webhook_id: str, **more: str) -> httpx.Response:
        """One signed call as a platform makes it; raises what httpx raises when nobody answers."""
        headers = signed_headers(self.secret, webhook_id, int(datetime.now(UTC).timestamp()), body)
        return await self.site.http.post(
            f"/v1/sources/{self.source_id}/deliveries",
            content=body,
            headers=headers | {"content-type": "application/json"} | more,
        )

    async def deliver(
        self,
        *events: dict[str, Any],
        webhook_id: str | None = None,
        request_id: str | None = None,
    ) -> Sent:
        """Send events as one delivery, which must be accepted, and write it into the ledger."""
        sent = Sent(webhook_id or f"whk_{uuid4().hex}", events)
        self.sent.append(sent)
        await self.send(sent, request_id=request_id)
        return sent

    async def send(self, sent: Sent, *, request_id: str | None = None) -> None:
        """Send, or send again, what the ledger says; only an answer of 202 will do."""
        named = {"x-request-id": request_id} if request_id else {}
        answer = await self.post(body_of(sent.events), sent.webhook_id, **named)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        sent.receipts.append(answer.json())


@asynccontextmanager
async def founded_brand(site: Site, slug: str = "brand") -> AsyncIterator[Brand]:
    """A workspace with the usual policy and ladder and one source, made without any process."""
    database = Database(create_engine(site.database_url, pool_size=2))
    try:
        workspace = await workspaces.create_workspace(database, "Brand", slug=slug)
        async with database.unit(workspace.id) as uow:
            await sla.ensure_defaults(uow)
            await alerts.ensure_defaults(uow)
        source = await make_source(database, workspace.id)
        key = await make_key(database, workspace.id)
    finally:
        await database.close()
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        base_url=site.url, headers=headers, trust_env=False, timeout=15
    ) as http:
        yield Brand(site, workspace.id, http, str(source.id), source.secret)


@pytest.fixture
async def brand(site: Site) -> AsyncIterator[Brand]:
    async with founded_brand(site) as founded:
        yield founded


def said(key: str, *, author: str = "lily", text: str = URGENT) -> dict[str, Any]:
    """A comment of this moment, as the platform tells it."""
    data = {"id": key, "post_id": "p1", "author": person(author), "text": text}
    return _told("comment.created", key, data)


def answered(key: str, to: str, text: str = "亲，马上为您处理") -> dict[str, Any]:
    """A reply of the brand, seen on the platform at this moment."""
    return _told("reply.sent", key, {"id": key, "in_reply_to": to, "text": text})


def many(count: int, *, each: int = 1, start: int = 0) -> list[dict[str, Any]]:
    """Urgent comments of people who each speak so often in a row, in a thread of their own."""
    numbers = range(start, start + count)
    return [said(f"c{number}", author=f"u{number // each}") for number in numbers]


def body_of(events: Sequence[dict[str, Any]]) -> bytes:
    if len(events) == 1:
        return orjson.dumps(events[0])
    return orjson.dumps({"type": "batch", "data": {"events": list(events)}})


def _told(kind: str, key: str, data: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"id": f"{kind}:{key}", "type": kind, "timestamp": now, "data": data}
