"""`warmline attainment`: how promises were kept, as a table, with the times drawn beside it."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.choices import find_workspace, read_moment
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say

if TYPE_CHECKING:
    from rich.table import Table

    from services.core.objectives.types import Attainment, Cell

_DATE_CHARACTERS = 10
_BAR_WIDTH = 40
_BINS = ("0–1 h", "1–4 h", "4–8 h", "8–24 h", "> 24 h")


class Split(StrEnum):
    """As in `objectives.types.By`, which costs time to import."""

    DAY = "day"
    TIER = "tier"
    MEMBER = "member"
    SOURCE = "source"
    CHANNEL = "channel"
    KIND = "kind"


class Form(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


app = typer.Typer(add_completion=False)


@app.command()
def attainment(
    *,
    by: Annotated[Split, typer.Option(help="What to split by; `member` is who answered.")] = (
        Split.DAY
    ),
    since: Annotated[
        str | None,
        typer.Option("--from", "--since", metavar="DAY", help="Due since. [dim]28 days before[/]"),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", "--until", metavar="DAY", help="Due before. [dim]now[/]"),
    ] = None,
    tz: Annotated[str, typer.Option(metavar="ZONE", help="Whose days.")] = "UTC",
    form: Annotated[Form, typer.Option("--format", help="What it is printed as.")] = Form.TABLE,
    workspace: Annotated[str, typer.Option(help="Its short name or id.")] = "default",
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
    ] = None,
) -> None:
    """Show how promises to answer were kept, and how long the answers took."""
    found = run(_measure(workspace, by.value, (read_when(since), read_when(until)), tz, data))
    if form is Form.CSV:
        from services.core.objectives.sheets import as_csv

        say(as_csv(found).rstrip("\r\n"))
    elif form is Form.JSON:
        from services.api.schemas.objectives import AttainmentView

        say(json.dumps(AttainmentView.of(found).model_dump(mode="json"), ensure_ascii=False))
    else:
        _print_table(found)


def read_when(text: str | None) -> datetime | date | None:
    """A date, or a moment (UTC unless it says otherwise). Raises BadInputError."""
    if text is None or len(text) != _DATE_CHARACTERS:
        return read_moment(text)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(f"{text} is no date; write it like 2026-11-21.") from error


def draw(histogram: Sequence[int]) -> list[str]:
    """A line a span of hours, its bar as long as its share of all answers."""
    answers = sum(histogram)
    lines = []
    for name, count in zip(_BINS, histogram, strict=True):
        share = count / answers if answers else 0.0
        bar = "█" * round(share * _BAR_WIDTH) or ("▏" if count else "")
        lines.append(f"{name:>7} │{bar:<{_BAR_WIDTH}}│ {count} ({share:.0%})")
    return lines


async def _measure(
    workspace: str,
    by: str,
    ends: tuple[datetime | date | None, datetime | date | None],
    zone: str,
    data_dir: Path | None,
) -> "Attainment":
    from services.core.objectives import service as objectives
    from services.core.objectives.types import By

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            wanted = objectives.read_range(uow, *ends, zone)
            return await objectives.measure(uow, wanted, By(by))


def _print_table(found: "Attainment") -> None:
    from rich.console import Console

    console = Console(soft_wrap=True)
    console.print(_table(found))
    total = found.total
    say(
        f"Against the tier's target {_rate(total.target)}, the public promise "
        f"{_rate(total.promise)}; resolution {_rate(found.resolution.clock)}."
    )
    say(f"How long {total.wall.count} answers took:")
    for line in draw(total.histogram):
        say(line)


def _table(found: "Attainment") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    numbers = ("met", "missed", "open", "attainment", "mean", "median", "p90")
    table = Table(found.by.value)
    for name in numbers:
        table.add_column(name, justify="right")
    for key, cell in found.items:
        table.add_row(escape(key), *_columns(cell))
    table.add_section()
    table.add_row("total", *_columns(found.total), style="bold")
    return table


def _columns(cell: "Cell") -> list[str]:
    share, wall = cell.clock, cell.wall
    times = [_span(seconds) for seconds in (wall.mean, wall.median, wall.p90)]
    return [str(share.met), str(share.missed), str(share.open), _rate(share), *times]


def _rate(share: Any) -> str:
    return "–" if share.rate is None else f"{share.rate:.1%}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
