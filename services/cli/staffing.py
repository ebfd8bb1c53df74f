"""`warmline staffing`: can the team's week keep what is promised, and what is likely to come?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import BadInputError, run, say

if TYPE_CHECKING:
    from services.core.staffing.types import Evidence, Feasibility

app = typer.Typer(no_args_is_help=True, help="The team's week against what is promised.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
WorkspaceName = Annotated[
    str, typer.Option("--workspace", metavar="NAME", help="Short name or id of the workspace.")
]
Language = Annotated[str, typer.Option("--lang", metavar="zh|en", help="The language of it.")]
_LANGUAGES = ("zh", "en")


@app.command()
def feasibility(
    *, lang: Language = "en", workspace: WorkspaceName = "default", data: DataDir = None
) -> None:
    """Say which promises the week cannot keep, by how much, and what would help."""
    language = _language(lang)
    found = run(_assess(workspace, data))
    # Several channels and tiers may be told the same.
    for words in dict.fromkeys(finding.words[language] for finding in found.findings):
        say(words)
    say(found.workload.words[language])


@app.command()
def forecast(
    *,
    days: Annotated[int, typer.Option(min=1, max=28, help="How far ahead.")] = 7,
    lang: Language = "en",
    workspace: WorkspaceName = "default",
    data: DataDir = None,
) -> None:
    """Say what is likely to come, how much of it will be in time, and how many people it takes."""
    from services.core.staffing import service as staffing

    language = _language(lang)
    evidence = run(_gather(workspace, data))
    say(run(staffing.predict(evidence, days=days)).words[language])


@app.command()
def backtest(
    *,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How many made-up brands.")] = 2,
    weeks: Annotated[int, typer.Option(min=3, max=52, help="How long each one's history is.")] = 12,
    rate: Annotated[float, typer.Option(min=1, help="Things that happen a day.")] = 100.0,
    people: Annotated[int, typer.Option(min=1, help="In every block of the day.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed makes the same brands.")] = 1,
) -> None:
    """Forecast weeks of made-up brands from what came before, and say how wrong that was.

    Needs no database. The traffic is the simulator's, judged by the classifier.
    """
    from rich.console import Console
    from rich.table import Table

    from services.cli.staffing_trial import try_forecasts

    report = try_forecasts(rounds=rounds, weeks=weeks, rate=rate, people=people, seed=seed)
    table = Table("what", "mean error", "bias", "inside the 80 % interval", "forecasts")
    for name, score in (
        ("arrivals of a week", report.week_arrivals),
        ("arrivals of a day", report.day_arrivals),
        ("attainment of a week", report.week_attainment),
        ("attainment of a day", report.day_attainment),
    ):
        told = (f"{score.error:.1%}", f"{score.bias:+.1%}", f"{score.covered:.0%}")
        table.add_row(name, *told, str(score.count))
    Console(soft_wrap=True).print(table)


def _language(text: str) -> str:
    if text not in _LANGUAGES:
        raise BadInputError("There are texts in zh and in en.")
    return text


async def _assess(workspace: str, data_dir: Path | None) -> "Feasibility":
    from services.core.staffing import service as staffing

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await staffing.assess(uow)


async def _gather(workspace: str, data_dir: Path | None) -> "Evidence":
    from services.core.staffing import service as staffing

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await staffing.gather(uow)
