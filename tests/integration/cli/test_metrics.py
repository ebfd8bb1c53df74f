"""Numbers, sums of days and reports, from the command line."""

import json
from subprocess import CompletedProcess

from tests.support.commands import warmline
from tests.support.line import Line, comment, reply


async def test_sums_are_made_compared_and_handed_round(line: Line, database_url: str) -> None:
    await line.hear(comment("c1"), comment("c2", minutes=1, author="mia"))
    await line.hear(reply("r1", "c1", minutes=30))

    def run(*typed: str) -> CompletedProcess[str]:
        place = ("--workspace", str(line.workspace_id))
        return warmline(*typed, *place, WARMLINE__DATABASE__URL=database_url)

    assert run("metrics", "zone", "UTC").stdout.strip() == "UTC"
    assert "days were summed up again" in run("metrics", "rebuild").stdout
    well = run("metrics", "recount")
    assert (well.returncode, "0 are to be" in well.stdout) == (0, True), well.stderr
    ends = ("--from", "2026-11-20", "--to", "2026-11-21", "--format", "json")
    told = json.loads(run("metrics", "show", "reply_rate", *ends).stdout)
    assert told["total"]["value"] == 0.5
    async with line.database.unit(line.workspace_id) as uow:
        await uow.execute("UPDATE metric_rollups SET part = part + 1 WHERE metric = 'reply_rate'")
    wrong = run("metrics", "recount", "--from", "2026-11-20")
    assert wrong.returncode != 0
    assert "2026-11-20 reply_rate total" in wrong.stdout
    page = run("report", "weekly", "--lang", "zh")
    assert page.returncode == 0, page.stderr
    assert page.stdout.startswith("<!doctype html>")
    assert "社区健康周报" in page.stdout


def test_what_there_is_not_is_a_sentence(line: Line, database_url: str) -> None:
    for typed in (
        ("show", "happiness"),
        ("show", "inbound", "--by", "minute"),
        ("show", "inbound", "--by", "member"),
        ("zone", "Mars/Olympus"),
        ("rebuild", "--from", "yesterday"),
    ):
        done = warmline(
            "metrics",
            *typed,
            "--workspace",
            str(line.workspace_id),
            WARMLINE__DATABASE__URL=database_url,
        )
        assert done.returncode not in {0, 1} or done.stderr, typed
        assert done.returncode != 0, typed
        assert "Traceback" not in done.stderr
