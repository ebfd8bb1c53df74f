"""Keys open the door they were made for, until they are revoked or over."""

from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope, Workspace
from tests.support.client import make_key


async def test_a_key_opens_its_workspace_with_its_scopes(
    database: Database, workspace: Workspace
) -> None:
    key = await make_key(database, workspace.id, Scope.READ, Scope.WORK)
    caller = await workspaces.authenticate(database, key)
    assert caller.workspace_id == workspace.id
    assert caller.scopes == {Scope.READ, Scope.WORK}
    assert not caller.may(Scope.MANAGE)
