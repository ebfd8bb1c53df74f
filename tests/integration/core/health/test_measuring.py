"""Claims and lags are measured where they happen, and told as this process's figures."""

from services.core.kit.figures import FIGURES
from tests.support.line import Line, comment


def claims(queue: str) -> int:
    return sum(FIGURES.claims[queue].counts) if queue in FIGURES.claims else 0


async def test_a_claim_is_timed_and_its_rows_are_counted(line: Line) -> None:
    before, rows = claims("intake"), FIGURES.claimed.get("intake", 0)
    await line.deliver(comment("c1"), comment("c2", author="nobody"))
    await line.process()
    # One that took both, and one that found nothing more.
    assert claims("intake") >= before + 2
    assert FIGURES.claimed["intake"] == rows + 2


async def test_a_timer_that_fires_late_is_counted_by_how_late_it_was(line: Line) -> None:
    await line.hear(comment("c1"))
    before, total = sum(FIGURES.timer_lag.counts), FIGURES.timer_lag.total
    fired = await line.tick(minutes=150)
    assert fired > 0
    assert sum(FIGURES.timer_lag.counts) == before + fired
    assert FIGURES.timer_lag.total > total + 60
    assert claims("sla") > 0
