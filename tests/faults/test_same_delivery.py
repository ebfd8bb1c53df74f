"""One delivery arrives many times at once: uniqueness lives in an index, not in an `if`."""

import asyncio

import pytest

from tests.support.brands import Brand, Sent, said
from tests.support.processes import Site
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

TIMES = 16


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


async def test_without_the_index_the_verdict_sees_doubles(site: Site, brand: Brand) -> None:
    """The protection switched off: this database has lost the index behind the promise."""
    async with site.looking() as rows:
        await rows.execute("ALTER TABLE delivery_keys DROP CONSTRAINT pk_delivery_keys")
    await asyncio.gather(site.start_api(), site.start_api())
    await send_at_once(brand, ["c1"])
    broken = await verdict(site, brand.sent)
    assert any(sentence.startswith("whk_c1 is stored ") for sentence in broken), broken
    assert any(sentence.startswith("journal holds ") for sentence in broken), broken
