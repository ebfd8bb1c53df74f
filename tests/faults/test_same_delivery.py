"""F14: a delivery arrives many times at once, and again later: uniqueness lives in an index."""

import asyncio
import os
from random import Random

import asyncpg
import pytest

from tests.support.brands import Brand, Sent, said
from tests.support.processes import Site
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

TIMES = 16
LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
DELIVERIES = 2_000 if LONG else 60
SENDERS = 12
SEED = 14


async def send_at_once(brand: Brand, keys: list[str]) -> None:
    """Every delivery sixteen times, all on their way together, over two API processes."""
    brand.sent = [Sent(f"whk_{key}", (said(key, author=f"u-{key}"),)) for key in keys]
    await asyncio.gather(*[brand.send(sent) for sent in brand.sent for _ in range(TIMES)])


async def test_sixteen_at_once_are_one_delivery_with_one_answer(site: Site, brand: Brand) -> None:
    """M11: the same webhook-id, sixteen times in parallel, through two processes that share a door.

    All get 202 and the same delivery_id; one of them stored it, and there is one effect.
    """
    await asyncio.gather(site.start_api(), site.start_api(), site.start_worker())
    await send_at_once(brand, ["c1", "c2", "c3", "c4"])
    for sent in brand.sent:
        assert len({receipt["delivery_id"] for receipt in sent.receipts}) == 1
        assert sorted(receipt["accepted"] for receipt in sent.receipts) == [0] * 15 + [1]
        assert sum(receipt["duplicates"] for receipt in sent.receipts) == TIMES - 1
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await wait_until(lambda: nothing_waits(rows))
    assert await verdict(site, brand.sent) == []


async def test_however_often_each_comes_there_are_as_many_events_as_ids(
    site: Site, brand: Brand
) -> None:
    """Each delivery one to sixteen times, shuffled among the others, and all of them once more.

    The ones of the second round come when their events have taken effect, some of them under a new
    webhook-id: that is a new delivery of events which are known, and changes nothing either.
    """
    chance = Random(SEED)  # noqa: S311 - a seed that can be named
    await asyncio.gather(site.start_api(), site.start_api(), site.start_worker())
    for number in range(DELIVERIES):
        events = [said(f"c{number}-{n}", author=f"u{number}") for n in range(chance.randint(1, 4))]
        brand.sent.append(Sent(f"whk_{number}", tuple(events)))
    first = [sent for sent in brand.sent for _ in range(chance.randint(1, TIMES))]
    await send_in_any_order(brand, first, chance)
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await wait_until(lambda: nothing_waits(rows))
        before = await effects(rows)
        again = [Sent(f"{sent.webhook_id}:again", sent.events) for sent in brand.sent[::3]]
        await send_in_any_order(brand, brand.sent + again, chance)
        await wait_until(lambda: everything_processed(rows, brand.sent))
        assert await effects(rows) == before
        events = await rows.fetchval("SELECT count(*) FROM journal")
    assert events == sum(len(sent.events) for sent in brand.sent)
    for sent in brand.sent:
        assert len({receipt["delivery_id"] for receipt in sent.receipts}) == 1
        assert sum(receipt["accepted"] for receipt in sent.receipts) == len(sent.events)
    for sent in again:
        assert [(one["accepted"], one["duplicates"]) for one in sent.receipts] == [
            (0, len(sent.events))
        ]
    assert await verdict(site, brand.sent) == []
    sendings = len(first) + len(brand.sent) + len(again)
    print(f"{sendings} sendings of {DELIVERIES} deliveries: {events} events")  # noqa: T201


async def send_in_any_order(brand: Brand, sendings: list[Sent], chance: Random) -> None:
    left = chance.sample(sendings, len(sendings))

    async def send() -> None:
        while left:
            await brand.send(left.pop())

    await asyncio.gather(*[send() for _ in range(SENDERS)])


async def effects(rows: asyncpg.Connection) -> list[str]:
    """What the events came to, whole, as text."""
    tables = ("messages", "judgements", "threads", "cases", "clocks", "timers", "audit_log")
    union = " UNION ALL ".join(
        f"SELECT '{name} ' || t::text AS row FROM {name} t" for name in tables
    )
    return [
        row["row"] for row in await rows.fetch(f"SELECT row FROM ({union}) AS all_rows ORDER BY 1")
    ]


async def test_without_the_index_the_verdict_sees_doubles(site: Site, brand: Brand) -> None:
    """The protection switched off: this database has lost the index behind the promise."""
    async with site.looking() as rows:
        await rows.execute("ALTER TABLE delivery_keys DROP CONSTRAINT pk_delivery_keys")
    await asyncio.gather(site.start_api(), site.start_api())
    await send_at_once(brand, ["c1"])
    broken = await verdict(site, brand.sent)
    assert any(sentence.startswith("whk_c1 is stored ") for sentence in broken), broken
    assert any(sentence.startswith("journal holds ") for sentence in broken), broken
