"""Rotas from the command line: listed, shown, asked, and given away for a while."""

from datetime import UTC, date, datetime, timedelta

from services.core.kit.uow import Database
from services.core.rotas import service as rotas
from services.core.rotas.types import Layer, RotaDraft
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace
from tests.support.commands import warmline


async def test_a_rota_is_shown_asked_and_given_away(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        lin = await workspaces.create_member(uow, MemberDraft("lin", "Lin"))
        await workspaces.create_member(uow, MemberDraft("mei", "Mei"))
        layer = Layer("first", (lin.id,), date(2026, 1, 5))
        await rotas.create_rota(uow, RotaDraft("Nights", "Asia/Shanghai", (layer,)))

    def run(*typed: str) -> tuple[int, str]:
        chosen = ("--workspace", workspace.slug)
        done = warmline("rotas", *typed, *chosen, WARMLINE__DATABASE__URL=database_url)
        return done.returncode, done.stdout + done.stderr

    assert "Lin (first) until" in run("on-call", "Nights")[1]
    assert run("on-call", "Nights", "--at", "2026-01-01T09:00")[1].startswith("nobody (nobody")
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"
    given = run("override", "Nights", "mei", "--until", tomorrow, "--note", "swapped")
    assert "mei has it from" in given[1]
    assert "Mei (override) until" in run("on-call", "Nights")[1]
    again = run("override", "Nights", "mei", "--until", tomorrow)
    assert (again[0], "is overridden at that time already" in again[1]) == (2, True)
    assert run("override", "Nights", "nobody", "--until", "2027-01-01")[0] == 1
    assert run("on-call", "Nights", "--at", "soon")[0] == 2
    turns = run("versions", "Nights")[1]
    assert [line.split()[1] for line in turns.splitlines() if "first: Lin" in line] == ["1"]
    listed = run("list")[1]
    assert "Nights" in listed
    shown = run("show", "Nights", "--days", "3")[1]
    assert "Mei" in shown
    assert "Lin" in shown
