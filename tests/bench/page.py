"""The page: machine, figures beside targets, and how each was measured."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from services.cli.bench_document import memory_gb, system_name
from tests.bench.figures import Chapter, Figure

_PAGE = """# Benchmarks

Written by `make bench`; nobody typed these numbers. The tests assert no times. What can be compared
is the ratio of two things measured in the same run; rates alone say more about the machine than
about Warmline. Each chapter says when it was measured and how much of the work was done: a chapter
that was measured again by itself replaces the one that stood there.

**The machine:** {cores} cores, {memory:.0f} GB of memory, {system}, Python {python}, PostgreSQL
and Valkey from wheels on the same disk and cores, fsync on. Generator, rival, API, workers and both
servers share the {cores} cores.

{chapters}"""
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def write(chapters: Sequence[Chapter], *, kept: str = "") -> str:
    """The page with these chapters, and beside them what else the page `kept` has."""
    sections = _sections(kept) | {chapter.title: _section(chapter) for chapter in chapters}
    return _PAGE.format(
        cores=os.cpu_count(),
        memory=memory_gb(),
        system=system_name(),
        python=platform.python_version(),
        chapters="\n".join(sections.values()),
    )


def describe(share: float) -> str:
    """What a chapter says of the moment before it begins."""
    work = "all of the work was done" if share == 1 else f"only {share:.0%} of the work was done"
    return f"{datetime.now(UTC):%Y-%m-%d}, {work}; load before it {os.getloadavg()[0]:.1f}."


def _sections(page: str) -> dict[str, str]:
    _, *pieces = _HEADING.split(page)
    return {
        title: f"## {title}\n\n{body.strip()}\n"
        for title, body in zip(pieces[::2], pieces[1::2], strict=True)
    }


def _section(chapter: Chapter) -> str:
    rows = "\n".join(_row(figure) for figure in chapter.figures)
    return (
        f"## {chapter.title}\n\n*{chapter.measured}*\n\n"
        f"| what | measured | target | |\n| --- | --- | --- | --- |\n{rows}\n\n{chapter.method}\n"
    )


def _row(figure: Figure) -> str:
    met = {None: "", True: "met", False: "**missed**"}[figure.met]
    return f"| {figure.what} | {figure.measured} | {figure.target} | {met} |"
