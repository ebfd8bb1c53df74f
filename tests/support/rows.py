"""Rows for tests that read: plain inserts with sensible values, everything overridable."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert

from services.core.alerts.models import AlertRow, ChannelRow, OutboxRow
from services.core.cases.models import CaseRow
from services.core.conversations.models import FollowerRow, MessageRow, PostRow, ThreadRow
from services.core.intake.models import JournalRow, SourceRow
from services.core.kit.db import Base
from services.core.kit.uow import UnitOfWork
from services.core.sla.models import ClockRow, TimerRow
from services.core.triage.models import JudgementRow
from services.core.workspaces.models import MemberRow

NO_DUE = datetime(2100, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def add_row(
    uow: UnitOfWork, model: type[Base], defaults: dict[str, Any], **values: Any
) -> Any:
    """Insert one row into the unit's workspace; returns its values with attribute access."""
    row = {"workspace_id": uow.workspace_id, "id": uuid4()} | defaults | values
    columns = {column.name for column in model.__table__.columns}
    row = {name: value for name, value in row.items() if name in columns}
    await uow.execute(insert(model).values(**row))
    return type("Row", (), row)


async def add_source(uow: UnitOfWork, **values: Any) -> Any:
    defaults = {
        "name": "红薯",
        "platform": "xiaohongshu",
        "own_accounts": ["brand"],
        "created_at": uow.now,
        "updated_at": uow.now,
    }
    return await add_row(uow, SourceRow, defaults, **values)


async def add_member(uow: UnitOfWork, **values: Any) -> Any:
    defaults = {
        "handle": f"member-{uuid4().hex[:8]}",
        "name": "May",
        "role": "moderator",
        "active": True,
        "created_at": uow.now,
        "updated_at": uow.now,
    }
    return await add_row(uow, MemberRow, defaults, **values)


async def add_follower(uow: UnitOfWork, source_id: UUID, **values: Any) -> Any:
    defaults = {
        "source_id": source_id,
        "external_id": f"u-{uuid4().hex[:8]}",
        "handle": "lily",
        "name": "莉莉",
        "followers_count": 12,
        "verified": False,
        "first_seen_at": uow.now,
        "last_seen_at": uow.now,
        "profile_ranks": {},
    }
    return await add_row(uow, FollowerRow, defaults, **values)


async def add_post(uow: UnitOfWork, source_id: UUID, **values: Any) -> Any:
    defaults = {
        "source_id": source_id,
        "external_id": f"p-{uuid4().hex[:8]}",
        "title": "新品来了",
        "text": "正文",
        "hashtags": ["新品"],
        "published_at": uow.now,
        "field_ranks": {},
        "content_at": uow.now,
        "first_seen_at": uow.now,
    }
    return await add_row(uow, PostRow, defaults, **values)


async def add_thread(uow: UnitOfWork, source_id: UUID, **values: Any) -> Any:
    defaults = {"source_id": source_id, "channel": "comment", "last_message_at": uow.now}
    return await add_row(uow, ThreadRow, defaults, **values)


async def add_judgement(uow: UnitOfWork, message_id: UUID, **values: Any) -> Any:
    defaults = {
        "message_id": message_id,
        "content_rank": "1",
        "decided_by": "engine",
        "tier": "urgent",
        "category": "complaint",
        "sentiment": "negative",
        "needs_reply": True,
        "language": "zh",
        "spam_score": 0.01,
        "hide": False,
        "confidence": 0.9,
        "flags": ["harm"],
        "reasons": [{"cue": "harm.skin", "start": 2, "end": 4, "effect": "category:complaint"}],
        "engine": "cues",
        "engine_version": "1",
        "rules_version": "1",
        "decided_at": uow.now,
    }
    return await add_row(uow, JudgementRow, defaults, **values)


async def add_message(
    uow: UnitOfWork, source_id: UUID, *, judged: bool = True, **values: Any
) -> Any:
    """An inbound comment with an urgent judgement, unless told otherwise."""
    message_id = values.pop("id", uuid4())
    verdict = {"tier": "urgent", "category": "complaint", "sentiment": "negative"}
    verdict = {name: values.pop(name, value) for name, value in verdict.items()}
    needs_reply = values.pop("needs_reply", True)
    defaults: dict[str, Any] = {
        "id": message_id,
        "source_id": source_id,
        "kind": "comment",
        "direction": "in",
        "external_id": f"c-{uuid4().hex[:8]}",
        "text": "用了烂脸，怎么办",
        "occurred_at": uow.now,
        "created_known": True,
        "content_at": uow.now,
        "content_rank": "1",
        "received_at": uow.now,
    }
    if judged:
        judgement = await add_judgement(uow, message_id, needs_reply=needs_reply, **verdict)
        defaults |= {"judgement_id": judgement.id, "needs_reply": needs_reply, **verdict}
    return await add_row(uow, MessageRow, defaults, **values)


