"""`warmline explain`: why the promises of a case are due when they are, in words."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from services.cli.choices import find_workspace, read_id
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import run
from services.core.explain.types import Lang

if TYPE_CHECKING:
    from services.core.explain.types import Explanation

SHORT: Final = re.compile(r"[0-9a-f]{6,12}")
_COLOURS = {"met": "green", "missed": "red", "void": "dim", "paused": "yellow", "running": "cyan"}


def explain_and_print(
    case: str, *, lang: str, zone: str | None, workspace: str, data_dir: Path | None
) -> None:
    """Print every promise of the case. Raises CommandError, NotFoundError, BadInputError."""
    from rich.console import Console
    from rich.markup import escape
    from rich.padding import Padding

    from services.core.explain import service as explain

    # What boards and alerts print of an id is its end, and people copy what they see.
    wanted = case.lower() if SHORT.fullmatch(case.lower()) else read_id(case, "case") or case
    told_in = explain.read_zone(zone) if zone else None
    console = Console()
    for told in run(_explain(wanted, workspace, data_dir)):
        state = told.clock.shape.state.value
        kind = told.clock.kind.value.replace("_", " ")
        console.print(f"[bold]{kind} {told.clock.episode}[/] [{_COLOURS[state]}]{state}[/]")
        for paragraph in explain.in_words(told, Lang(lang), told_in):
            console.print(Padding(escape(paragraph), (0, 0, 0, 2)))
        console.print()


async def _explain(case: UUID | str, workspace: str, data_dir: Path | None) -> "list[Explanation]":
    from services.core.cases import service as cases
    from services.core.explain import service as explain

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            case_id = case if isinstance(case, UUID) else await cases.find_by_ending(uow, case)
            return await explain.explain_case(uow, case_id)
