"""What every test of objectives begins with."""

import pytest

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.alerts import Desk


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> Desk:
    return Desk(database, workspace)
