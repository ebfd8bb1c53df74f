"""Memory while everything is asked of the processes for minutes."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from services.cli.bench_probes import rss_mb
from tests.bench import wire
from tests.bench.figures import Chapter
from tests.bench.place import Place, SignedSource

LIMITS = {"API": 200, "worker": 300}


@dataclass(frozen=True, slots=True)
class Sample:
    at: float
    megabytes: float


def measure(place: Place, seconds: float) -> Chapter:
    chapter = Chapter(
        "Memory under load",
        f"{seconds / 60:.0f} minutes of single deliveries as fast as one API process takes them, "
        "while one worker processes them; resident memory is read every two seconds. The slope is "
        "that of the line through the samples of the second half.",
    )
    source = asyncio.run(place.add_source("endurance"))
    with place.serving("product") as (port, api), place.working(1) as (worker,):
        sent, samples = asyncio.run(_load(port, source, seconds, {"API": api, "worker": worker}))
    chapter.add("Deliveries sent meanwhile", f"{sent:,}")
    for name, taken in samples.items():
        peak = max(sample.megabytes for sample in taken)
        slope = _slope([sample for sample in taken if sample.at >= seconds / 2]) * 600
        limit = LIMITS[name]
        chapter.add(
            f"{name}: peak, growth",
            f"{peak:.0f} MB, {slope:+.1f} MB in 10 min",
            f"≤ {limit} MB, 0",
            met=peak <= limit and slope < 1,
        )
    return chapter


async def _load(
    port: int, source: SignedSource, seconds: float, pids: dict[str, int]
) -> tuple[int, dict[str, list[Sample]]]:
    samples: dict[str, list[Sample]] = {name: [] for name in pids}
    began = monotonic()

    async def look() -> None:
        while True:
            for name, pid in pids.items():
                samples[name].append(Sample(monotonic() - began, rss_mb(pid)))
            await asyncio.sleep(2)

    looking = asyncio.create_task(look())
    sent = 0
    while monotonic() - began < seconds:
        requests = wire.signed_requests(source, 5_000, f"endurance-{sent}")
        outcome = await wire.closed_loop(port, requests)
        sent += len(outcome.took) - outcome.refused
    looking.cancel()
    return sent, samples


def _slope(samples: list[Sample]) -> float:
    """Megabytes a second, by least squares."""
    count = len(samples)
    mean_at = sum(sample.at for sample in samples) / count
    mean = sum(sample.megabytes for sample in samples) / count
    spread = sum((sample.at - mean_at) ** 2 for sample in samples)
    common = sum((s.at - mean_at) * (s.megabytes - mean) for s in samples)
    return common / spread if spread else 0.0
