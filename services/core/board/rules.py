"""What a screen should show first, decided without touching anything."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from services.core.board.types import Share
from services.core.triage.types import Tier

_PRESSING = {tier.value: place for place, tier in enumerate(Tier)}


def driving_message(
    messages: Sequence[dict[str, Any]], opening_message_id: UUID
) -> dict[str, Any] | None:
    """The message that makes the case as pressing as it is.

    Of the questions still standing the most pressing, the earliest of equals; when none
    stands, the opening message; None when not even that is among `messages`.
    """
    questions = [
        message
        for message in messages
        if message["direction"] == "in" and message["needs_reply"] and not message["deleted"]
    ]
    opening = next((each for each in messages if each["id"] == opening_message_id), None)
    return min(
        questions,
        key=lambda message: (_PRESSING[message["tier"]], message["occurred_at"], message["id"]),
        default=opening,
    )


def share(met: int, missed: int) -> Share:
    decided = met + missed
    return Share(met=met, missed=missed, rate=met / decided if decided else None)


def by_tier(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Counts added up for every tier, and their `total`."""
    totals = {"total": 0} | {tier.value: 0 for tier in Tier}
    for tier, count in counts:
        totals[tier] += count
        totals["total"] += count
    return totals
