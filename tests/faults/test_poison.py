"""Entries that raise, loop, eat memory or end the process: their neighbours live on."""

import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.brands import Brand, said
from tests.support.poisoned_worker import EATS, EXITS, LOOPS, RAISES
from tests.support.processes import Running, Site
from tests.support.sizes import LONG, sized, tell
from tests.support.verdicts import everything_processed, nothing_waits, verdict
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

SEED = 17
EVENTS = sized(400, 10_000)
EACH = sized(20, 100)  # events a delivery
POISONS = (RAISES, LOOPS, EATS, EXITS) * sized(1, 3)
KILLERS = {LOOPS, EXITS}
PATIENCE = sized(150.0, 1200.0)
QUICK_LEASE = {} if LONG else {"WORKER__LEASE_SECONDS": "1"}
STALL_SECONDS = sized(1.0, 3.0)  # of computing
ALONE, IN_COMPANY = 3, 2
LAG = """
SELECT coalesce(max(processed_at - received_at), interval '0') AS worst,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY processed_at - received_at) AS median
FROM journal WHERE state = 'processed'
"""
# No try is ever remembered: what keeps a killer from its neighbours is gone.
TRIES_FORGOTTEN = """
CREATE FUNCTION forget_tries() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.attempts := 0; RETURN NEW; END $$;
CREATE TRIGGER forget_tries BEFORE UPDATE ON journal FOR EACH ROW EXECUTE FUNCTION forget_tries()
"""


class Poisoned:
    """A worker that is started again whenever it dies of something, and what it noted."""

    def __init__(self, site: Site, *, stall_seconds: float = STALL_SECONDS) -> None:
        self.folder = site.folder
        command = ("-m", "tests.support.poisoned_worker", str(site.folder), str(stall_seconds))
        self.running: Running = site.launch("poisoned-worker", command)

    def deaths(self) -> list[tuple[float, int]]:
        """When, and the status the system gave."""
        found = [line.split() for line in lines_of(self.folder / "deaths")]
        return [(float(moment), int(status)) for moment, status in found]

    def tries(self) -> Counter[str]:
        return Counter(lines_of(self.folder / "tries"))


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def with_poison(count: int, poisons: tuple[str, ...], seed: int) -> list[dict[str, Any]]:
    """So many comments, each of somebody else, with a poison at random places."""
    places = random.Random(seed).sample(range(count), len(poisons))  # noqa: S311 - a place, no secret
    texts = dict(zip(places, poisons, strict=True))
    plain = [said(f"c{number}", author=f"u{number}") for number in range(count)]
    for place, poison in texts.items():
        plain[place] = said(f"c{place}", author=f"u{place}", text=poison)
    return plain


async def counts(rows: asyncpg.Connection) -> dict[str, int]:
    found = await rows.fetch("SELECT state, count(*) AS n FROM journal GROUP BY state")
    return {row["state"]: row["n"] for row in found}


async def restarts(rows: asyncpg.Connection, deaths: list[tuple[float, int]]) -> list[float]:
    """Seconds from each death until the next life said that it lives."""
    born = await rows.fetch("SELECT started_at FROM processes WHERE kind = 'worker'")
    births = sorted(row["started_at"].timestamp() for row in born)
    after = [[birth for birth in births if birth > moment] for moment, _ in deaths]
    return [later[0] - moment for later, (moment, _) in zip(after, deaths, strict=True) if later]


async def test_poison_ends_in_quarantine_and_its_neighbours_live(site: Site, brand: Brand) -> None:
    """M14: one raises, one loops for ever, one eats memory, one ends the worker.

    Neighbours of the same batch and of the same delivery are processed; each poison is given up on
    after three tries of its own, is listed, and has its effect when it is replayed by a worker that
    can take it.
    """
    site.settings = {"WORKER__BATCH_SIZE": "100"} | QUICK_LEASE
    await site.start_api()
    worker = Poisoned(site)
    events = with_poison(EVENTS, POISONS, SEED)
    for start in range(0, EVENTS, EACH):
        await brand.deliver(*events[start : start + EACH])
    async with site.looking() as rows:
        wanted = {"processed": EVENTS - len(POISONS), "quarantined": len(POISONS)}

        async def sorted_out() -> bool:
            return await counts(rows) == wanted

        await wait_until(sorted_out, PATIENCE, what="all is processed or in quarantine")
        await look_at_the_poison(rows, worker)
        await report(rows, worker)
    await replay_what_is_listed(site, brand, worker)


