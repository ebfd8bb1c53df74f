"""A file ordered and written from the command line, with no worker there to help."""

import csv
import json
from pathlib import Path
from subprocess import CompletedProcess

from services.core.exports import service as exports
from services.core.exports.types import ExportDraft, What
from tests.support.commands import warmline
from tests.support.line import Line, comment


async def test_a_file_is_written_filtered_taken_up_and_refused(
    line: Line, database_url: str, tmp_path: Path
) -> None:
    await line.hear(comment("c1", text="=1+1"), comment("c2", minutes=1, author="mia"))
    file = tmp_path / "said"

    def run(*typed: str | Path) -> CompletedProcess[str]:
        place = ("--workspace", str(line.workspace_id), "--output", file)
        return warmline("export", *typed, *place, WARMLINE__DATABASE__URL=database_url)

    done = run("messages")
    assert (done.returncode, done.stdout) == (0, f"{file}\n"), done.stderr
    assert "--resume" in done.stderr
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["external_id"] for row in rows] == ["c1", "c2"]
    assert rows[0]["text"] == "'=1+1"
    ends = ("--from", "2026-11-20T12:00:30Z", "--to", "2026-11-21", "--only", "kind=comment")
    assert run("messages", "--format", "ndjson", *ends).returncode == 0
    assert [json.loads(each)["external_id"] for each in file.read_text().splitlines()] == ["c2"]
    async with line.database.unit(line.workspace_id) as uow:
        ordered = await exports.order(uow, ExportDraft(What.CASES))
    taken_up = run("cases", "--resume", str(ordered.id))
    assert taken_up.returncode == 0, taken_up.stderr
    assert file.read_text(encoding="utf-8-sig").startswith("id,state,tier")
    file.unlink()
    async with line.database.unit(line.workspace_id) as uow:
        cancelled = await exports.order(uow, ExportDraft(What.CASES))
        await exports.cancel(uow, cancelled.id)
    for typed, code, said in (
        (("cases", "--only", "kind=comment"), 2, "no such filter"),
        (("cases", "--only", "tier"), 2, "write it like tier=urgent"),
        (("cases", "--only", "tier=huge"), 2, "tier: "),
        (("cases", "--from", "soon"), 2, "no time"),
        (("messages", "--resume", str(ordered.id)), 2, "of cases"),
        (("cases", "--resume", str(ordered.id), "--from", "2026-11-20"), 2, "leave the choices"),
        (("cases", "--resume", str(cancelled.id)), 1, "is cancelled; order a new one"),
    ):
        wrong = run(*typed)
        assert (wrong.returncode, said in wrong.stderr) == (code, True), wrong.stderr
        assert "Traceback" not in wrong.stderr
    assert not file.exists()
    assert not file.with_name("said.part").exists()
