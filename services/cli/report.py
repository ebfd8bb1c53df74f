"""`warmline report`: the community-health page of the last full week or month, to hand round."""

import json
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import run, say

if TYPE_CHECKING:
    from services.core.metrics.pages import Dashboard

app = typer.Typer(add_completion=False)

_WEEK = timedelta(days=7)


class Kind(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ReportForm(StrEnum):
    HTML = "html"
    MARKDOWN = "md"
    JSON = "json"


class Tongue(StrEnum):
    ZH = "zh"
    EN = "en"


@app.command()
def report(
    kind: Annotated[Kind, typer.Argument(help="The last full week, or the last full month.")],
    *,
    form: Annotated[ReportForm, typer.Option("--format", help="What is written.")] = (
        ReportForm.HTML
    ),
    lang: Annotated[Tongue, typer.Option(help="The language of it.")] = Tongue.EN,
    workspace: Annotated[str, typer.Option(help="Its short name or id.")] = "default",
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
    ] = None,
) -> None:
    """Write the community-health page with what it was before; pictures are inside the HTML."""
    page = run(_read(kind, workspace, data))
    if form is ReportForm.JSON:
        from services.api.schemas.dashboard import DashboardView

        view = DashboardView.of(page, page.last + timedelta(days=1))
        say(json.dumps(view.model_dump(mode="json"), ensure_ascii=False))
        return
    from services.core.metrics.report import writing

    write = writing.as_html if form is ReportForm.HTML else writing.as_markdown
    say(write(page, kind.value, lang.value).rstrip("\n"))


def last_full(kind: Kind, today: date) -> tuple[date, date]:
    """From its first day to the day after its last: the week from Monday, or the month."""
    if kind is Kind.WEEKLY:
        monday = today - timedelta(days=today.weekday())
        return monday - _WEEK, monday
    end = today.replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end


async def _read(kind: Kind, workspace: str, data_dir: Path | None) -> "Dashboard":
    from services.core.metrics import service as metrics
    from services.core.metrics.rules import local_day

    settings = resolve_settings(data_dir)
    async with opened_database(settings) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            zone = await metrics.get_zone(uow, settings.metrics.zone)
            first, until = last_full(kind, local_day(uow.now, zone))
            return await metrics.read_dashboard(uow, first, until, zone=zone)
