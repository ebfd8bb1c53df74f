"""Documents as producers write them: the fullest of every type, batches, CloudEvents."""

import json
from datetime import UTC, datetime
from typing import Any

from services.core.intake.envelope import read_envelope
from services.core.intake.types import ContentKind, Envelope

WEBHOOK_ID = "whk_1"
WHEN = "2026-11-21T08:15:04.120Z"
MOMENT = datetime(2026, 11, 21, 8, 15, 4, 120_000, UTC)

AUTHOR: dict[str, Any] = {
    "id": "u1",
    "handle": "lily",
    "name": "莉莉",
    "followers_count": 12,
    "verified": True,
    "avatar_url": "https://img.example/a.png",
    "locale": "zh-CN",
}
COMMENT: dict[str, Any] = {
    "id": "c1",
    "post_id": "p1",
    "parent_id": "c0",
    "author": AUTHOR,
    "text": "用了烂脸",
    "mentions": ["brand"],
    "hashtags": ["护肤"],
    "images": ["https://img.example/1.jpg"],
    "url": "https://x.example/c1",
    "version": 2,
}
DM: dict[str, Any] = {
    "id": "m1",
    "conversation_id": "k1",
    "author": AUTHOR,
    "text": "在吗",
    "images": [],
    "reply_window_until": "2026-11-23T08:15:04+08:00",
    "replies_left": 3,
    "version": 1,
}
POST: dict[str, Any] = {
    "id": "p1",
    "title": "新品",
    "text": "来了",
    "hashtags": ["新品"],
    "series": {"name": "测评", "part": 1, "of": 3},
    "author": AUTHOR,
    "url": "https://x.example/p1",
}

# Every field of every row of the contract.
FULLEST: dict[str, dict[str, Any]] = {
    "comment.created": COMMENT,
    "comment.edited": COMMENT,
    "comment.deleted": {"id": "c1"},
    "comment.hidden": {"id": "c1"},
    "comment.unhidden": {"id": "c1"},
    "dm.received": DM,
    "dm.edited": DM,
    "dm.recalled": {"id": "m1"},
    "mention.created": {"id": "n1", "post_id": "p1", "author": AUTHOR, "text": "@我", "url": "x"},
    "reply.sent": {
        "id": "r1",
        "in_reply_to": "c1",
        "conversation_id": "k1",
        "post_id": "p1",
        "text": "亲",
        "member": "amy",
    },
    "follower.followed": {"follower": AUTHOR},
    "follower.unfollowed": {"follower": AUTHOR},
    "post.published": POST,
    "post.edited": POST,
    "post.deleted": POST,
    "post.metrics": {
        "post_id": "p1",
        "views": 5,
        "likes": 4,
        "collects": 3,
        "comments": 2,
        "shares": 2**63 - 1,
    },
    "view.recorded": {"post_id": "p1", "follower": AUTHOR},
    "purchase.completed": {
        "id": "b1",
        "follower": AUTHOR,
        "amount": "199.00",
        "currency": "CNY",
        "items": [{"sku": "a", "n": 1}],
        "referral_code": "LILY",
    },
    "referral.joined": {"follower": AUTHOR, "referred_by": {"id": "u2"}},
    "group.joined": {"group_id": "g1", "follower": AUTHOR},
    "group.left": {"group_id": "g1", "follower": AUTHOR},
    "group.message": {
        "id": "gm1",
        "group_id": "g1",
        "author": AUTHOR,
        "text": "hi",
        "parent_id": "gm0",
    },
    "survey.answered": {
        "survey_id": "s1",
        "follower": AUTHOR,
        "score": 4.5,
        "nps": 10,
        "text": "好",
    },
    "lead.submitted": {
        "id": "l1",
        "follower": AUTHOR,
        "fields": {"phone": "138", "kids": [1, None]},
        "post_id": "p1",
    },
    "flag.raised": {"id": "f1", "message_id": "c1", "follower": AUTHOR, "reason": "spam"},
}


def comment(**changes: Any) -> dict[str, Any]:
    """Build the smallest valid native document."""
    data = {"id": "c1", "post_id": "p1", "author": {"id": "u1"}, "text": "烂脸了"}
    native = {"id": "evt-1", "type": "comment.created", "timestamp": WHEN, "data": data}
    return native | changes


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def batch(*events: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "batch", "timestamp": WHEN, "data": {"events": list(events)}} | changes


def cloud_event(**changes: Any) -> dict[str, Any]:
    native = without(comment(), "timestamp")
    return {"specversion": "1.0", "source": "/xhs", "time": WHEN} | native | changes


def read(document: Any, kind: ContentKind = ContentKind.JSON) -> Envelope:
    """Read a document, or bytes as they are, the way intake does."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_envelope(body, content_type=kind, webhook_id=WEBHOOK_ID)
