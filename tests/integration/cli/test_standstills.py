"""An absence announced, listed and ended from the command line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

from services.core.audit import service as audit
from services.core.audit.types import AuditFilter
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline


async def test_an_absence_is_announced_listed_and_ended(
    database: Database, database_url: str, workspace: Workspace, tmp_path: Path
) -> None:
    def command(*words: str | Path) -> CompletedProcess[str]:
        place = ("--workspace", workspace.slug)
        return warmline("standstills", *words, *place, WARMLINE__DATABASE__URL=database_url)

    wrong = command("announce", "--reason", "holiday")
    assert (wrong.returncode, "reason" in wrong.stderr) == (2, True)
    wrong = command("announce", "--reason", "outage", "--source", str(workspace.id))
    assert (wrong.returncode, "(source_id: There is no such source.)" in wrong.stderr) == (2, True)
    file = tmp_path / "absence.json"
    ends = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    absence = {"reason": "out_of_office", "ends_at": ends, "note": "Spring Festival"}
    file.write_text(json.dumps(absence | {"notice_zh": "我们放假，七天后逐一回复。"}))
    both = command("announce", "--file", file, "--note", "twice")
    assert (both.returncode, "Either a --file" in both.stderr) == (2, True)
    made = command("announce", "--file", file)
    assert made.returncode == 0, made.stderr
    standstill = made.stdout.split()[-1]
    listed = command("list").stdout
    assert standstill in listed
    assert "Spring" in listed
    ended = command("end", standstill)
    assert (ended.returncode, ended.stdout) == (0, "It is over.\n")
    again = command("end", standstill)
    assert again.returncode == 1, again.stderr
    async with database.read(workspace.id) as uow:
        trail = await audit.read(uow, AuditFilter(subject_kind="standstill"), limit=10)
    assert [row.actor_label for row in trail] == ["warmline standstills"] * 2
