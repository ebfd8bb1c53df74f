"""The decisions of intake that need no body: media types, ids, support, place in time, quota."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zlib import crc32

from services.core.intake.errors import InvalidEnvelopeError, UnsupportedMediaError
from services.core.intake.payloads import (
    PAYLOADS,
    Comment,
    DirectMessage,
    FollowerChange,
    Mention,
    MessageChange,
    Post,
    Reply,
)
from services.core.intake.types import (
    Bucket,
    ContentKind,
    Placement,
    ReceivedEvent,
    Support,
    Wait,
)
from services.core.kit.errors import FieldProblem

# Clocks of platforms run ahead a little; more than this is a mistake of theirs.
FUTURE_TOLERANCE = timedelta(minutes=5)
# Nobody waits for an answer to what is older: it is history.
HISTORICAL_AFTER = timedelta(days=30)

# In so many lanes entries wait. A claim takes a fourth of its share from each, so that some
# workers find lanes to themselves, and the bodies they read are still those of a short time.
LANES: Final = 16
LANES_A_CLAIM: Final = 4

# What a source without any quota is told: somebody has to change that first.
CLOSED_WAIT_SECONDS = 3600.0

DELIVERY_KINDS: Final = frozenset({ContentKind.JSON, ContentKind.CLOUDEVENTS})
BACKFILL_KINDS: Final = frozenset({ContentKind.NDJSON})

_MEDIA_TYPES: Final = {
    "application/json": ContentKind.JSON,
    "application/cloudevents+json": ContentKind.CLOUDEVENTS,
    "application/x-ndjson": ContentKind.NDJSON,
}

# No full stop: it separates the parts of what is signed.
_WEBHOOK_ID = re.compile(rb"[A-Za-z0-9_:-]{1,128}")

# Kept and marked until their features come; a replay gives them their effect then.
_NO_HANDLER_YET: Final = frozenset(
    {
        "post.metrics",
        "view.recorded",
        "purchase.completed",
        "referral.joined",
        "group.joined",
        "group.left",
        "group.message",
        "survey.answered",
        "lead.submitted",
        "flag.raised",
    }
)


def read_media_type(
    content_type: str | None, *, accepted: frozenset[ContentKind] = DELIVERY_KINDS
) -> ContentKind:
    """Return how the body is written. Raises UnsupportedMediaError; a charset other than UTF-8 too.

    Other parameters are passed over.
    """
    media_type, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    kind = _MEDIA_TYPES.get(media_type)
    if kind is None or kind not in accepted:
        names = " or ".join(name for name, kind in _MEDIA_TYPES.items() if kind in accepted)
        raise UnsupportedMediaError(f"The media type must be {names}.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') != "utf-8":
            raise UnsupportedMediaError("The charset must be utf-8.")
    return kind


def check_content_encoding(content_encoding: str | None) -> None:
    """Raise UnsupportedMediaError for a compressed body: its size would be anybody's guess."""
    if content_encoding is not None and content_encoding.strip().lower() != "identity":
        raise UnsupportedMediaError("The body must not be compressed.")


def read_webhook_id(header: bytes) -> str:
    """Return the delivery's id, or raise InvalidEnvelopeError. The pointer is empty: no field."""
    if not _WEBHOOK_ID.fullmatch(header):
        problem = FieldProblem(
            pointer="",
            code="bad_webhook_id",
            detail="The webhook-id is 1 to 128 of the characters A-Z a-z 0-9 _ : -",
        )
        raise InvalidEnvelopeError([problem])
    return header.decode()


def support_of(event_type: str) -> Support:
    if event_type not in PAYLOADS:
        return Support.UNSUPPORTED
    if event_type in _NO_HANDLER_YET:
        return Support.NO_HANDLER_YET
    return Support.HANDLED


def place_in_time(occurred_at: datetime, received_at: datetime) -> Placement:
    """Judge a time by the moment of receipt, both aware. Historical events open no clocks.

    A time from the future counts as the moment of receipt, so that no clock starts later than that.
    """
    if occurred_at > received_at + FUTURE_TOLERANCE:
        return Placement(received_at, clamped=True, historical=False)
    historical = occurred_at < received_at - HISTORICAL_AFTER
    return Placement(occurred_at, clamped=False, historical=historical)


def full_bucket(*, capacity: float, refill_per_second: float, now: datetime) -> Bucket:
    return Bucket(capacity, refill_per_second, tokens=capacity, filled_at=now)


def take(bucket: Bucket, events: int, now: datetime) -> Bucket | Wait:
    """Return the bucket after `events` were admitted at `now`, or how long they must wait.

    More than the capacity is admitted by a full bucket and leaves a debt; otherwise a large batch
    could never come in. A clock that went back refills nothing. Without capacity or refill nothing
    is admitted.
    """
    elapsed = max((now - bucket.filled_at).total_seconds(), 0.0)
    tokens = min(bucket.tokens + elapsed * bucket.refill_per_second, bucket.capacity)
    needed = max(min(events, bucket.capacity), 1.0)
    if tokens >= needed:
        return replace(bucket, tokens=tokens - events, filled_at=max(now, bucket.filled_at))
    if bucket.refill_per_second <= 0:
        return Wait(CLOSED_WAIT_SECONDS)
    return Wait((needed - tokens) / bucket.refill_per_second)


def month_after(month: date) -> date:
    """The first day of the month after the one of this day."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_from(day: date, count: int) -> list[date]:
    """The first days of `count` months, beginning with the one of `day`."""
    months = [day.replace(day=1)]
    while len(months) < count:
        months.append(month_after(months[-1]))
    return months


def months_over(months: Iterable[date], cutoff: datetime) -> list[date]:
    """Those that ended at `cutoff` or before it, in UTC."""
    return [month for month in months if month_after(month) <= cutoff.astimezone(UTC).date()]


def lane_of(source_id: UUID, event: ReceivedEvent) -> int:
    """In which lane an event waits, from 0: what one person says waits in the same, mostly.

    It only decides who is likely to meet whom; any lane would be right. A conversation and the
    answers in it share one; what names neither, such as a deletion, goes by what it names.
    """
    payload = event.payload
    match payload:
        case Comment() | Mention():
            whose = payload.author.id
        case DirectMessage():
            whose = payload.conversation
        case FollowerChange():
            whose = payload.follower.id
        case Reply():
            whose = payload.conversation_id or payload.in_reply_to or payload.id
        case Post() | MessageChange():
            whose = payload.id
        case _:
            whose = event.external_id
    return crc32(f"{source_id}/{whose}".encode()) % LANES
