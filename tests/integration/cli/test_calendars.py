"""Calendars from the command line: listed, shown day by day, and files tried out."""

from pathlib import Path

from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline

ALWAYS = CalendarDraft("Night shift", "Asia/Shanghai", ((Span(0, 360),),) * 7, "CN")


async def test_calendars_are_listed_and_shown(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await calendars.create_calendar(uow, ALWAYS)
    chosen = ("--workspace", workspace.slug)
    listed = warmline("calendars", "list", *chosen, WARMLINE__DATABASE__URL=database_url)
    assert listed.returncode == 0
    assert "Night shift" in listed.stdout
    shown = warmline(
        "calendars",
        "show",
        "Night shift",
        "--days",
        "3",
        *chosen,
        WARMLINE__DATABASE__URL=database_url,
    )
    assert shown.returncode == 0
    assert shown.stdout.count("00:00–06:00") + shown.stdout.count("closed") == 3
    replan = ("calendars", "replan", "Night shift", *chosen)
    looked = warmline(*replan, "--look", WARMLINE__DATABASE__URL=database_url)
    assert "0 promises of 0 open cases would move" in looked.stdout
    acted = warmline(*replan, WARMLINE__DATABASE__URL=database_url)
    assert "0 open cases of 0 policies move to version 1 of Night shift." in acted.stdout
    unknown = warmline(
        "calendars", "replan", "Nobody's", *chosen, WARMLINE__DATABASE__URL=database_url
    )
    assert (unknown.returncode, "There is no calendar" in unknown.stderr) == (1, True)


def test_a_file_is_tried_out_before_anybody_counts_on_it(tmp_path: Path) -> None:
    file = tmp_path / "closings.ics"
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nSUMMARY:Fair\r\n"
    tail = "END:VEVENT\r\nEND:VCALENDAR\r\n"
    day = "DTSTART;VALUE=DATE:19990501\r\nRRULE:FREQ=YEARLY\r\n"
    file.write_text(head + day + tail)
    taken = warmline("calendars", "check", str(file))
    assert (taken.returncode, "Fair" in taken.stdout) == (0, True)
    file.write_text(head + day.replace("YEARLY", "SECONDLY") + tail)
    refused = warmline("calendars", "check", str(file))
    assert refused.returncode == 1
    assert "would be refused" in refused.stderr
