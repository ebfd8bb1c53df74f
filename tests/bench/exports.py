"""A file of a million rows: how fast it is written and fetched, and in how much memory."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from time import monotonic

import httpx

from services.cli.bench_probes import rss_mb
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope
from tests.bench.crowd import Crowded
from tests.bench.figures import Chapter
from tests.bench.place import HOST, Place

ROWS = 1_000_000
GROWTH_MB = 20.0
LOOK_SECONDS = 0.25


def measure(here: Place, crowded: Crowded, share: float, past_days: int) -> Chapter:
    """The last days of the crowd's messages, so many that they are about ROWS of them."""
    chapter = Chapter(
        "Exports",
        "Messages of the last days as NDJSON, ordered and fetched over HTTP, written by one worker "
        "of the product. Resident memory is read every quarter of a second; *growth* is the "
        "highest reading above the one taken when a tenth of the rows were done.",
    )
    days = past_days * min(ROWS * share / crowded.seeded.messages, 1.0)
    key = asyncio.run(_add_key(here, crowded))
    with here.serving("product") as (port, api), here.working(1) as (worker,):
        client = httpx.Client(
            base_url=f"http://{HOST}:{port}",
            headers={"authorization": f"Bearer {key}"},
            timeout=600,
        )
        with client:
            link = _write(client, days, worker, chapter)
            _fetch(client, link, api, chapter)
    return chapter


async def _add_key(here: Place, crowded: Crowded) -> str:
    database = await here.open()
    async with database.unit(crowded.workspace_id) as uow:
        key = await workspaces.create_key(uow, name="export", scopes=[Scope.READ, Scope.MANAGE])
    await database.close()
    return key.secret


def _write(client: httpx.Client, days: float, worker: int, chapter: Chapter) -> str:
    """The link to the file, once it is there."""
    # What is seeded as over ends four days before now.
    since = datetime.now(UTC) - timedelta(days=days + 4)
    order = {"what": "messages", "format": "ndjson", "filters": {"since": since.isoformat()}}
    began = monotonic()
    export = client.post("/v1/exports", json=order).raise_for_status().json()
    seen: list[tuple[int, float]] = []
    while export["state"] in {"waiting", "running"}:
        time.sleep(LOOK_SECONDS)
        export = client.get(f"/v1/exports/{export['id']}").raise_for_status().json()
        seen.append((export["rows_done"], rss_mb(worker)))
    _judge(chapter, "written", export["rows_done"], monotonic() - began, seen)
    return str(export["download"])


def _fetch(client: httpx.Client, link: str, api: int, chapter: Chapter) -> None:
    seen: list[tuple[int, float]] = []
    rows, began = 0, monotonic()
    with client.stream("GET", link) as file:
        for piece in file.iter_bytes():
            rows += piece.count(b"\n")
            seen.append((rows, rss_mb(api)))
    _judge(chapter, "fetched", rows, monotonic() - began, seen)


def _judge(
    chapter: Chapter, what: str, rows: int, seconds: float, seen: list[tuple[int, float]]
) -> None:
    peak = max(megabytes for _, megabytes in seen)
    early = next((mb for done, mb in seen if done >= rows / 10), peak)
    chapter.add(f"{rows:,} rows {what}", f"{seconds:,.1f} s ({rows / seconds:,.0f} rows/s)")
    chapter.add(
        f"… memory of who does it: peak, growth over nine tenths of the rows {what}",
        f"{peak:.0f} MB, {peak - early:+.1f} MB",
        f"≤ {GROWTH_MB:.0f} MB",
        met=peak - early <= GROWTH_MB,
    )
