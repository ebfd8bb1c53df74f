"""Reports from the command line: set up for a channel, listed, and sent no more."""

from dataclasses import replace

from services.core.alerts import service as alerts
from services.core.alerts.types import ChannelDraft, ChannelKind
from services.core.audit import service as audit
from services.core.audit.types import AuditFilter
from services.core.kit.uow import Database
from services.core.reports import service as reports
from services.core.reports.types import Language, Period, ReportDraft
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline


async def test_a_report_is_added_listed_and_removed(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    def run(*typed: str) -> tuple[int, str]:
        chosen = ("--workspace", workspace.slug)
        done = warmline("reports", *typed, *chosen, WARMLINE__DATABASE__URL=database_url)
        return done.returncode, done.stdout + done.stderr

    url = {"url": "https://hooks.example.com/in"}
    async with database.unit(workspace.id) as uow:
        draft = ChannelDraft(name="managers", kind=ChannelKind.WEBHOOK, config=url)
        channel = await alerts.create_channel(uow, draft, allow_private=True)
    absent = run("add", "Our week", "weekly", "--channel", "nobody")
    assert (absent[0], "There is no channel “nobody”" in absent[1]) == (1, True)
    wrong = run("add", "Our week", "weekly", "--channel", "managers", "--day", "9")
    assert (wrong[0], "Traceback" in wrong[1]) == (2, False)
    made = run("add", "Our week", "weekly", "--channel", "managers", "--lang", "en")
    assert made[0] == 0, made[1]
    assert "The next one goes out at " in made[1]
    async with database.unit(workspace.id) as uow:
        (report,) = await reports.list_reports(uow)
        assert (report.channel_id, report.language) == (channel.id, Language.EN)
        off = ReportDraft("[Off]", Period.MONTHLY, channel.id, Language.ZH, 1, 9)
        await reports.create_report(uow, replace(off, enabled=False), zone="UTC")
    listed = run("list")[1]
    assert [line for line in listed.splitlines() if "Our week" in line and "none yet" in line]
    assert [line for line in listed.splitlines() if "[Off]" in line and "switched off" in line]
    assert run("remove", "Our week") == (0, "")
    assert "There is no report “Our week”" in run("remove", "Our week")[1]
    async with database.read(workspace.id) as uow:
        trail = await audit.read(uow, AuditFilter(action="report."), limit=10)
    assert [row.action for row in trail if row.actor_label == "warmline reports"] == [
        "report.removed",
        "report.created",
    ]
