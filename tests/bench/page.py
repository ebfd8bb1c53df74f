"""The page: machine, figures beside targets, and how each was measured."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from services.cli.bench_document import memory_gb, system_name
from tests.bench.figures import Chapter, Figure

_PAGE = """# Benchmarks

Written by `make bench` on {day:%Y-%m-%d}; nobody typed these numbers. The tests assert no times.
What can be compared is the ratio of two things measured in the same run; rates alone say more
about the machine than about Warmline.

**The machine:** {cores} cores, {memory:.0f} GB of memory, {system}, Python {python}, PostgreSQL
and Valkey from wheels on the same disk and cores, fsync on. Its load before we began was
{load:.1f} (1-minute average). Generator, rival, API, workers and both servers share the {cores}
cores.{share}

{chapters}"""


def write(chapters: Sequence[Chapter], share: float) -> str:
    return _PAGE.format(
        day=datetime.now(UTC),
        cores=os.cpu_count(),
        memory=memory_gb(),
        system=system_name(),
        python=platform.python_version(),
        load=os.getloadavg()[0],
        share="" if share == 1 else f" **Only {share:.0%} of the work was done.**",
        chapters="\n".join(_chapter(chapter) for chapter in chapters),
    )


def _chapter(chapter: Chapter) -> str:
    rows = "\n".join(_row(figure) for figure in chapter.figures)
    return (
        f"## {chapter.title}\n\n| what | measured | target | |\n| --- | --- | --- | --- |\n"
        f"{rows}\n\n{chapter.method}\n"
    )


def _row(figure: Figure) -> str:
    met = {None: "", True: "met", False: "**missed**"}[figure.met]
    return f"| {figure.what} | {figure.measured} | {figure.target} | {met} |"
