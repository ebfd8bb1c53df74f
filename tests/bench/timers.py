"""What running clocks cost while nothing is due, and how soon an alert is there when one is."""

import asyncio
from datetime import datetime
from time import monotonic
from typing import Any

import asyncpg

from services.core.desk import processing
from tests.bench.crowd import Crowded, add_due
from tests.bench.figures import Chapter, milliseconds, quantile
from tests.bench.place import Place, until_none

IDLE_TICKS = 500
A_SECOND = 50
MINE = (
    "FROM alerts WHERE workspace_id = $1 AND step = 100 "
    "AND fire_at >= $2::timestamptz - interval '1 s'"
)
QUEUED = f"WHERE workspace_id = $1 AND alert_id IN (SELECT id {MINE})"


def idle_tick(place: Place) -> float:
    """p99 in seconds of one look of the clockwork when nothing is due, all of it counted."""

    async def look() -> list[float]:
        database = await place.open()
        took = []
        for _ in range(IDLE_TICKS + 50):
            began = monotonic()
            fired = await processing.fire_timers(database)
            took.append(monotonic() - began)
            assert not fired.count
        await database.close()
        return took[50:]

    return quantile(asyncio.run(look()), 0.99)


def measure(place: Place, crowded: Crowded, share: float, *, small: tuple[int, float]) -> Chapter:
    """`small` is the number of timers and the idle tick measured before the crowd grew."""
    chapter = Chapter(
        "Clockwork",
        "The idle tick is `fire_timers` called in a loop from one process, connection, transaction "
        "and clock reading included. *Due → alert*: moments of open cases come due evenly, two "
        "worker processes run as they are served, and another session looks for new alerts every "
        "5 ms, so up to that much is its own. *At once*: all in the same second, until as many "
        "alerts and as many outbox rows are committed; urgent cases have the shortest promise.",
    )
    few, before = small
    tick = idle_tick(place)
    timers = crowded.seeded.timers
    chapter.add(
        f"Idle tick with {timers:,} timers waiting, p99",
        milliseconds(tick),
        "≤ 1 ms",
        met=tick <= 0.001,
    )
    chapter.add(
        f"÷ the same with {few:,}",
        f"{tick / before:.2f} ({milliseconds(before)})",
        "≤ 1.2",
        met=tick / before <= 1.2,
    )
    _steady(place, crowded, share, chapter)
    _at_once(place, crowded, share, chapter)
    return chapter


def _steady(place: Place, crowded: Crowded, share: float, chapter: Chapter) -> None:
    seconds = max(round(60 * share), 5)
    cases = A_SECOND * seconds
    with place.working(2):
        late = asyncio.run(_watch(place, crowded, "steady", cases, seconds))
    early = sum(each < 0 for each in late)
    p50, p99 = quantile(late, 0.5), quantile(late, 0.99)
    chapter.add(
        f"Due → alert committed, {A_SECOND} a second for {seconds} s, p50 / p99",
        f"{milliseconds(p50)} / {milliseconds(p99)}, {early} early",
        "p99 ≤ 500 ms, none early",
        met=p99 <= 0.5 and not early,
    )


async def _watch(
    place: Place, crowded: Crowded, name: str, cases: int, spread: float
) -> list[float]:
    """How late each alert was seen by another session, in seconds of the database's clock."""
    await add_due(place, crowded, name, cases, after=20 + cases / 2000, spread=spread)
    connection = await asyncpg.connect(place.database_url)
    start = await connection.fetchval("SELECT now()")
    seen: dict[Any, float] = {}
    ends = monotonic() + spread + 120 + cases / 500
    while len(seen) < cases and monotonic() < ends:
        rows = await connection.fetch(
            "SELECT id, fire_at, clock_timestamp() AS at FROM alerts "
            "WHERE workspace_id = $1 AND step = 100 AND fired_at >= $2 "
            "ORDER BY fired_at DESC LIMIT 400",
            crowded.workspace_id,
            start,
        )
        for row in rows:
            seen.setdefault(row["id"], (row["at"] - row["fire_at"]).total_seconds())
        await asyncio.sleep(0.005)
    await connection.close()
    if len(seen) < cases:
        raise RuntimeError(f"Only {len(seen)} of {cases} alerts came.")
    return list(seen.values())


def _at_once(place: Place, crowded: Crowded, share: float, chapter: Chapter) -> None:
    cases = round(50_000 * share)
    with place.working(2):
        seconds, urgent_first = asyncio.run(_burst(place, crowded, cases))
    chapter.add(
        f"{cases:,} due in one second → as many alerts and outbox rows",
        f"{seconds:.1f} s, {'urgent first' if urgent_first else 'NOT urgent first'}",
        "≤ 3 s, urgent first",
        met=seconds <= 3 and urgent_first,
    )


async def _burst(place: Place, crowded: Crowded, cases: int) -> tuple[float, bool]:
    await add_due(place, crowded, "burst", cases, after=30 + cases / 1000, spread=0)
    connection = await asyncpg.connect(place.database_url)
    due: datetime = await connection.fetchval(
        "SELECT max(due_at) FROM (SELECT due_at FROM clocks WHERE workspace_id = $1 "
        "AND state = 'running' ORDER BY due_at LIMIT $2) AS first",
        crowded.workspace_id,
        cases,
    )
    left = (f"SELECT {cases} - count(*) {what}" for what in (MINE, f"FROM outbox {QUEUED}"))
    for query in left:
        await until_none(place.database_url, query, crowded.workspace_id, due, pause=0.05)
    last = await connection.fetchval("SELECT clock_timestamp()")
    order = await connection.fetch(
        f"SELECT tier, min(fired_at) AS first, max(fired_at) AS last {MINE} GROUP BY tier",
        crowded.workspace_id,
        due,
    )
    await connection.close()
    spans = {row["tier"]: (row["first"], row["last"]) for row in order}
    urgent = spans.get("urgent")
    others = [span for tier, span in spans.items() if tier != "urgent"]
    urgent_first = urgent is None or all(urgent[0] <= first for first, _ in others)
    return (last - due).total_seconds(), urgent_first
