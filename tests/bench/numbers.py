"""How long the numbers take: the page of 90 days, one metric, and keeping sums of days true."""

import asyncio
from datetime import date, timedelta
from time import monotonic

import httpx

from services.core.changes import service as changes
from services.core.kit.uow import Database
from services.core.metrics import service as metrics
from tests.bench import pipeline
from tests.bench.crowd import Crowded
from tests.bench.figures import Chapter, milliseconds, quantile
from tests.bench.intake import BATCH
from tests.bench.place import HOST, Place

ZONE = "Asia/Shanghai"
ASKED = 200
WARM_UP = 20
NOTES = 50  # batches
PAGE_SECONDS = 0.05
SAME_PAGE = "Page of 90 days, again"
OTHER_PAGE = "Page of some 90 days nobody asked for yet"
# Of what an event costs in the pipeline.
SHARE_OF_PIPELINE = 0.10


def measure(here: Place, crowded: Crowded, share: float, past_days: int) -> Chapter:
    """`past_days` is how far back the crowd lies, at least twice the 90 of the page."""
    chapter = Chapter(
        "Numbers",
        f"Ten messages a case over {past_days} days in days of {ZONE}. The page is of 90 days with "
        f"the 90 before; {ASKED} requests over one connection after a warm-up of {WARM_UP}: once "
        "the same page while no sum changes, which is read once and then shown again, and once "
        "pages that nobody asked for yet, each of other days, which is what the first look after a "
        "change costs. One metric is counted from the rows themselves. Summing up is one pass over "
        "every day; in operation a day is done again whenever something in it changes, and its "
        "workspace then rests for nine times as long, so this may take a tenth of the time of one "
        "worker whatever a pass costs. Noting is three notes of two hours in each batch of "
        f"{BATCH}, against the same units without them; events are measured in an empty workspace.",
    )
    rate = pipeline.rate(here, round(20_000 * share / 500) * 500 or 500)
    days, seconds = asyncio.run(_build(here, crowded))
    messages = crowded.seeded.messages
    chapter.add(
        f"{messages:,} messages of {days} days summed up from nothing",
        f"{seconds:,.1f} s ({1e6 * seconds / messages:,.0f} µs a message)",
    )
    cost = seconds / messages * rate
    chapter.add(
        "Summing up a message once ÷ its way through the pipeline",
        f"{100 * cost:.1f} % ({rate:,.0f} events/s)",
    )
    noting = asyncio.run(_note(here, crowded)) / BATCH
    chapter.add(
        "Noting what changed ÷ an event's way through the pipeline",
        f"{100 * noting * rate:.1f} % ({1e6 * noting:,.1f} µs an event)",
    )
    chapter.add(
        "Both together",
        f"{100 * (cost + noting * rate):.1f} %",
        f"≤ {100 * SHARE_OF_PIPELINE:.0f} %",
        met=cost + noting * rate <= SHARE_OF_PIPELINE,
    )
    found = asyncio.run(_recount(here, crowded))
    chapter.add("Sums that differ from a recount of 35 days", str(found), "0", met=found == 0)
    with here.serving("product") as (port, _):
        took = asyncio.run(_ask(port, crowded, past_days))
    for what, times in took.items():
        p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
        page = what in {SAME_PAGE, OTHER_PAGE}
        chapter.add(
            f"{what}, p50 / p99",
            f"{milliseconds(p50)} / {milliseconds(p99)}",
            f"p99 ≤ {milliseconds(PAGE_SECONDS)}" if page else "",
            met=p99 <= PAGE_SECONDS if page else None,
        )
    return chapter


async def _build(here: Place, crowded: Crowded) -> tuple[int, float]:
    database = await here.open()
    try:
        began = monotonic()
        days = await metrics.catch_up(database, crowded.workspace_id, zone=ZONE)
        return days, monotonic() - began
    finally:
        await database.close()


async def _note(here: Place, crowded: Crowded) -> float:
    """Seconds that the notes of one batch add to its unit."""
    database = await here.open()
    took = {3: 0.0, 0: 0.0}
    try:
        for _ in range(NOTES):
            for notes in took:
                began = monotonic()
                async with database.unit(crowded.workspace_id) as uow:
                    for _ in range(notes):
                        await changes.note(uow, [uow.now, uow.now - timedelta(hours=1)])
                took[notes] += monotonic() - began
    finally:
        await database.close()
    return max(took[3] - took[0], 0.0) / NOTES


async def _recount(here: Place, crowded: Crowded) -> int:
    database: Database = await here.open()
    try:
        return len((await metrics.recount(database, crowded.workspace_id)).mismatches)
    finally:
        await database.close()


async def _ask(port: int, crowded: Crowded, past_days: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {}
    headers = {"authorization": f"Bearer {crowded.key}"}
    async with httpx.AsyncClient(
        base_url=f"http://{HOST}:{port}", headers=headers, timeout=60
    ) as client:

        async def ask(what: str, path: str) -> None:
            began = monotonic()
            (await client.get(path)).raise_for_status()
            took.setdefault(what, []).append(monotonic() - began)

        today = date.fromisoformat((await client.get("/v1/dashboard")).json()["to"])
        ninety = f"from={today - timedelta(days=90)}&to={today}"
        week = f"from={today - timedelta(days=14)}&to={today - timedelta(days=7)}&tz={ZONE}"
        for _ in range(ASKED + WARM_UP):
            await ask(SAME_PAGE, f"/v1/dashboard?{ninety}")
        for turn in range(ASKED + WARM_UP):
            # Ever other days: so many ends, and each with as many lengths around ninety.
            end = today - timedelta(days=turn % past_days // 4)
            start = end - timedelta(days=80 + turn // (past_days // 4) + turn % 5)
            await ask(OTHER_PAGE, f"/v1/dashboard?from={start}&to={end}")
        for _ in range(max(ASKED // 10, 5)):
            await ask("One metric of a week by day", f"/v1/metrics/inbound?by=day&{week}")
    return {what: times[min(WARM_UP, len(times) // 2) :] for what, times in took.items()}
