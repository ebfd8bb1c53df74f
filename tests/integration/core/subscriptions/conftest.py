"""A workspace with subscriptions, whose time the tests move."""

import pytest

from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database
from services.core.workspaces.types import Workspace
from tests.support.line import NOON
from tests.support.subscribers import Newsroom


@pytest.fixture
def newsroom(database: Database, workspace: Workspace) -> Newsroom:
    clock = FrozenClock(NOON)
    return Newsroom(Database(database.engine, clock), clock, workspace.id)
