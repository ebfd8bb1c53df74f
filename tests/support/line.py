"""The line in process: events go into the journal and the worker's own stories are run on them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.alerts import service as alerts
from services.core.desk import processing
from services.core.intake import service as intake
from services.core.intake.envelope import read_envelope
from services.core.intake.records import Incoming, SourceDraft
from services.core.intake.types import ContentKind
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.stream import service as stream
from services.core.triage.engine import load_classifier
from services.core.triage.types import Classifier
from services.core.workspaces.types import Workspace

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BRAND = "brand"

# Texts whose judgement is plain, so that tests of promises do not hang on a classifier's taste.
URGENT = "收到的瓶子是碎的，我要退款，请马上处理"
PRODUCT_QUESTION = "请问这个精华多少钱，怎么买？"
PRAISE = "太好用了，爱了爱了"
THANKS = "谢谢"


def person(name: str = "lily") -> dict[str, Any]:
    return {"id": f"u-{name}", "handle": name, "name": name.title()}


def at(minutes: float = 0) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def event(kind: str, data: dict[str, Any], *, minutes: float = 0, key: str | None = None) -> Any:
    return {"id": key or uuid4().hex, "type": kind, "timestamp": at(minutes), "data": data}


def comment(
    key: str,
    text: str = URGENT,
    *,
    minutes: float = 0,
    author: str = "lily",
    post: str = "p1",
    kind: str = "comment.created",
    **more: Any,
) -> Any:
    data = {"id": key, "post_id": post, "author": person(author), "text": text, **more}
    return event(kind, data, minutes=minutes, key=f"{kind}:{key}:{minutes}")


def dm(key: str, text: str = URGENT, *, minutes: float = 0, author: str = "lily") -> Any:
    data = {"id": key, "author": person(author), "text": text}
    return event("dm.received", data, minutes=minutes, key=f"dm:{key}")


def deleted(key: str, *, minutes: float = 0) -> Any:
    return event("comment.deleted", {"id": key}, minutes=minutes, key=f"deleted:{key}")


def reply(key: str, to: str, *, minutes: float = 0, text: str = "亲，马上为您处理") -> Any:
    data = {"id": key, "in_reply_to": to, "text": text}
    return event("reply.sent", data, minutes=minutes, key=f"reply:{key}")


@dataclass
class Line:
    """One source of one workspace, and everything that happens behind the webhook."""

    database: Database
    clock: FrozenClock
    workspace_id: UUID
    source_id: UUID
    limits: processing.ClaimLimits = field(default_factory=processing.ClaimLimits)
    classifier: Classifier = field(default_factory=load_classifier)

    async def deliver(
        self, *events: Any, webhook_id: str | None = None, request_id: str | None = None
    ) -> UUID:
        """Accept events as one delivery, as the API does after checking the signature.

        The clock moves on to the newest of them: what lies in the future is not believed.
        """
        newest = max(datetime.fromisoformat(item["timestamp"]) for item in events)
        self.clock.at = max(self.clock.at, newest)
        key = webhook_id or uuid4().hex
        batch = {"type": "batch", "data": {"events": list(events)}}
        body = json.dumps(batch).encode()
        envelope = read_envelope(body, content_type=ContentKind.JSON, webhook_id=key)
        incoming = Incoming(
            self.source_id, key, ContentKind.JSON, body, envelope.events, request_id=request_id
        )
        async with self.database.unit(self.workspace_id) as uow:
            (receipt,) = await intake.accept(uow, [incoming])
        return receipt.delivery_id

    async def process(self) -> int:
        """Do what a worker does until nothing waits."""
        done = 0
        while count := await processing.process_deliveries(
            self.database, self.classifier, self.limits
        ):
            done += count
        await processing.link_waiting_replies(self.database)
        return done

    async def hear(self, *events: Any) -> None:
        await self.deliver(*events)
        await self.process()

    async def tick(self, minutes: float = 0) -> int:
        """Let time pass, then do what has come due; returns how many timers fired."""
        self.clock.advance(timedelta(minutes=minutes))
        await processing.wake_snoozed(self.database)
        fired = await processing.fire_timers(self.database)
        await stream.publish(self.database)
        return fired.count

    async def rows(self, sql: str, **parameters: Any) -> Sequence[Any]:
        async with self.database.system() as uow:
            return list(await uow.execute(sql, parameters))

    async def row(self, sql: str, **parameters: Any) -> Any:
        (row,) = await self.rows(sql, **parameters)
        return row


@pytest.fixture
async def line(database: Database, workspace: Workspace) -> Line:
    """A source with the default policy and ladder, at noon, in a clock that tests move."""
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    async with frozen.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        await alerts.ensure_defaults(uow)
        draft = SourceDraft(name="shop", platform="xiaohongshu", own_accounts=(BRAND,))
        source, _ = await intake.create_source(uow, draft)
    return Line(frozen, clock, workspace.id, source.id)
