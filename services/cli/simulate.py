"""`warmline simulate`: made-up followers against any source, with the numbers of how it went."""

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.terminal import BadInputError, CommandError, run, say

if TYPE_CHECKING:
    from services.simulator.run import SimulationOptions, SimulationReport


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked for; `rate` in events a second, `duration` in seconds, None for ever."""

    url: str
    source: str
    secret: str = field(repr=False)
    rate: float
    duration: float | None
    scenario: str
    seed: int
    batch: int
    duplicates: float
    shuffle_seconds: float
    ledger: Path | None


def send_traffic(traffic: Traffic) -> None:
    """Send it all and say how it went. Raises CommandError when something was not accepted."""
    run(_send(traffic))


async def _send(traffic: Traffic) -> None:
    from rich.console import Console

    from services.simulator.counters import Counters
    from services.simulator.run import simulate

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with Console(stderr=True).status("Sending…") as status:

        def show(counters: Counters) -> None:
            status.update(
                f"{counters.events_acked} events accepted, {counters.waiting} deliveries waiting, "
                f"{counters.failed} given up"
            )

        try:
            report = await simulate(_options(traffic), stop=stop, on_progress=show)
        except ValueError as error:
            raise BadInputError(f"{error}.") from error
    _tell(report)


def _options(traffic: Traffic) -> "SimulationOptions":
    from services.simulator.platform import Weather
    from services.simulator.run import SimulationOptions

    return SimulationOptions(
        url=traffic.url,
        source=traffic.source,
        secret=traffic.secret,
        rate=traffic.rate,
        duration=traffic.duration,
        seed=traffic.seed,
        scenario=traffic.scenario,
        ledger=traffic.ledger,
        weather=Weather(
            batch_size=traffic.batch,
            duplicates=traffic.duplicates,
            shuffle_seconds=traffic.shuffle_seconds,
        ),
    )


def _tell(report: "SimulationReport") -> None:
    say(
        f"{report.acked} of {report.sent} deliveries accepted in {report.seconds:.1f} s: "
        f"{report.accepted} events, {report.duplicates} duplicates, {report.retries} retries."
    )
    say(
        f"From planned to answered: p50 {report.p50_seconds * 1000:.0f} ms, "
        f"p95 {report.p95_seconds * 1000:.0f} ms, p99 {report.p99_seconds * 1000:.0f} ms, "
        f"worst {report.slowest_seconds * 1000:.0f} ms."
    )
    if not report.is_complete:
        answers = ", ".join(f"{code} × {count}" for code, count in sorted(report.statuses.items()))
        raise CommandError(f"{report.failed} deliveries were given up; the answers: {answers}.")
