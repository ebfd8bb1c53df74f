"""The objective from the command line: shown, saved from options, edited and saved from a file."""

import json
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

from services.core.audit import service as audit
from services.core.audit.types import AuditFilter
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.commands import warmline


async def test_the_objective_is_saved_shown_and_edited(
    database: Database, database_url: str, workspace: Workspace, tmp_path: Path
) -> None:
    def command(*words: str | Path) -> CompletedProcess[str]:
        place = ("--workspace", workspace.slug)
        return warmline("objectives", *words, *place, WARMLINE__DATABASE__URL=database_url)

    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
    told = command("show").stdout
    assert "90 % over 28 days, of first and next responses." in told
    assert "It is the default" in told
    wrong = command("save", "--percent", "20", "--source", str(workspace.id))
    assert (wrong.returncode, "percent: " in wrong.stderr) == (2, True)
    wrong = command("save", "--source", str(workspace.id))
    assert (wrong.returncode, "There is no such source." in wrong.stderr) == (2, True)
    scope = ("--tier", "urgent", "--tier", "important", "--channel", "dm")
    saved = command("save", "--percent", "95.5", *scope, "--source", str(source.id))
    assert saved.returncode == 0, saved.stderr
    about = f"first and next responses (urgent, important, dm, source {source.id})"
    assert saved.stdout.startswith(f"95.5 % over 28 days, of {about}.\n0 met and 0 missed")
    objective = json.loads(command("show", "--json").stdout)
    file = tmp_path / "objective.json"
    file.write_text(json.dumps(objective | {"window_days": 7, "tiers": []}))
    assert command("save", "--file", file).returncode == 0
    assert json.loads(command("show", "--json").stdout) == objective | {
        "window_days": 7,
        "tiers": [],
    }
    async with database.read(workspace.id) as uow:
        trail = await audit.read(uow, AuditFilter(action="objective.saved"), limit=10)
    assert [row.actor_label for row in trail] == ["warmline objectives"] * 2


async def test_what_will_be_missed_soon_is_listed_the_first_due_first(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    def at_risk(*words: str) -> str:
        typed = ("objectives", "at-risk", *words, "--workspace", workspace.slug)
        told = warmline(*typed, WARMLINE__DATABASE__URL=database_url)
        assert told.returncode == 0, told.stderr
        return told.stdout

    assert at_risk() == "Nothing is due within 2 h.\n"
    async with database.unit(workspace.id) as uow:
        source = await make.add_source(uow)
        places = [await make.add_case(uow, source.id) for _ in range(3)]
        for case, minutes in zip(places, (90, 60, 180), strict=True):
            await make.add_clock(uow, case.id, due_at=uow.now + timedelta(minutes=minutes))
    later, soon, far = (str(case.id) for case in places)
    two = at_risk()
    assert two.index(soon) < two.index(later)
    assert far not in two
    assert far in at_risk("--hours", "4")
    one = at_risk("--limit", "1")
    assert (later in one, "There are more" in one) == (False, True)
