"""`make bench`: measures everything the documentation speaks of, and writes docs/benchmarks.md.

`python -m tests.bench --share 0.05` does a twentieth of the work, to see that it runs; such figures
are printed, and written nowhere unless a file is named. With `--only` and a file, what else stands
in it stays.
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
    large,
    listeners,
    pipeline,
    promises,
    replans,
    timers,
)
from tests.bench.crowd import PATIENT, fill
from tests.bench.figures import Chapter
from tests.bench.page import describe, write
from tests.bench.place import Place, place

CHAPTERS = (
    "promises",
    "intake",
    "pipeline",
    "crowd",
    "escalation",
    "replans",
    "listeners",
    "large",
    "endurance",
)
CASES = 1_000_000
# One chapter each, by the share of the work.
ALONE: Mapping[str, Callable[[Place, float], Chapter]] = {
    "intake": intake.measure,
    "pipeline": pipeline.measure,
    "replans": replans.measure,
    "listeners": listeners.measure,
    "escalation": escalation.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the work to do")
    parser.add_argument("--only", choices=CHAPTERS, action="append", help="these chapters alone")
    parser.add_argument("--output", type=Path, help="the page to write")
    wanted = parser.parse_args()
    output: Path | None = wanted.output
    kept = output.read_text("utf-8") if wanted.only and output and output.exists() else ""
    chapters: list[Chapter] = []
    failed: list[str] = []
    for name in wanted.only or CHAPTERS:
        sys.stderr.write(f"{name} …\n")
        try:
            chapters += _measure_apart(name, wanted.share)
        except Exception:  # noqa: BLE001 - one chapter that breaks must not cost the others
            traceback.print_exc()
            failed.append(name)
        if output is not None:
            output.write_text(write(chapters, kept=kept), encoding="utf-8")
    sys.stdout.write(write(chapters))
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}.")


def _measure_apart(name: str, share: float) -> list[Chapter]:
    measured = describe(share)
    if name == "promises":  # needs no servers
        chapters = [promises.measure(share)]
    else:
        with place() as here:
            chapters = _measure(here, name, share)
    for chapter in chapters:
        chapter.measured = measured
    return chapters


def _measure(here: Place, name: str, share: float) -> list[Chapter]:
    if name in ALONE:
        return [ALONE[name](here, share)]
    if name == "large":
        return large.measure(here, share)
    if name == "endurance":
        return [endurance.measure(here, 600 * share)]
    return _measure_crowded(here, share)


def _measure_crowded(here: Place, share: float) -> list[Chapter]:
    count = round(20_000 * share / 500) * 500 or 500
    empty = pipeline.rate(here, count)
    few = fill(here, "few", round(CASES * share / 10), tiers=PATIENT)
    tick = timers.idle_tick(here)
    crowded = fill(here, "many", round(CASES * share), tiers=PATIENT)
    full = pipeline.rate(here, count)
    chapter = timers.measure(here, crowded, share, small=(few.seeded.timers, tick))
    messages = few.seeded.messages + crowded.seeded.messages
    chapter.add(
        f"Pipeline with {messages:,} messages stored ÷ with none",
        f"{full / empty:.2f} ({full:,.0f}/s, {empty:,.0f}/s)",
        "≥ 0.90",
        met=full / empty >= 0.9,
    )
    return [chapter]


if __name__ == "__main__":
    main()
