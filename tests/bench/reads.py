"""What people wait for: the list of cases, a case, the summary, in a large installation."""

import asyncio
from time import monotonic

import httpx

from tests.bench.crowd import Crowded
from tests.bench.figures import Chapter, milliseconds, quantile
from tests.bench.place import HOST, Place

ASKED = 300


def measure(place: Place, crowded: Crowded) -> Chapter:
    chapter = Chapter(
        "Reading",
        f"{ASKED} requests of each kind over one connection, one after the other, after a warm-up "
        "of 20: pages of the list by walking its cursors, with each filter in turn, and the cases "
        f"found on them. The workspace has {crowded.seeded.cases:,} cases with "
        f"{crowded.seeded.messages:,} messages; {crowded.seeded.open_cases:,} cases are open.",
    )
    with place.serving("product") as (port, _):
        took = asyncio.run(_ask(port, crowded))
    for what, seconds in took.items():
        p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
        chapter.add(
            f"{what}, p50 / p99",
            f"{milliseconds(p50)} / {milliseconds(p99)}",
            "p99 ≤ 50 ms",
            met=p99 <= 0.05,
        )
    return chapter


async def _ask(port: int, crowded: Crowded) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {"Case list": [], "Case page": [], "Summary": []}
    headers = {"authorization": f"Bearer {crowded.key}"}
    filters = ("", "&tier=urgent", "&state=open", "&tier=important&state=open")
    async with httpx.AsyncClient(
        base_url=f"http://{HOST}:{port}", headers=headers, timeout=60
    ) as client:

        async def ask(what: str, path: str) -> httpx.Response:
            began = monotonic()
            answer = await client.get(path)
            took[what].append(monotonic() - began)
            answer.raise_for_status()
            return answer

        cursors = dict.fromkeys(filters, "")
        for turn in range(ASKED + 20):
            wanted = filters[turn % len(filters)]
            page = (await ask("Case list", f"/v1/cases?limit=50{wanted}{cursors[wanted]}")).json()
            after = page["next_cursor"]
            cursors[wanted] = f"&cursor={after}" if after else ""
            await ask("Case page", f"/v1/cases/{page['items'][turn % len(page['items'])]['id']}")
            await ask("Summary", "/v1/summary")
    return {what: seconds[20:] for what, seconds in took.items()}
