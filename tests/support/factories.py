"""Small makers of the things tests begin with; anyone appends."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from services.core.intake import service as intake
from services.core.intake.envelope import read_envelope
from services.core.intake.records import Incoming, SourceDraft
from services.core.intake.types import ContentKind
from services.core.kit.signatures import sign
from services.core.kit.uow import Database


def comment(event_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """A wire event of type comment.created; `changes` go into its data."""
    event_id = event_id or f"evt-{uuid4().hex[:12]}"
    data = {
        "id": f"c-{event_id}",
        "post_id": "p-1",
        "author": {"id": "u-1", "name": "小鹿"},
        "text": "收到货啦，很喜欢！",
    }
    return {
        "id": event_id,
        "type": "comment.created",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": data | changes,
    }


def batch(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"type": "batch", "data": {"events": list(events)}}


def body_of(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class RegisteredSource:
    """A source and its secret: enough to sign as its platform."""

    workspace_id: UUID
    id: UUID | str
    secret: str

    def headers(
        self, body: bytes, *, webhook_id: str | None = None, at: datetime | None = None
    ) -> dict[str, str]:
        webhook_id = webhook_id or f"msg_{uuid4().hex}"
        timestamp = int((at or datetime.now(UTC)).timestamp())
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self.secret, webhook_id, timestamp, body),
        }


async def make_source(
    database: Database, workspace_id: UUID, *, own_accounts: tuple[str, ...] = ("brand",)
) -> RegisteredSource:
    draft = SourceDraft(name="Xiaohongshu", platform="xiaohongshu", own_accounts=own_accounts)
    async with database.unit(workspace_id) as uow:
        source, secret = await intake.create_source(uow, draft)
    return RegisteredSource(workspace_id, source.id, secret.secret)


def incoming(source_id: UUID, document: object, *, webhook_id: str | None = None) -> Incoming:
    """A delivery as the webhook door would hand it on."""
    body = body_of(document)
    webhook_id = webhook_id or f"msg_{uuid4().hex}"
    envelope = read_envelope(body, content_type=ContentKind.JSON, webhook_id=webhook_id)
    return Incoming(source_id, webhook_id, ContentKind.JSON, body, envelope.events)