async def add_case(uow: UnitOfWork, source_id: UUID, **values: Any) -> Any:
    due = values.get("next_due_at")
    defaults = {
        "thread_id": uuid4(),
        "source_id": source_id,
        "channel": "comment",
        "opening_message_id": uuid4(),
        "state": "open",
        "tier": "urgent",
        "category": "complaint",
        "sentiment": "negative",
        "unanswered": 1,
        "reopened": 0,
        "opened_at": uow.now,
        "last_message_at": uow.now,
        "sort_due_at": due or NO_DUE,
        "policy_id": uuid4(),
        "policy_version": 1,
        "version": 1,
        "updated_at": uow.now,
    }
    return await add_row(uow, CaseRow, defaults, **values)


async def add_clock(uow: UnitOfWork, case_id: UUID, **values: Any) -> Any:
    defaults = {
        "case_id": case_id,
        "thread_id": uuid4(),
        "kind": "first_response",
        "episode": 1,
        "tier": "urgent",
        "state": "running",
        "started_at": uow.now,
        "due_at": uow.now + HOUR,
        "budget_seconds": 3600,
        "paused_seconds": 0,
        "policy_id": uuid4(),
        "policy_version": 1,
        "generation": 1,
        "corrections": [],
        "created_at": uow.now,
        "updated_at": uow.now,
    }
    return await add_row(uow, ClockRow, defaults, **values)


async def add_timer(uow: UnitOfWork, clock_id: UUID, case_id: UUID, **values: Any) -> Any:
    defaults = {
        "clock_id": clock_id,
        "case_id": case_id,
        "percent": 100,
        "generation": 1,
        "fire_at": uow.now,
        "state": "pending",
    }
    return await add_row(uow, TimerRow, defaults, **values)


async def add_alert(uow: UnitOfWork, case_id: UUID, **values: Any) -> Any:
    defaults = {
        "clock_id": uuid4(),
        "case_id": case_id,
        "group_key": str(case_id),
        "step": 100,
        "generation": 1,
        "severity": "breach",
        "tier": "urgent",
        "clock_kind": "first_response",
        "state": "firing",
        "fire_at": uow.now,
        "fired_at": uow.now,
        "due_at": uow.now,
        "ladder": {},
    }
    return await add_row(uow, AlertRow, defaults, **values)


async def add_outbox(uow: UnitOfWork, **values: Any) -> Any:
    defaults = {
        "alert_id": uuid4(),
        "channel_id": uuid4(),
        "purpose": "firing",
        "sequence": 0,
        "tier": "urgent",
        "state": "pending",
        "next_at": uow.now,
        "message": {},
        "created_at": uow.now,
    }
    return await add_row(uow, OutboxRow, defaults, **values)


async def add_channel(uow: UnitOfWork, **values: Any) -> Any:
    defaults = {
        "name": f"channel-{uuid4().hex[:8]}",
        "kind": "console",
        "config": {},
        "enabled": True,
        "version": 1,
        "created_at": uow.now,
        "updated_at": uow.now,
    }
    return await add_row(uow, ChannelRow, defaults, **values)


async def add_journal(uow: UnitOfWork, source_id: UUID, **values: Any) -> Any:
    defaults = {
        "delivery_id": uuid4(),
        "position": 0,
        "source_id": source_id,
        "external_id": f"e-{uuid4().hex[:8]}",
        "type": "comment.created",
        "occurred_at": uow.now,
        "received_at": uow.now,
        "clamped": False,
        "historical": False,
        "state": "pending",
        "next_at": uow.now,
    }
    return await add_row(uow, JournalRow, defaults, **values)


async def add_story(uow: UnitOfWork, **message: Any) -> Any:
    """A follower's comment under a post, ready to be folded into a case."""
    source = await add_source(uow)
    follower = await add_follower(uow, source.id)
    post = await add_post(uow, source.id)
    thread = await add_thread(uow, source.id, post_id=post.id, follower_id=follower.id)
    said = await add_message(
        uow,
        source.id,
        thread_id=thread.id,
        post_id=post.id,
        author_id=follower.id,
        **message,
    )
    parts = {"source": source, "follower": follower, "post": post, "thread": thread, "said": said}
    return type("Story", (), parts)
