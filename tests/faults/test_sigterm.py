"""F26: SIGTERM at moments nobody chose: an ordered end, and nothing left to wait for."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from time import perf_counter

import httpx
import pytest

from tests.faults.test_workers_killed import HASTY, gate, stuck_with_a_batch
from tests.support.brands import Brand, Sent, body_of, many, said
from tests.support.commands import children_of
from tests.support.lives import ENDED, READY
from tests.support.processes import Running, Site
from tests.support.sinks import says, sink, waits_for
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"
# Each ends an API and a worker.
ROUNDS = 100 if LONG else 10
SEED = 26
SENDERS = 2
PATIENCE = 180.0
# A lease so long that waiting for one would be seen, in batches small enough to be met under way.
SETTINGS = {
    "WORKER__LEASE_SECONDS": "600",
    "WORKER__BATCH_SIZE": "10",
    "ALERTS__ALLOW_PRIVATE_ADDRESSES": "true",
}
LEASED = """
SELECT (SELECT count(*) FROM journal
        WHERE state = 'pending' AND error IS NULL AND next_at > now() + interval '5 seconds')
  + (SELECT count(*) FROM send_attempts WHERE outcome = 'started')
"""
UNDER_WAY = """
SELECT EXISTS (SELECT FROM journal WHERE state = 'pending' AND next_at > now())
  OR EXISTS (SELECT FROM send_attempts WHERE outcome = 'started')
