"""How planned events travel: alone or in batches, some twice, some out of order."""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from services.simulator.traffic import PlannedEvent

MOST_EVENTS_IN_A_BATCH = 500  # WEBHOOK.md, Body
# A second copy comes within this time, as after a platform's own impatient retry.
LONGEST_ECHO_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One request to make: `body` is sent as it is, that many seconds after the start.

    `is_repeat` marks a copy made on purpose, with the webhook id of the first or a new one.
    """

    at_offset_seconds: float
    webhook_id: str
    body: bytes
    event_ids: tuple[str, ...]
    is_repeat: bool = False


def pack(
    events: Iterator[PlannedEvent],
    *,
    run: str = "sim",
    batch_size: int = 1,
    batch_window_seconds: float = 0.25,
) -> Iterator[PlannedDelivery]:
    """Events as deliveries, in order of time; ids are counted per run.

    With `batch_size` above 1, events that happen within the window of the first one travel
    together at the time of the last one; a lone event travels as a single one. Raises ValueError
    for a batch the contract does not allow.
    """
    if not 1 <= batch_size <= MOST_EVENTS_IN_A_BATCH:
        raise ValueError(f"a batch holds 1 to {MOST_EVENTS_IN_A_BATCH} events, not {batch_size}")
    return _pack(events, run, batch_size, batch_window_seconds)


def disturb(
    deliveries: Iterator[PlannedDelivery],
    *,
    seed: int,
    duplicates: float = 0.0,
    shuffle_seconds: float = 0.0,
) -> Iterator[PlannedDelivery]:
    """The same deliveries as a bad network brings them, still in order of sending time.

    `duplicates` is the share that is sent a second time, half of them under a new webhook id with
    the same events; `shuffle_seconds` is the longest delay, so deliveries overtake each other.
    """
    rng = Random(f"disturb:{seed}")
    waiting: list[tuple[float, int, PlannedDelivery]] = []
    number = 0
    for delivery in deliveries:
        planned_at = delivery.at_offset_seconds
        # Nothing later can be due before this one was planned: what is due by then may go.
        while waiting and waiting[0][0] <= planned_at:
            yield heapq.heappop(waiting)[2]
        sent_at = planned_at + rng.random() * shuffle_seconds
        copies = [replace(delivery, at_offset_seconds=sent_at)]
        if rng.random() < duplicates:
            echo_at = sent_at + rng.random() * LONGEST_ECHO_SECONDS
            fresh_id = rng.random() < 0.5  # noqa: PLR2004 - half
            webhook_id = f"{delivery.webhook_id}-again" if fresh_id else delivery.webhook_id
            copies.append(
                replace(delivery, at_offset_seconds=echo_at, webhook_id=webhook_id, is_repeat=True)
            )
        for copy in copies:
            number += 1
            heapq.heappush(waiting, (copy.at_offset_seconds, number, copy))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _pack(
    events: Iterator[PlannedEvent], run: str, batch_size: int, window: float
) -> Iterator[PlannedDelivery]:
    number = 0
    together: list[PlannedEvent] = []
    for event in events:
        is_late = together and event.at_offset_seconds - together[0].at_offset_seconds > window
        if is_late or len(together) == batch_size:
            number += 1
            yield _delivery(f"{run}-d{number}", together)
            together = []
        together.append(event)
    if together:
        yield _delivery(f"{run}-d{number + 1}", together)


def _delivery(webhook_id: str, together: list[PlannedEvent]) -> PlannedDelivery:
    last = together[-1]
    envelope: dict[str, Any] = last.event
    if len(together) > 1:
        events = [planned.event for planned in together]
        envelope = {
            "type": "batch", "timestamp": last.event["timestamp"], "data": {"events": events},
        }  # fmt: skip
    return PlannedDelivery(
        last.at_offset_seconds,
        webhook_id,
        json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode(),
        tuple(planned.event["id"] for planned in together),
    )
