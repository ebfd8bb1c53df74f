"""The trail is read by who, what, which thing and when, in pages, and by the command alike."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.uow import Actor, Database
from services.core.workspaces.types import Workspace
from tests.support.commands import warmline

LIN, MAX = Actor("member", "lin", "Lin"), Actor("key", "max")
ACTS = [
    (LIN, AuditEntry("alert.acknowledged", "alert", "a-1")),
    (MAX, AuditEntry("alert.resolved", "alert", "a-1")),
    (LIN, AuditEntry("case.assigned", "case", "c-1")),
    (LIN, AuditEntry("alert_text.changed", "text", "a-1")),
    (MAX, AuditEntry("case.resolved", "case", "a-1")),
]


@pytest.fixture
async def moment(database: Database, workspace: Workspace) -> Any:
    """When all of it was done."""
    for actor, entry in ACTS:
        async with database.unit(workspace.id, actor=actor, request_id="r-1") as uow:
            await audit.record(uow, [entry])
    return uow.now


async def read(api: httpx.AsyncClient, **asked: Any) -> list[str]:
    """What was done, oldest first, in pages of two."""
    found: list[str] = []
    query = asked | {"limit": 2}
    while True:
        answer = await api.get("/v1/audit", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [one["action"] for one in page["items"] if one["request_id"] == "r-1"]
        if page["next_cursor"] is None:
            return found[::-1]
        query |= {"cursor": page["next_cursor"]}


async def test_each_condition_leaves_out_what_does_not_fit_and_all_hold_together(
    api: httpx.AsyncClient, moment: Any
) -> None:
    everything = [entry.action for _, entry in ACTS]
    assert await read(api) == everything
    assert await read(api, actor="max") == ["alert.resolved", "case.resolved"]
    # A beginning, in which an underscore is an underscore.
    assert await read(api, action="alert.") == ["alert.acknowledged", "alert.resolved"]
    assert await read(api, action="alert_") == ["alert_text.changed"]
    assert await read(api, subject_kind="case") == ["case.assigned", "case.resolved"]
    assert await read(api, subject_kind="alert", subject_id="a-1", actor="lin") == [
        "alert.acknowledged"
    ]
    later = (moment + timedelta(minutes=1)).isoformat()
    earlier = (moment - timedelta(hours=1)).isoformat()
    assert await read(api, **{"from": earlier, "to": later}) == everything
    assert await read(api, **{"from": later}) == []
    assert await read(api, to=earlier) == []
    assert (await api.get("/v1/audit", params={"from": "yesterday"})).status_code == 422


@pytest.mark.usefixtures("moment")
async def test_the_command_reads_it_too(workspace: Workspace, database_url: str) -> None:
    said = warmline(
        *("audit", "list", "--workspace", workspace.slug, "--actor", "lin", "--action", "case."),
        WARMLINE__DATABASE__URL=database_url,
    )
    assert said.returncode == 0, said.stderr
    (line,) = said.stdout.splitlines()
    assert "case.assigned  case c-1  by Lin  request r-1" in line