"""

# How long passes under way may go on after the signal: as in production for the long run, and
# sooner over here. Nobody else's time depends on it: what is held is held by a lock.
GRACE_SECONDS = 8.0 if LONG else 1.0
HURRIED = f"""
import services.worker.main as worker
worker.GRACE_SECONDS = {GRACE_SECONDS}
from services.cli.main import app
"""
FORGETFUL = f"""{HURRIED}
async def forget(_database): pass
worker._hand_back = forget
app()
"""


@dataclass(slots=True)
class Lives:
    """One kind of process, from one life to the next."""

    site: Site
    kind: str
    parent: Running
    begun: int = 0
    slowest: float = 0.0

    @property
    def codes(self) -> list[int]:
        lines = self.parent.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [int(line.removeprefix(ENDED)) for line in lines if line.startswith(ENDED)]

    async def begin(self) -> int:
        """A new life that is at work; returns its process number."""
        os.kill(self.parent.pid, signal.SIGUSR1)
        self.begun += 1
        (pid,) = await wait_until(lambda: children_of(self.parent.pid), PATIENCE, what=self.kind)
        if self.kind == "api":
            await self.site.wait_until_ready(self.parent)
        else:
            async with self.site.looking() as rows:
                alive = "SELECT true FROM processes WHERE pid = $1"
                await wait_until(lambda: rows.fetchval(alive, pid), PATIENCE, what="a beat")
        return pid

    async def end(self, pid: int) -> None:
        """Ask it to end, which it must do with code 0."""
        asked = perf_counter()
        os.kill(pid, signal.SIGTERM)
        await wait_until(lambda: len(self.codes) == self.begun, PATIENCE, what=f"{self.kind} ends")
        self.slowest = max(self.slowest, perf_counter() - asked)
        assert self.codes[-1] == 0, self.parent.words()


async def lives_of(site: Site, kind: str) -> Lives:
    listener = (str(site.door.fileno()),) if kind == "api" else ()
    parent = site.launch(kind, ("-m", "tests.support.lives", kind), *listener)
    await wait_until(lambda: READY in parent.words().split(), PATIENCE, what=f"{kind} may begin")
    return Lives(site, kind, parent)


@dataclass(slots=True)
class Senders:
    """They repeat each delivery until it is accepted, through whatever life there is."""

    brand: Brand
    number: int = 0
    others: set[str] = field(default_factory=set)

    async def send_for_ever(self) -> None:
        while True:
            self.number += 1
            key = f"c{self.number}"
            sent = Sent(f"whk_{key}", (said(key, author=f"u{self.number}"),))
            self.brand.sent.append(sent)
            while not sent.receipts:
                await self.try_once(sent)

    async def try_once(self, sent: Sent) -> None:
        try:
            answer = await self.brand.post(body_of(sent.events), sent.webhook_id)
        except httpx.TransportError as error:
            self.others.add(type(error).__name__)
            return
        if answer.status_code == httpx.codes.ACCEPTED:
            sent.receipts.append(answer.json())
        else:
            self.others.add(str(answer.status_code))


@asynccontextmanager
async def traffic(brand: Brand) -> AsyncIterator[Senders]:
    senders = Senders(brand)
    tasks = [asyncio.create_task(senders.send_for_ever()) for _ in range(SENDERS)]
    try:
        yield senders
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_at_any_moment_it_ends_with_0_and_leaves_nothing_leased(
    site: Site, brand: Brand
) -> None:
    """API and worker, told to end at random moments while they take in, triage and send."""
    chance = Random(SEED)  # noqa: S311 - a seed that can be named
    site.settings = SETTINGS
    api, worker = await asyncio.gather(lives_of(site, "api"), lives_of(site, "worker"))
    met = 0
    async with sink(says("204 No Content")) as receiver:
        api_pid = await api.begin()
        await brand.create("/v1/policies", HASTY)
        await brand.create("/v1/channels", webhook(receiver.url))
        async with traffic(brand) as senders, site.looking() as rows:
            for _ in range(ROUNDS):
                worker_pid = await worker.begin()
                await asyncio.sleep(chance.uniform(0, 0.3))  # the moment is what is random
                met += await rows.fetchval(UNDER_WAY)
                await asyncio.gather(worker.end(worker_pid), api.end(api_pid))
                assert await rows.fetchval(LEASED) == 0
                api_pid = await api.begin()
        last = await worker.begin()
        brand.sent = [sent for sent in brand.sent if sent.receipts]
        async with site.looking() as rows:
            await wait_until(lambda: everything_processed(rows, brand.sent), PATIENCE)
            await wait_until(lambda: nothing_waits(rows), PATIENCE)
        await asyncio.gather(worker.end(last), api.end(api_pid))
    assert await verdict(site, brand.sent) == []
    assert met > 0, "no life was met at work"
    slowest = f"API {api.slowest:.1f} s, worker {worker.slowest:.1f} s"
    print(  # noqa: T201 - the figures
        f"{2 * ROUNDS} ends, {met} of {ROUNDS} workers met at work, slowest {slowest},"
        f" {len(brand.sent)} deliveries, other answers {senders.others or 'none'}"
    )


async def test_a_batch_that_cannot_be_ended_is_handed_back(site: Site, brand: Brand) -> None:
    """A lock keeps the worker in the middle of its batch until its patience is over."""
    site.settings = SETTINGS | {"DATABASE__LOCK_TIMEOUT_MS": "60000"}
    await site.start_api()
    await brand.deliver(*many(10))
    async with site.looking() as rows:
        async with gate(site, "judgements"):
            worker = site.launch("worker", ("-c", f"{HURRIED}app()"), "worker")
            await stuck_with_a_batch(rows)
            assert await worker.end(PATIENCE) == 0
        assert await rows.fetchval(LEASED) == 0
        await site.start_worker()
        await wait_until(lambda: everything_processed(rows, brand.sent), PATIENCE)
    assert await verdict(site, brand.sent) == []


async def test_without_handing_back_the_batch_waits_for_its_lease(site: Site, brand: Brand) -> None:
    """The protection switched off: this worker forgets at its end what it had claimed."""
    site.settings = SETTINGS | {"DATABASE__LOCK_TIMEOUT_MS": "60000"}
    await site.start_api()
    await brand.deliver(*many(10))
    async with site.looking() as rows:
        async with gate(site, "judgements"):
            worker = site.launch("forgetful", ("-c", FORGETFUL), "worker")
            await stuck_with_a_batch(rows)
            assert await worker.end(PATIENCE) == 0
        assert await rows.fetchval(LEASED) == 10


async def test_what_was_on_its_way_to_a_slow_channel_is_soon_sent_again_marked(
    site: Site, brand: Brand
) -> None:
    """The worker ends before the channel has answered: in doubt, due again long before 30 s."""
    site.settings = SETTINGS
    await site.start_api()
    await brand.create("/v1/policies", HASTY)
    answer = asyncio.Event()
    async with sink(waits_for(answer, says("204 No Content"))) as receiver:
        await brand.create("/v1/channels", webhook(receiver.url))
        await brand.deliver(said("c1"))
        worker = site.launch("worker", ("-c", f"{HURRIED}app()"), "worker")
        await wait_until(lambda: receiver.requests, PATIENCE, what="a request is on its way")
        assert await worker.end(PATIENCE) == 0
        async with site.looking() as rows:
            assert await rows.fetchval(LEASED) == 0
            doubt = "SELECT outcome FROM send_attempts WHERE outcome <> 'sent'"
            assert await rows.fetchval(doubt) == "in_doubt"
            answer.set()
            await site.start_worker()
            await wait_until(lambda: len(receiver.requests) == 2, PATIENCE, what="it comes again")
            await wait_until(lambda: nothing_waits(rows), PATIENCE)
    (first, body), (second, again) = receiver.requests
    assert first["webhook-id"] == second["webhook-id"]
    assert b'"repeat"' not in body
    assert b'"repeat"' in again


def webhook(url: str) -> dict[str, object]:
    return {"name": "hook", "kind": "webhook", "url": url}
