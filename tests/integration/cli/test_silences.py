"""Silences from the command line: looked at, added, listed, ended."""

from datetime import UTC, datetime, timedelta

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline
from tests.support.quiet import QuietDesk


async def test_a_silence_is_added_listed_and_ended(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    await QuietDesk(database, workspace).alert(tier="routine")
    url = {"WARMLINE__DATABASE__URL": database_url}
    chosen = ("--workspace", workspace.slug)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    add = ("silences", "add", "--until", until, "--reason", "Live stream", *chosen)
    refused = warmline(*add, **url)
    assert refused.returncode != 0
    assert "The silence is not valid" in refused.stderr
    meant = (*add, "--tier-at-most", "routine")
    assert "1 of 1 firing alerts" in warmline(*meant, "--look", **url).stdout
    added = warmline(*meant, **url)
    assert added.returncode == 0, added.stderr
    silence_id = added.stdout.split()[-1]
    listed = warmline("silences", "list", *chosen, **url).stdout
    assert (silence_id in listed, "Live stream" in listed, listed.count("active")) == (
        True,
        True,
        1,
    )
    assert warmline("silences", "end", silence_id, *chosen, **url).returncode == 0
    again = warmline("silences", "end", silence_id, *chosen, **url)
    assert (again.returncode, "over already" in again.stderr) == (1, True)
    wrong = warmline(*add, "--tier-at-most", "loud", **url)
    assert wrong.returncode == 2
