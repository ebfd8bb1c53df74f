"""What is promised, from the command line."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from services.core.audit import service as audit
from services.core.audit.types import AuditFilter
from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span
from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.commands import warmline

Command = Callable[..., CompletedProcess[str]]
HOUR = 3600
ALWAYS = CalendarDraft("Office", "Asia/Shanghai", ((Span(540, 1080),),) * 7)


@pytest.fixture
def command(database: Database, database_url: str, workspace: Workspace) -> Command:
    del database

    def typed(*words: str | Path) -> CompletedProcess[str]:
        place = ("--workspace", workspace.slug)
        return warmline("policies", *words, *place, WARMLINE__DATABASE__URL=database_url)

    return typed


async def add_case(database: Database, workspace: Workspace) -> None:
    """A question of an hour and a half ago: no promise of the default policy is broken yet."""
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        asked_at = uow.now - timedelta(minutes=90)
        story = await make.add_story(uow, occurred_at=asked_at)
        await cases.refold(uow, [Touched(story.thread.id, asked_at)])


def hastened(policy: dict[str, Any]) -> dict[str, Any]:
    spans = ("first_response_seconds", "next_response_seconds", "resolution_seconds")
    return policy | {"targets": dict.fromkeys(policy["targets"], dict.fromkeys(spans, HOUR))}


async def test_policies_are_listed_and_one_is_shown_whole(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
    place = ("--workspace", workspace.slug)
    listed = warmline("policies", "list", *place, WARMLINE__DATABASE__URL=database_url)
    assert listed.returncode == 0, listed.stderr
    assert "urgent 2 h, important 12 h, routine 24 h" in listed.stdout
    shown = warmline("policies", "show", "default", *place, WARMLINE__DATABASE__URL=database_url)
    assert "the public is told: comment within 4 h" in shown.stdout
    assert "at the outside 48 h" in shown.stdout


async def test_a_policy_nobody_has_is_said_so(workspace: Workspace, database_url: str) -> None:
    place = ("--workspace", workspace.slug)
    told = warmline("policies", "show", "none", *place, WARMLINE__DATABASE__URL=database_url)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr


async def test_a_policy_is_shown_edited_and_saved_and_what_would_be_late_asks_first(
    command: Command, database: Database, workspace: Workspace, tmp_path: Path
) -> None:
    await add_case(database, workspace)
    shown = command("show", "default", "--json")
    policy = json.loads(shown.stdout)
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(hastened(policy)))
    saved = command("change", "default", "--file", file)
    assert saved.returncode == 0, saved.stderr
    assert "Version 2 of default is saved." in saved.stdout
    assert "2 would be late at once" in saved.stdout
    assert 'warmline policies replan "default"' in saved.stdout
    asked = command("change", "default", "--file", file, "--replan")
    assert (asked.returncode, "--yes" in asked.stderr) == (1, True)
    moved = command("change", "default", "--file", file, "--replan", "--yes")
    assert "1 open cases move to version 4." in moved.stdout, moved.stderr
    file.write_text(shown.stdout)
    assert command("change", "default", "--file", file).returncode == 0
    assert json.loads(command("show", "default", "--json").stdout) == policy
    versions = command("versions", "default").stdout
    assert [line.split()[1] for line in versions.splitlines() if "urgent" in line] == [*"54321"]
    assert json.loads(command("versions", "default", "--show", "1").stdout) == policy
    fourth = json.loads(command("versions", "default", "--show", "4").stdout)
    assert fourth["targets"]["urgent"]["first_response_seconds"] == HOUR
    absent = command("versions", "default", "--show", "9")
    assert (absent.returncode, "There is no version 9" in absent.stderr) == (2, True)
    async with database.read(workspace.id) as uow:
        trail = await audit.read(uow, AuditFilter(action="policy.changed"), limit=10)
    assert {row.actor_label for row in trail} == {"warmline policies"}


async def test_policies_are_added_from_presets_and_files_and_archived(
    command: Command, database: Database, workspace: Workspace, tmp_path: Path
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        calendar = await calendars.create_calendar(uow, ALWAYS)
    assert command("add", "--preset", "office_hours").returncode == 2
    added = command("add", "--preset", "office_hours", "--calendar", "Office", "--name", "Day")
    assert added.returncode == 0, added.stderr
    day = json.loads(command("show", added.stdout.strip(), "--json").stdout)
    assert (day["name"], day["calendar_id"]) == ("Day", str(calendar.id))
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(day | {"name": "Slow", "calendar_id": None}))
    warned = command("add", "--file", file)
    assert warned.returncode == 0, warned.stderr
    assert "The public is told 4 h for comment, this target is 8 h." in warned.stderr
    assert command("remove", "Slow").stdout == "Slow is archived.\n"
    kept = command("remove", "default")
    assert (kept.returncode, "cannot be archived" in kept.stderr) == (1, True)


def test_a_file_that_is_no_policy_is_refused_with_every_field(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "policy.json"
    file.write_text('{"name": "A", "colour": "red"}')
    refused = command("add", "--file", file)
    assert refused.returncode == 2
    assert "targets: Field required; colour: There is no such field." in refused.stderr
