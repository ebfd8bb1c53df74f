"""Sinks that are slow, silent, full or forgetful: each harms itself, and no alert is lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.faults.oracle.arena import Arena, opened_arena, scaled
from tests.faults.oracle.collector import Behaviour, Manner, Sink
from tests.faults.oracle.verdict import FIRING
from tests.support.processes import Site
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

BAD = {
    # Longer than an answer is waited for: taken, and in doubt.
    "slow": Behaviour(Manner.SLOW, seconds=6),
    "blackhole": Behaviour(Manner.BLACKHOLE),
    "error_inside": Behaviour(Manner.ERROR_INSIDE),
    "throttling": Behaviour(Manner.THROTTLE, seconds=4),
}
ALL_TRIED = "SELECT NOT EXISTS (SELECT FROM outbox WHERE state = 'pending' AND attempts = 0)"
WAITS = {"ALERTS__TIMEOUT_SECONDS": "2"}


@pytest.fixture
async def five(site: Site) -> AsyncIterator[Arena]:
    """One workspace whose alerts go to five channels, one of them sound."""
    async with opened_arena(site, name="sinks", tenants=1, sinks=("fast", *BAD)) as arena:
        yield arena


# An alert whose question was answered before its turn is called off, and nobody hears of it.
_TO_FAST = """
FROM outbox JOIN channels
  ON channels.workspace_id = outbox.workspace_id AND channels.id = outbox.channel_id
WHERE channels.name = 'fast' AND outbox.purpose = 'firing'
"""
FAST_IS_TOLD = f"SELECT NOT EXISTS (SELECT {_TO_FAST} AND outbox.state = 'pending')"
SENT_TO_FAST = f"SELECT outbox.alert_id {_TO_FAST} AND outbox.state = 'sent'"


async def test_bad_sinks_keep_nothing_from_a_good_one_and_get_all_once_they_heal(
    site: Site, five: Arena
) -> None:
    """F18, M15: five sinks, four of them bad until the good one has heard everything.

    A webhook says by its status whether it took something, so an error inside a 200 is its own
    affair; what is refused, timed out or lost is sent again, marked where it may have arrived.
    """
    for name, behaviour in BAD.items():
        five.sinks[name].behaviour = behaviour
    await asyncio.gather(site.start_api(), site.start_worker(**WAITS))
    await five.generator(seconds=scaled(2), rate=15).run()

    def heard(name: str) -> set[str]:
        return {one.alert_id for one in five.sinks[name].received if one.kind == FIRING}

    await five.moments_have_passed()
    async with site.looking() as rows:
        await wait_until(lambda: rows.fetchval(FAST_IS_TOLD), what="the good sink has been told")
        sent = {str(row["alert_id"]) for row in await rows.fetch(SENT_TO_FAST)}
        await wait_until(lambda: heard("fast") >= sent, what="the good sink heard of everything")
        waiting = await rows.fetchval("SELECT count(*) FROM outbox WHERE state = 'pending'")
    bad = {name: len(five.sinks[name].received) for name in BAD}
    for sink in five.sinks.values():
        sink.behaviour = Behaviour()
    judged = await five.finish(waiting_when_fast_was_done=waiting, tried_while_bad=bad)
    assert waiting > 0, "the bad sinks were not bad"
    assert all(bad.values())
    copies = [one.webhook_id for one in five.sinks["fast"].received]
    assert len(copies) == len(set(copies)), "the good sink was told twice"
    assert judged.figures["alerts_expected"] > 5


async def test_answers_a_sink_never_gave_make_marked_repeats_and_no_others(
    site: Site, arena: Arena
) -> None:
    """F19, M16: the sink takes it and hangs up; as many repeats as lost answers, all marked."""
    (sink,) = arena.sinks.values()
    sink.behaviour = Behaviour(Manner.DROP, share=0.2, seed=arena.seed)
    await asyncio.gather(site.start_api(), site.start_worker())
    await arena.generator(seconds=scaled(3), rate=30).run()
    judged = await arena.finish()
    assert len(sink.dropped) > 3
    assert sum(judged.figures["in_doubt"].values()) == len(sink.dropped)
    lost = {one.webhook_id for one in sink.dropped}
    assert repeated(sink) == lost - await called_off(site)


async def test_answers_lost_on_the_way_make_marked_repeats_and_no_others(site: Site) -> None:
    """F19 on the wire: the sink answers, and a proxy lets a share of the answers vanish."""
    async with opened_arena(site, name="answers swallowed", proxied=True) as arena:
        proxy = arena.proxies["main"]
        await proxy.set("swallow=0.2:webhook-id")
        await asyncio.gather(site.start_api(), site.start_worker())
        await arena.generator(seconds=scaled(3), rate=30).run()
        async with site.looking() as rows:
            await arena.moments_have_passed()
            await wait_until(lambda: rows.fetchval(ALL_TRIED), what="all was tried once")
        await proxy.set("pass")
        judged = await arena.finish(swallowed=proxy.swallowed)
        assert proxy.swallowed > 3
        assert sum(judged.figures["in_doubt"].values()) == proxy.swallowed
        given_up = await called_off(site)
        assert judged.figures["sent_twice"] >= proxy.swallowed - len(given_up)
        assert judged.figures["sent_twice"] <= proxy.swallowed


def repeated(sink: Sink) -> set[str]:
    return {name for name, count in sink.seen.items() if count > 1}


async def called_off(site: Site) -> set[str]:
    """What needed no second try: the alert was over before its turn came again."""
    async with site.looking() as rows:
        found = await rows.fetch("SELECT id::text AS id FROM outbox WHERE state = 'cancelled'")
    return {row["id"] for row in found}
