"""Writes what was measured as a page a reader can judge: machine, method, figures, targets."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.cli.bench import Figures

_PAGE = """# Benchmarks

Written by `make bench` on {day:%Y-%m-%d}; nobody typed these numbers. The tests assert no times.

**The machine:** {cores} cores, {memory:.0f} GB of memory, {system}, Python {python},
PostgreSQL {postgres} and Valkey from wheels on the same disk and cores, fsync on. Its load before
we began was {load:.1f} (1-minute average). Producer, rival, API, worker and both servers share the
{cores} cores.

| what | figure | target |
| --- | --- | --- |
{rows}

## How it was measured
- **Starts**: from typing `warmline up` to what it prints, with the demo (1 webhook a second).
  *First*: an empty data folder, so the database is laid out and migrated. *Warm*: the same folder
  again. The first alert is the 50 % step of a 20 s promise, so at least 10 s of it are waiting.
- **Acknowledgement**: {acks} signed deliveries of one event, one after the other on one connection,
  ours and the rival's in turns, while the worker processes ours. *The rival* is the least that is
  durable: FastAPI on the same uvicorn settings, one `INSERT`, one commit; no signature, no checks,
  no duplicates found.
- **Event → case**: {cases} complaints, one at a time, from the 202 until another database session
  sees the message with its case (looked for every 2 ms).
- **Pipeline**: {events} events of a day's mix in signed batches of 500 over 4 connections; until
  the last 202, and until no journal entry is pending.
- **Memory** after all of that: resident, and with shared pages counted by share (PSS). Postgres'
  resident sum counts its shared buffers once for each of its processes, so read its PSS.
"""


def write(figures: "Figures", day: datetime, python: str, cores: int) -> str:
    """The page; it names no host, user or path."""
    return _PAGE.format(
        day=day,
        cores=cores,
        memory=memory_gb(),
        system=system_name(),
        python=python,
        postgres=figures.postgres.split()[0],
        load=figures.load_before,
        rows="\n".join(_rows(figures)),
        acks=figures.ours.count,
        cases=figures.case.count,
        events=f"{figures.flood.events:,}",
    )


def _rows(figures: "Figures") -> list[str]:
    ours, rival, flood = figures.ours, figures.rival, figures.flood
    rows = []
    for name, start in (("First start", figures.first), ("Warm start", figures.warm)):
        rows.append(_row(f"{name}: servers ready", f"{start.ready:.1f} s"))
        target = "≤ 6 s" if name.startswith("Warm") else ""
        rows.append(_row(f"{name}: first event triaged", f"{start.triaged:.1f} s", target))
    # A warm start's first alert may be one that came due while nothing ran.
    rows.append(_row("First start: first alert", f"{figures.first.alert:.1f} s"))
    rows += [
        _row("Acknowledgement p50 / p99", f"{ours.p50:.1f} / {ours.p99:.1f} ms"),
        _row("… of the rival p50 / p99", f"{rival.p50:.1f} / {rival.p99:.1f} ms"),
        _row("… ratio", f"{ours.p50 / rival.p50:.2f} / {ours.p99 / rival.p99:.2f}"),
        _row(
            "Event → case p50 / p99",
            f"{figures.case.p50:.0f} / {figures.case.p99:.0f} ms",
            "p50 ≤ 300 ms",
        ),
        _row("Pipeline, accepted", f"{flood.events / flood.acked_seconds:,.0f} events/s"),
        _row("Pipeline, processed", f"{flood.events / flood.done_seconds:,.0f} events/s"),
    ]
    targets = {"API": "≤ 150 MB", "worker": "≤ 200 MB"}
    for name, (rss, pss) in figures.memory.items():
        rows.append(_row(f"Memory: {name}", f"{rss:.0f} MB ({pss:.0f} PSS)", targets.get(name, "")))
    return rows


def _row(what: str, figure: str, target: str = "") -> str:
    return f"| {what} | {figure} | {target} |"


def memory_gb() -> float:
    try:
        first = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return 0.0
    return int(first.split()[1]) / 2**20


def system_name() -> str:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "an unnamed system"
    names = dict(line.split("=", 1) for line in lines if "=" in line)
    return names.get("PRETTY_NAME", "Linux").strip('"')
