"""What every test of escalation begins with."""

import pytest

from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.alerts import Desk


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> Desk:
    return Desk(database, workspace)


@pytest.fixture
async def other_desk(database: Database) -> Desk:
    other = await workspaces.create_workspace(database, "Another brand", slug="another-brand")
    return Desk(database, other)
