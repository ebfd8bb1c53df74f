"""Followers from the command line: who they are to the team, shown and said."""

from subprocess import CompletedProcess

from services.core.audit import service as audit
from services.core.audit.types import AuditFilter
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.commands import warmline


async def test_a_follower_is_marked_by_handle_or_id(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    def command(*words: str) -> CompletedProcess[str]:
        place = ("--workspace", workspace.slug)
        return warmline("followers", *words, *place, WARMLINE__DATABASE__URL=database_url)

    async with database.unit(workspace.id) as uow:
        source, other = await make.add_source(uow), await make.add_source(uow)
        lily = await make.add_follower(uow, source.id, handle="lily")
        twins = [await make.add_follower(uow, each.id, handle="mei") for each in (source, other)]
        # Somebody who calls themselves by another's id is not taken for them.
        await make.add_follower(uow, source.id, handle=str(lily.id))
    assert "tier none, no advocate" in command("show", "lily").stdout
    marked = command("mark", "lily", "--tier", "inner_circle", "--advocate")
    assert marked.returncode == 0, marked.stderr
    assert "tier inner_circle, an advocate" in marked.stdout
    assert "tier inner_circle, no advocate" in command("mark", str(lily.id), "--no-advocate").stdout
    several = command("mark", "mei", "--tier", "member")
    assert (several.returncode, all(str(each.id) in several.stderr for each in twins)) == (1, True)
    assert "tier member" in command("mark", str(twins[0].id), "--tier", "member").stdout
    for wrong in (("mark", "lily"), ("mark", "lily", "--tier", "friend")):
        assert command(*wrong).returncode == 2
    assert "There is no follower" in command("show", "nobody").stderr
    async with database.read(workspace.id) as uow:
        trail = await audit.read(uow, AuditFilter(action="follower.changed"), limit=10)
    assert [row.actor_label for row in trail] == ["warmline followers"] * 3
