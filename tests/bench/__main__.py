"""`make bench`: measures everything the documentation speaks of, and writes docs/benchmarks.md.

`python -m tests.bench --share 0.05` does a twentieth of the work, to see that it runs; such figures
are printed, and written nowhere unless a file is named.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import (
    endurance,
    escalation,
    intake,
    listeners,
    numbers,
    pipeline,
    promises,
    reads,
    replans,
    search,
    timers,
)
from tests.bench.crowd import fill
from tests.bench.figures import Chapter
from tests.bench.page import write
from tests.bench.place import Place, place

CHAPTERS = (
    "promises",
    "intake",
    "pipeline",
    "crowd",
    "escalation",
    "replans",
    "listeners",
    "numbers",
    "search",
    "endurance",
)
CASES = 1_000_000
# One chapter each, by the share of the work.
ALONE: Mapping[str, Callable[[Place, float], Chapter]] = {
    "intake": intake.measure,
    "pipeline": pipeline.measure,
    "replans": replans.measure,
    "listeners": listeners.measure,
    "numbers": numbers.measure,
    "search": search.measure,
    "escalation": escalation.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the work to do")
    parser.add_argument("--only", choices=CHAPTERS, action="append", help="these chapters alone")
    parser.add_argument("--output", type=Path, help="the page to write")
    wanted = parser.parse_args()
    chapters: list[Chapter] = []
    failed: list[str] = []
    for name in wanted.only or CHAPTERS:
        sys.stderr.write(f"{name} …\n")
        try:
            chapters += _measure_apart(name, wanted.share)
        except Exception:  # noqa: BLE001 - one chapter that breaks must not cost the others
            traceback.print_exc()
            failed.append(name)
        if wanted.output is not None:
            wanted.output.write_text(write(chapters, wanted.share), encoding="utf-8")
    sys.stdout.write(write(chapters, wanted.share))
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}.")


def _measure_apart(name: str, share: float) -> list[Chapter]:
    if name == "promises":  # needs no servers
        return [promises.measure(share)]
    with place() as here:
        return _measure(here, name, share)


def _measure(here: Place, name: str, share: float) -> list[Chapter]:
    if name in ALONE:
        return [ALONE[name](here, share)]
    if name == "endurance":
        return [endurance.measure(here, 600 * share)]
    return _measure_crowded(here, share)


def _measure_crowded(here: Place, share: float) -> list[Chapter]:
    count = round(20_000 * share / 500) * 500 or 500
    empty = pipeline.rate(here, count)
    few = fill(here, "few", round(CASES * share / 10))
    tick = timers.idle_tick(here)
    crowded = fill(here, "many", round(CASES * share))
    full = pipeline.rate(here, count)
    chapters = [
        timers.measure(here, crowded, share, small=(few.seeded.timers, tick)),
        reads.measure(here, crowded),
    ]
    messages = few.seeded.messages + crowded.seeded.messages
    chapters[0].add(
        f"Pipeline with {messages:,} messages stored ÷ with none",
        f"{full / empty:.2f} ({full:,.0f}/s, {empty:,.0f}/s)",
        "≥ 0.90",
        met=full / empty >= 0.9,
    )
    return chapters


if __name__ == "__main__":
    main()
