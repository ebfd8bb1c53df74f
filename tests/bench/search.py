"""How long a search takes in millions of messages."""

import asyncio
from time import monotonic

import httpx

from tests.bench.crowd import Crowded
from tests.bench.figures import Chapter, milliseconds, quantile
from tests.bench.place import HOST, Place

ASKED = 300
TARGET_SECONDS = 0.1
QUESTIONS = {
    "A word of one message in a thousand (烂脸)": "in=messages&q=烂脸",
    "A word of one message in five (退款)": "in=messages&q=退款",
    "An English word of one message in five (skin)": "in=messages&q=skin",
    "Two words together (退款 单号77)": "in=messages&q=退款 单号77",
    "A word nobody said (极光蓝)": "in=messages&q=极光蓝",
    "Cases it was said in (烂脸)": "in=cases&q=烂脸",
}


def measure(here: Place, crowded: Crowded) -> Chapter:
    chapter = Chapter(
        "Search",
        f"{crowded.seeded.messages:,} messages, a thousand different texts. {ASKED} requests of "
        "each kind over one connection after a warm-up of 10, the first page of 50.",
    )
    with here.serving("product") as (port, _):
        took = asyncio.run(_ask(port, crowded))
    for what, times in took.items():
        p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
        chapter.add(
            f"{what}, p50 / p99",
            f"{milliseconds(p50)} / {milliseconds(p99)}",
            f"p99 ≤ {milliseconds(TARGET_SECONDS)}",
            met=p99 <= TARGET_SECONDS,
        )
    return chapter


async def _ask(port: int, crowded: Crowded) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {what: [] for what in QUESTIONS}
    headers = {"authorization": f"Bearer {crowded.key}"}
    async with httpx.AsyncClient(
        base_url=f"http://{HOST}:{port}", headers=headers, timeout=60
    ) as client:
        for what, question in QUESTIONS.items():
            for _ in range(ASKED + 10):
                began = monotonic()
                (await client.get(f"/v1/search?{question}")).raise_for_status()
                took[what].append(monotonic() - began)
    return {what: times[10:] for what, times in took.items()}
