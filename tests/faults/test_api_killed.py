"""The API is killed, and killed again: 202 means durable, and a retry is told the same."""

import asyncio

import httpx
import pytest

from tests.support import dying_api
from tests.support.brands import Brand, Sent, body_of, said
from tests.support.processes import API, Running, Site
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

DEATHS = 20


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
    """M2: kill -9 after the commit, before the wake and before the answer.

    The sender hears nothing and sends again; it is told that the delivery was stored the first
    time. The worker was woken by nobody, for there is no Redis at all, and finds it by looking.
    """
    dying = start_dying(site, dying_api.AFTER_COMMIT)
    await site.start_worker()
    for number in range(DEATHS):
        sent = Sent(f"whk_{number}", (said(f"c{number}", author=f"u{number}"),))
        brand.sent.append(sent)
        assert await post_to_the_dying(brand, sent) is None
        async with site.looking() as rows:
            original = await rows.fetchval(
                "SELECT id FROM deliveries WHERE webhook_id = $1", sent.webhook_id
            )
        await brand.send(sent)
        assert sent.receipts == [{"delivery_id": str(original), "accepted": 0, "duplicates": 1}]
    assert dying.alive
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await wait_until(lambda: nothing_waits(rows))
    assert await verdict(site, brand.sent) == []


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
    site: Site, brand: Brand
) -> None:
    """M1 and M2 at moments nobody chose: senders under load, and an API that is killed and killed.

    Each sender repeats a delivery until it is acknowledged, as platforms do. Whatever was
    acknowledged is there once, and what was stored unheard is told as a duplicate.
    """
    api, _ = await asyncio.gather(site.start_api(), site.start_worker())
    left = [Sent(f"whk_{n}", (said(f"c{n}", author=f"u{n % 40}"),)) for n in range(240)]
    brand.sent.extend(left)

    async def send_until_acknowledged() -> None:
        while left:
            sent = left.pop()
            while not sent.receipts:
                answer = await post_to_the_dying(brand, sent)
                if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
                    sent.receipts.append(answer.json())

    senders = [asyncio.create_task(send_until_acknowledged()) for _ in range(8)]
    for enough in (160, 80):
        await wait_until(lambda enough=enough: len(left) <= enough)
        api.kill()
        # The next life takes over the callers who wait at the door.
        api = site.launch("api", API, "--listener", str(site.door.fileno()))
    await asyncio.gather(*senders)
    async with site.looking() as rows:
        await wait_until(lambda: everything_processed(rows, brand.sent))
        await wait_until(lambda: nothing_waits(rows))
    assert await verdict(site, brand.sent) == []
