"""How long the numbers take: the page of 90 days, one metric, and keeping sums of days true."""

import asyncio
from datetime import date, timedelta
from time import monotonic

import httpx

from services.core.kit.uow import Database
from services.core.metrics import service as metrics
from tests.bench import pipeline
from tests.bench.crowd import Crowded, fill
from tests.bench.figures import Chapter, milliseconds, quantile
from tests.bench.place import HOST, Place

CASES = 1_000_000  # of ten messages each
PAST_DAYS = 180  # the page's 90 days, and those it compares them with
ZONE = "Asia/Shanghai"
ASKED = 200
PAGE_SECONDS = 0.05
# Of what an event costs in the pipeline.
SHARE_OF_PIPELINE = 0.10


def measure(here: Place, share: float) -> Chapter:
    chapter = Chapter(
        "Numbers",
        f"Ten messages a case over {PAST_DAYS} days in days of {ZONE}. The page is of 90 days with "
        f"the 90 before; {ASKED} requests over one connection after a warm-up of 20. One metric "
        "is counted from the rows themselves. A day of the past is done again as a whole, as a "
        "late arrival makes it; in the pipeline an event is measured in an empty workspace.",
    )
    rate = pipeline.rate(here, round(20_000 * share / 500) * 500 or 500)
    cases = max(round(CASES * share), 500)
    crowded = fill(here, "numbers", cases, open_share=0.1, past_days=PAST_DAYS)
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
        f"≤ {100 * SHARE_OF_PIPELINE:.0f} %",
        met=cost <= SHARE_OF_PIPELINE,
    )
    found = asyncio.run(_recount(here, crowded))
    chapter.add("Sums that differ from a recount of 35 days", str(found), "0", met=found == 0)
    with here.serving("product") as (port, _):
        took = asyncio.run(_ask(port, crowded))
    for what, times in took.items():
        p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
        page = what.startswith("Page")
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


async def _recount(here: Place, crowded: Crowded) -> int:
    database: Database = await here.open()
    try:
        return len((await metrics.recount(database, crowded.workspace_id)).mismatches)
    finally:
        await database.close()


async def _ask(port: int, crowded: Crowded) -> dict[str, list[float]]:
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
        for _ in range(ASKED + 20):
            await ask("Page of 90 days", f"/v1/dashboard?{ninety}")
        for _ in range(max(ASKED // 10, 5)):
            await ask("One metric of a week by day", f"/v1/metrics/inbound?by=day&{week}")
    return {what: times[min(20, len(times) // 2) :] for what, times in took.items()}