async def look_at_the_poison(rows: asyncpg.Connection, worker: Poisoned) -> None:
    """Killers had their tries in company and three alone; they died of what they are."""
    found = await rows.fetch(
        "SELECT external_id, attempts, error FROM journal WHERE state = 'quarantined'"
    )
    errors = Counter(row["error"] for row in found)
    each = len(POISONS) // 4
    assert errors == {
        "RuntimeError": each,
        "MemoryError": each,
        "claimed_without_outcome": 2 * each,
    }
    killers = [row for row in found if row["error"] == "claimed_without_outcome"]
    assert {row["attempts"] for row in killers} == {IN_COMPANY + ALONE}
    tries = worker.tries()
    for poison in KILLERS:
        assert ALONE * each <= tries[poison] <= (IN_COMPANY + ALONE) * each, tries
    ends = Counter(status for _, status in worker.deaths())
    assert set(ends) == {int(signal.SIGPROF), 3 << 8}, ends
    assert sum(ends.values()) == tries[LOOPS] + tries[EXITS]


async def report(rows: asyncpg.Connection, worker: Poisoned) -> None:
    lag = await rows.fetchrow(LAG)
    deaths = worker.deaths()
    slow = max(await restarts(rows, deaths), default=0.0)
    tell(
        "F17",
        seed=SEED,
        events=EVENTS,
        poisons=len(POISONS),
        deaths=len(deaths),
        tries=dict(worker.tries()),
        slowest_restart_s=round(slow, 2),
        neighbours_median_s=round(lag["median"].total_seconds(), 2),
        neighbours_worst_s=round(lag["worst"].total_seconds(), 2),
    )


async def replay_what_is_listed(site: Site, brand: Brand, worker: Poisoned) -> None:
    """Producers see what was given up on, and a replay gives it its effect."""
    worker.running.kill()
    listed = (await brand.get("/v1/deliveries", state="quarantined", limit=100))["items"]
    quarantined = 0
    for delivery in listed:
        whole = await brand.get(f"/v1/deliveries/{delivery['id']}")
        quarantined += sum(event["state"] == "quarantined" for event in whole["events"])
    assert quarantined == len(POISONS)
    for delivery in listed:
        answer = await brand.http.post(f"/v1/deliveries/{delivery['id']}/replay")
        assert answer.json()["replayed"] == EACH
    await site.start_worker()
    async with site.looking() as rows:
        await wait_until(lambda: nothing_waits(rows), PATIENCE)
        assert await everything_processed(rows, brand.sent)
        assert await rows.fetchval("SELECT count(*) FROM messages") == EVENTS
    broken = await verdict(site, brand.sent)
    # Poison says nothing that needs an answer, so its messages have no case.
    assert [each for each in broken if "has no case" not in each] == []
    assert len(broken) <= len(POISONS)


async def test_without_counted_tries_a_killer_takes_its_neighbours_along(
    site: Site, brand: Brand
) -> None:
    """The protection switched off: no try is remembered, so the batch dies again and again."""
    site.settings = {"WORKER__BATCH_SIZE": "100", "WORKER__LEASE_SECONDS": "1"}
    async with site.looking() as rows:
        await rows.execute(TRIES_FORGOTTEN)
        await site.start_api()
        await brand.deliver(*with_poison(20, (EXITS,), SEED))
        worker = Poisoned(site)
        lives = IN_COMPANY + ALONE + 2
        await wait_until(lambda: len(worker.deaths()) >= lives, PATIENCE, what="it died often")
        assert await counts(rows) == {"pending": 20}
    assert len(await verdict(site, brand.sent)) > 20


async def test_without_a_watchdog_a_loop_holds_its_worker_for_ever(
    site: Site, brand: Brand
) -> None:
    """The protection switched off: the worker computes on and on, and its neighbours wait."""
    await site.start_api()
    await brand.deliver(*with_poison(20, (LOOPS,), SEED))
    worker = Poisoned(site, stall_seconds=1e6)
    await wait_until(lambda: worker.tries()[LOOPS] > 0, PATIENCE, what="it took the poison")
    await wait_until(lambda: computed(worker) > 3 * STALL_SECONDS, PATIENCE, what="it computes")
    assert worker.deaths() == []
    async with site.looking() as rows:
        assert await counts(rows) == {"pending": 20}


def computed(worker: Poisoned) -> float:
    """Seconds of computing of the life there is now."""
    pid = worker.running.pid
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    fields = Path(f"/proc/{child}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
