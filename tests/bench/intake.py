"""Deliveries of one event, against the same server without a database and against a first version.

And batches, against COPY of the same rows into the same tables.
"""

import asyncio
import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from time import monotonic
from uuid import UUID, uuid4

import asyncpg

from services.simulator.traffic import plan
from tests.bench import wire
from tests.bench.figures import Chapter, milliseconds
from tests.bench.place import Place, SignedSource

BATCH = 500
SENDERS = 4
# Columns by table, in the order COPY is given them.
COPIED = {
    "delivery_keys": "workspace_id, source_id, space, external_id, delivery_id, seen_at",
    "deliveries": "workspace_id, id, source_id, webhook_id, media, body, event_count, "
    "duplicate_count, received_at",
    "journal": "workspace_id, delivery_id, position, source_id, external_id, type, occurred_at, "
    "received_at, clamped, historical, state, next_at",
}


def measure(place: Place, share: float) -> Chapter:
    chapter = Chapter(
        "Intake",
        "Signed deliveries of one comment, 64 connections, each sending its next one when the last "
        "is answered; requests are signed and laid out before the clock starts. The three servers "
        "take turns, three rounds, and the median round counts. *No-op* is our server with the "
        "storing taken out: it reads, verifies and parses, and answers. *First version*: FastAPI, "
        "pydantic, one ORM insert, one commit and one arq job a request, and no signature. The "
        "open loop sends at half the measured rate at moments fixed in advance, and counts from "
        "those. Nobody processes meanwhile. Batches: signed bodies of 500 events of a day's mix "
        "over 4 connections; COPY writes the same number of the same rows into the same tables "
        "from one connection, binary.",
    )
    source = asyncio.run(place.add_source("intake"))
    rates: dict[str, list[float]] = {"product": [], "noop": [], "naive": []}
    for turn in range(3):
        for kind, taken in rates.items():
            taken.append(_rate(place, source, kind, turn, round(20_000 * share)))
    product, noop, naive = (median(rates[kind]) for kind in ("product", "noop", "naive"))
    chapter.add("Signed deliveries a second", f"{product:,.0f}")
    chapter.add(
        "÷ our no-op",
        f"{product / noop:.2f} (no-op {noop:,.0f}/s)",
        "≥ 0.75",
        met=product / noop >= 0.75,
    )
    chapter.add(
        "÷ first version",
        f"{product / naive:.1f} (first version {naive:,.0f}/s)",
        "≥ 8",
        met=product / naive >= 8,
    )
    _open_loop(place, source, product / 2, share, chapter)
    _batches(place, share, chapter)
    return chapter


def _rate(place: Place, source: SignedSource, kind: str, turn: int, count: int) -> float:
    count = count if kind != "naive" else max(count // 5, 300)

    async def send(port: int) -> float:
        warm = wire.signed_requests(source, 300, f"warm-{kind}-{turn}")
        await wire.closed_loop(port, warm)
        requests = wire.signed_requests(source, count, f"{kind}-{turn}")
        outcome = await wire.closed_loop(port, requests)
        _all_accepted(outcome)
        return outcome.rate

    with place.serving(kind) as (port, _):
        return asyncio.run(send(port))


def _open_loop(
    place: Place, source: SignedSource, rate: float, share: float, chapter: Chapter
) -> None:
    async def send(port: int) -> wire.Outcome:
        await wire.closed_loop(port, wire.signed_requests(source, 300, "warm-open"))
        requests = wire.signed_requests(source, round(rate * 30 * share), "open")
        return await wire.open_loop(port, requests, rate)

    with place.serving("product") as (port, _):
        outcome = asyncio.run(send(port))
    _all_accepted(outcome)
    p50, p99 = outcome.quantile(0.5), outcome.quantile(0.99)
    chapter.add(
        f"Acknowledgement at {rate:,.0f}/s, p50 / p99",
        f"{milliseconds(p50)} / {milliseconds(p99)}",
        "p99 ≤ 50 ms",
        met=p99 <= 0.05,
    )


def _batches(place: Place, share: float, chapter: Chapter) -> None:
    source = asyncio.run(place.add_source("batches"))
    count = round(60_000 * share / BATCH) * BATCH
    bodies = batch_requests(source, count, "batch")
    with place.serving("product") as (port, _):
        outcome = asyncio.run(wire.closed_loop(port, bodies, connections=SENDERS))
    _all_accepted(outcome)
    ours = count / outcome.seconds
    copied = count / asyncio.run(_copy(place, source))
    chapter.add(
        "Events a second in batches ÷ COPY of the same rows",
        f"{ours / copied:.2f} ({ours:,.0f}/s, COPY {copied:,.0f}/s)",
        "≥ 0.30",
        met=ours / copied >= 0.30,
    )


def batch_requests(source: SignedSource, count: int, mark: str) -> list[bytes]:
    """Requests of 500 events each: a day's mix, so that a share of them belongs together."""
    start = datetime.now(UTC) - timedelta(minutes=10)
    planned = plan(7, 1000.0, None, "busy", start=start, run=mark)
    events = [each.event for each in itertools.islice(planned, count)]
    bodies = (
        {
            "type": "batch",
            "timestamp": start.isoformat(),
            "data": {"events": events[first : first + BATCH]},
        }
        for first in range(0, count, BATCH)
    )
    return [
        wire.request(source, f"{mark}-{n}", json.dumps(body, ensure_ascii=False).encode())
        for n, body in enumerate(bodies)
    ]


async def _copy(place: Place, source: SignedSource) -> float:
    """Seconds COPY takes for what that source sent, under other ids."""
    connection = await asyncpg.connect(place.database_url)
    rows = {
        table: await connection.fetch(
            f"SELECT {columns} FROM {table} WHERE workspace_id = $1", source.workspace_id
        )
        for table, columns in COPIED.items()
    }
    deliveries = {row["id"]: uuid4() for row in rows["deliveries"]}
    renamed = {
        table: [_rename(row, columns, deliveries) for row in rows[table]]
        for table, columns in COPIED.items()
    }
    began = monotonic()
    async with connection.transaction():
        for table, columns in COPIED.items():
            await connection.copy_records_to_table(
                table, records=renamed[table], columns=columns.split(", ")
            )
    seconds = monotonic() - began
    await connection.close()
    return seconds


def _rename(row: asyncpg.Record, columns: str, deliveries: dict[UUID, UUID]) -> Sequence[object]:
    values = dict(zip(columns.split(", "), row, strict=True))
    for name in ("delivery_id", "id"):
        if name in values:
            values[name] = deliveries.get(values[name], values[name])
    for name in ("external_id", "webhook_id"):
        if name in values:
            values[name] = f"copy-{values[name]}"
    return list(values.values())


def _all_accepted(outcome: wire.Outcome) -> None:
    if outcome.refused:
        raise RuntimeError(f"{outcome.refused} deliveries were not answered 202.")
