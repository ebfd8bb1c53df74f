"""What a workspace has learnt and its rules, from the command line."""

from services.core.kit.uow import Database
from services.core.rulebook import service as rulebook
from services.core.rulebook.types import Conditions, Effects, RuleDraft
from services.core.triage.types import Tier
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline


async def test_rules_are_listed_with_what_they_do(
    database: Database, workspace: Workspace, database_url: str
) -> None:
    effects = Effects(tier=Tier.URGENT, tags=("eyes",), alert=True)
    async with database.unit(workspace.id) as uow:
        await rulebook.create_rule(uow, RuleDraft("Eyes", Conditions(patterns=("辣眼",)), effects))
    chosen = ("--workspace", workspace.slug)
    for words in (("list",), ("versions", "Eyes")):
        told = warmline("rules", *words, *chosen, WARMLINE__DATABASE__URL=database_url)
        assert told.returncode == 0, told.stderr
        assert "urgent, #eyes, alert" in told.stdout
    absent = warmline("rules", "versions", "Ears", *chosen, WARMLINE__DATABASE__URL=database_url)
    assert (absent.returncode, "There is no live rule" in absent.stderr) == (2, True)


def test_what_was_not_learnt_cannot_be_promoted_or_called_back(
    workspace: Workspace, database_url: str
) -> None:
    place = ("--workspace", workspace.slug)
    for command, code in ((("promote", "7"), 2), (("rollback",), 1), (("models",), 0)):
        told = warmline("triage", *command, *place, WARMLINE__DATABASE__URL=database_url)
        assert told.returncode == code, told.stderr
        assert "Traceback" not in told.stderr
