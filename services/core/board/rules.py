"""What a screen should show first, decided without touching anything."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.core.board.types import CaseFilter, CaseSort, Place, Run, Share
from services.core.cases.types import CaseState
from services.core.triage.types import Tier

# As in the index ix_cases_open.
LIVE = (CaseState.OPEN, CaseState.ANSWERED, CaseState.SNOOZED)

_PRESSING = {tier.value: place for place, tier in enumerate(Tier)}
# Before and behind all the database takes: a run is read from its beginning.
_FIRST: Place = (datetime(1999, 1, 1, tzinfo=UTC), UUID(int=0))
_LAST: Place = (datetime(2101, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))


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


def runs_of(
    wanted: CaseFilter, sort: CaseSort, after: Place | None, reached: Tier | None
) -> list[Run]:
    """What is read to sort by anything but the due time: a run of each state, or of each tier.

    Runs of states are merged by time; those of tiers follow each other, from the `reached` one on.
    """
    start = _LAST if sort.backwards else _FIRST
    if not sort.by_tier:
        states = dict.fromkeys(wanted.states or LIVE)
        return [Run(state.value, *(after or start)) for state in states]
    order = list(reversed(Tier) if sort.backwards else Tier)
    ahead = order[order.index(reached) :] if reached else order
    return [
        Run(tier.value, *(after if after and tier is reached else start))
        for tier in ahead
        if not wanted.tiers or tier in wanted.tiers
    ]


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
