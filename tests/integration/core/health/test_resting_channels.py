"""What waits for a shut door, a pause or an empty bucket is no standstill of the worker."""

from datetime import timedelta

import pytest

from services.core.health import service as health
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support import rows as make

LATE = timedelta(minutes=2)
STATE = """
INSERT INTO channel_states (workspace_id, channel_id, tokens, refilled_at, open_until)
VALUES (:workspace_id, :channel_id, :tokens, :refilled_at, :open_until)
"""


async def overdue(database: Database, workspace: Workspace, **state: float | None) -> float:
    """For how long the sending stage has left alone what is due on a channel in this state."""
    async with database.unit(workspace.id) as uow:
        paused_at = uow.now if "paused" in state else None
        channel = await make.add_channel(uow, paused_at=paused_at)
        await make.add_outbox(uow, channel_id=channel.id, next_at=uow.now - LATE)
        opens = state.get("opens_in")
        parameters = {
            "workspace_id": workspace.id,
            "channel_id": channel.id,
            "tokens": state.get("tokens"),
            "refilled_at": uow.now - timedelta(seconds=state.get("spent_ago") or 0),
            "open_until": None if opens is None else uow.now + timedelta(seconds=opens),
        }
        await uow.execute(STATE, parameters)
    return (await health.read_waiting(database)).overdue["alerts"]


@pytest.mark.parametrize(
    "state", [{"opens_in": 30}, {"paused": 1}, {"tokens": 0.2, "spent_ago": 60}]
)
async def test_a_channel_at_rest_is_no_standstill(
    database: Database, workspace: Workspace, state: dict[str, float | None]
) -> None:
    assert await overdue(database, workspace, **state) == 0


@pytest.mark.parametrize("state", [{}, {"opens_in": -1}, {"tokens": 0.2, "spent_ago": 600}])
async def test_a_channel_that_could_be_sent_to_and_is_not_is_one(
    database: Database, workspace: Workspace, state: dict[str, float | None]
) -> None:
    assert await overdue(database, workspace, **state) >= LATE.total_seconds()
