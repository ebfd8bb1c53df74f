"""What every test of links begins with."""

import pytest

from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.quiet import QuietDesk


@pytest.fixture
def desk(database: Database, workspace: Workspace) -> QuietDesk:
    return QuietDesk(database, workspace)
