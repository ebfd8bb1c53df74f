"""Makes a database ready for `warmline up`: schema, default workspace, first key, demo's place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.cli.children import run_to_end
from services.cli.demo_memory import DemoMemory
from services.cli.migrate import read_revision
from services.cli.processes import database_address, opened_database
from services.cli.terminal import CommandError, say
from services.core.kit.uow import Actor
from services.core.settings import Settings

if TYPE_CHECKING:
    from services.core.kit.uow import Database
    from services.core.workspaces.types import Workspace

DEMO_SLUG: Final = "demo"
DEMO_NAME: Final = "Demo 演示"
_ACTOR: Final = Actor(kind="command", id="up", label="warmline up")


@dataclass(frozen=True, slots=True)
class Prepared:
    """`admin_key` is set on the very first start only, and kept nowhere."""

    admin_key: str | None = field(repr=False)
    demo: DemoMemory | None


async def prepare(
    settings: Settings, folder: Path, environment: Mapping[str, str], *, demo: bool
) -> Prepared:
    """Migrate if needed and make what is missing. Doing it again changes nothing.

    Raises:
        CommandError: the database cannot be migrated.
    """
    await _migrate_if_needed(database_address(settings), environment)
    from services.core.workspaces import service as workspaces

    async with opened_database(settings) as database:
        default = await workspaces.ensure_default_workspace(database)
        await _ensure_policies(database, default)
        admin_key = await _ensure_first_key(database, default)
        memory = await _ensure_demo(database, folder) if demo else None
    return Prepared(admin_key, memory)


async def _migrate_if_needed(url: str, environment: Mapping[str, str]) -> None:
    """In a process of its own: Alembic's memory is given back, and Ctrl-C ends it."""
    from services.core.health.service import expected_revision

    if await read_revision(url) == expected_revision():
        return
    say("Bringing the database's schema to this version.")
    code, output = await run_to_end(("migrate",), environment)
    if code != 0:
        raise CommandError(output.strip().removeprefix("warmline: "))


async def _ensure_policies(database: "Database", workspace: "Workspace") -> None:
    from services.core.alerts import service as alerts
    from services.core.detectors import service as detectors
    from services.core.sla import service as sla

    async with database.unit(workspace.id, actor=_ACTOR) as uow:
        await sla.ensure_defaults(uow)
        await alerts.ensure_defaults(uow)
        await detectors.ensure_defaults(uow)


async def _ensure_first_key(database: "Database", workspace: "Workspace") -> str | None:
    from services.core.kit.stretches import newest
    from services.core.workspaces import service as workspaces
    from services.core.workspaces.types import Scope

    async with database.unit(workspace.id, actor=_ACTOR) as uow:
        if await workspaces.list_keys(uow, newest(1)):
            return None
        created = await workspaces.create_key(uow, name="first start", scopes=[Scope.ADMIN])
    return created.secret


async def _ensure_demo(database: "Database", folder: Path) -> DemoMemory:
    """The demo's workspace and the key it acts with, remembered in the data folder."""
    from services.core.workspaces import service as workspaces
    from services.core.workspaces.errors import BadKeyError
    from services.core.workspaces.types import Scope

    workspace = await workspaces.find_workspace(database, DEMO_SLUG)
    if workspace is None:
        workspace = await workspaces.create_workspace(database, DEMO_NAME, slug=DEMO_SLUG)
    await _ensure_policies(database, workspace)
    memory = DemoMemory.read(folder)
    try:
        caller = await workspaces.authenticate(database, memory.key)
        if caller.workspace_id == workspace.id:
            return memory
    except BadKeyError:
        pass
    # The database or the file is a new one: what was remembered belongs to another life.
    async with database.unit(workspace.id, actor=_ACTOR) as uow:
        created = await workspaces.create_key(uow, name="demo", scopes=[Scope.ADMIN])
    memory = DemoMemory(file=memory.file, key=created.secret)
    memory.write()
    return memory
