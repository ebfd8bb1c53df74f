"""The API is killed, and killed again: 202 means durable, and a retry is told the same."""

import asyncio
import os
import random
import signal

import httpx
import pytest

from tests.faults.oracle.arena import Arena, scaled, tell_figures
from tests.support import dying_api
from tests.support.brands import Brand, Sent, body_of, said
from tests.support.processes import Running, Site
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

DEATHS = scaled(200)
KILLS = scaled(10)


def start_dying(site: Site, moment: str) -> Running:
    listener = str(site.door.fileno())
    return site.launch(
        "dying-api", ("-m", "tests.support.dying_api", moment), "--listener", listener
    )


async def post_to_the_dying(brand: Brand, sent: Sent) -> httpx.Response | None:
    """None when the line went dead before an answer."""
    try:
        return await brand.post(body_of(sent.events), sent.webhook_id)
    except httpx.TransportError:
        return None


async def test_what_was_committed_before_a_kill_takes_effect_without_any_wake(
    site: Site, brand: Brand
) -> None:
    """F02, M2: kill -9 after the commit, before the wake and before the answer, 200 times.

    Their senders hear nothing. The worker was woken by nobody, for there is no Redis at all, and
    finds each by looking. Who sends again is told that the delivery was stored the first time.
    """
    dying = start_dying(site, dying_api.AFTER_COMMIT)
    await site.start_worker()
    for number in range(DEATHS):
        sent = Sent(f"whk_{number}", (said(f"c{number}", author=f"u{number}"),))
        brand.sent.append(sent)
        assert await post_to_the_dying(brand, sent) is None
    assert dying.alive
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await wait_until(lambda: nothing_waits(rows))
        stored = await rows.fetch("SELECT webhook_id, id::text AS id FROM deliveries")
        lag = await rows.fetchval("SELECT max(processed_at - received_at) FROM journal")
    originals = {row["webhook_id"]: row["id"] for row in stored}
    assert len(stored) == len(originals) == DEATHS
    await asyncio.gather(*[brand.send(sent) for sent in brand.sent])
    for sent in brand.sent:
        original = originals[sent.webhook_id]
        assert sent.receipts == [{"delivery_id": original, "accepted": 0, "duplicates": 1}]
    assert await verdict(site, brand.sent) == []
    tell_figures("F02", deaths=DEATHS, picked_up=len(stored), slowest_s=lag.total_seconds())


async def test_an_answer_before_the_commit_is_found_out(site: Site, brand: Brand) -> None:
    """The protection switched off: this API answers first, and dies where its commit should be.

    The same verdict must see it, or the test above proves nothing.
    """
    start_dying(site, dying_api.ANSWER_FIRST)
    sent = Sent("whk_1", (said("c1"),))
    answer = await post_to_the_dying(brand, sent)
    assert answer is not None
    assert answer.status_code == httpx.codes.ACCEPTED
    sent.receipts.append(answer.json())
    assert await verdict(site, [sent]) == [
        "whk_1 was acknowledged and is not stored",
        "comment.created:c1 is not in the journal",
        "message c1 has no row",
    ]


async def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(
    site: Site, arena: Arena
) -> None:
    """F01, M1 and M2 at moments nobody chose: an open loop, and an API killed again and again.

    Platforms repeat a delivery until it is acknowledged. Whatever was acknowledged is there once,
    what was stored unheard is told as a duplicate, and each promise speaks once.
    """
    api = start_dying(site, dying_api.WHEN_KILLED)
    await asyncio.gather(site.wait_until_ready(api), site.start_worker())
    generator = arena.generator(seconds=scaled(6), rate=40)
    sending = asyncio.create_task(generator.run())
    dice = random.Random(arena.seed)  # noqa: S311 - the moments are the seed's
    kills = 0
    while kills < KILLS and not sending.done():
        await asyncio.wait([sending], timeout=dice.uniform(0.2, 0.8))
        # The next life takes over the callers who wait at the door.
        if (life := dying_api.life_of(api.pid)) is not None:
            os.kill(life, signal.SIGKILL)
            kills += 1
    await sending
    found = await arena.finish(kills=kills)
    assert kills == KILLS
    assert set(found.figures["answers"]) - {"202"} != set(), "no kill met anybody"
