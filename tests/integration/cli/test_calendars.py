"""Calendars from the command line: listed, shown day by day, and files tried out."""

import json
from pathlib import Path

from services.core.audit import service as audit
from services.core.audit.types import AuditFilter
from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nSUMMARY:Fair\r\n"
TAIL = "END:VEVENT\r\nEND:VCALENDAR\r\n"
EVERY_YEAR = "DTSTART;VALUE=DATE:19990501\r\nRRULE:FREQ=YEARLY\r\n"
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


async def test_a_calendar_is_added_edited_closed_by_a_file_and_archived(
    database: Database, database_url: str, workspace: Workspace, tmp_path: Path
) -> None:
    def command(*words: str | Path) -> str:
        place = ("--workspace", workspace.slug)
        done = warmline("calendars", *words, *place, WARMLINE__DATABASE__URL=database_url)
        return done.stdout + done.stderr

    file, closings = tmp_path / "office.json", tmp_path / "closings.ics"
    office = {"name": "Office", "zone": "Asia/Shanghai", "country": "CN", "days": []}
    week = {day: [{"start": "09:00", "end": "18:00"}] for day in DAYS}
    file.write_text(json.dumps(office | {"week": week, "zone": "Mars/Base"}))
    assert "zone: There is no such time zone" in command("add", "--file", file)
    file.write_text(json.dumps(office | {"week": week}))
    made = command("add", "--file", file).strip()
    shown = json.loads(command("show", made, "--json"))
    assert shown == office | {"week": week, "feed_url": None}
    day = {"date": "2027-01-04", "spans": [], "label": "Stocktaking"}
    file.write_text(json.dumps(shown | {"days": [day]}))
    assert command("change", "Office", "--file", file, "--replan") == (
        "Version 2 of Office is saved.\n0 open cases of 0 policies move to version 2 of Office.\n"
    )
    assert json.loads(command("show", "Office", "--json"))["days"] == [day]
    closings.write_text(HEAD + EVERY_YEAR + TAIL)
    assert command("feed", "Office", closings).startswith("Version 3 of Office has ")
    assert command("remove", "Office") == "Office is archived.\n"
    # What is archived is named by its id.
    assert "There is no calendar" in command("versions", "Office")
    versions = command("versions", made)
    assert [line.split()[1] for line in versions.splitlines() if "Office" in line] == [*"321"]
    assert json.loads(command("versions", made, "--show", "2"))["days"] == [day]
    assert json.loads(command("versions", made, "--show", "1")) == shown
    async with database.read(workspace.id) as uow:
        trail = await audit.read(uow, AuditFilter(action="calendar."), limit=10)
    assert {row.actor_label for row in trail} == {"warmline calendars"}
    acts = [row.action for row in reversed(trail)]
    assert (acts[0], acts[-1]) == ("calendar.created", "calendar.archived")


def test_a_file_is_tried_out_before_anybody_counts_on_it(tmp_path: Path) -> None:
    file = tmp_path / "closings.ics"
    file.write_text(HEAD + EVERY_YEAR + TAIL)
    taken = warmline("calendars", "check", str(file))
    assert (taken.returncode, "Fair" in taken.stdout) == (0, True)
    file.write_text(HEAD + EVERY_YEAR.replace("YEARLY", "SECONDLY") + TAIL)
    refused = warmline("calendars", "check", str(file))
    assert refused.returncode == 1
    assert "would be refused" in refused.stderr
