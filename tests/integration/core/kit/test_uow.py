"""The only door that commits: all or nothing, one workspace, one time."""

from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from services.core.kit import failpoints
from services.core.kit.db import create_engine
from services.core.kit.errors import UnavailableError
from services.core.kit.ids import new_id
from services.core.kit.uow import Database, UnitOfWork, is_outage
from services.core.workspaces.types import Workspace

ADD = """
INSERT INTO members (workspace_id, id, handle, name, role, active, created_at, updated_at)
VALUES (:workspace_id, :id, :handle, 'A', 'viewer', true, now(), now())
"""


async def add(uow: UnitOfWork, handle: str, workspace_id: UUID | None = None) -> None:
    values = {"workspace_id": workspace_id or uow.workspace_id, "id": new_id(), "handle": handle}
    await uow.execute(ADD, values)


async def handles(database: Database, workspace_id: UUID) -> list[str]:
    async with database.read(workspace_id) as uow:
        return sorted((await uow.execute("SELECT handle FROM members")).scalars())


async def test_a_clean_exit_commits(database: Database, workspace: Workspace) -> None:
    async with database.unit(workspace.id) as uow:
        await add(uow, "amy")
    assert await handles(database, workspace.id) == ["amy"]


async def test_any_other_exit_rolls_back(database: Database, workspace: Workspace) -> None:
    with pytest.raises(RuntimeError, match="no"):
        async with database.unit(workspace.id) as uow:
            await add(uow, "amy")
            raise RuntimeError("no")
    assert await handles(database, workspace.id) == []


async def test_rows_of_others_are_invisible_whatever_the_sql_says(
    database: Database, workspace: Workspace
) -> None:
    stranger = new_id()
    async with database.unit(workspace.id) as uow:
        await add(uow, "amy")
    assert await handles(database, stranger) == []
    async with database.unit(stranger) as uow:
        changed = await uow.execute("UPDATE members SET name = 'B'")
    assert changed.rowcount == 0


async def test_rows_cannot_be_written_into_another_workspace(
    database: Database, workspace: Workspace
) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.unit(new_id()) as uow:
            await add(uow, "amy", workspace.id)


async def test_a_connection_used_by_one_workspace_tells_the_next_nothing(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await add(uow, "amy")
    async with database.engine.connect() as connection:
        count = await connection.exec_driver_sql("SELECT count(*) FROM members")
        assert count.scalar_one() == 0


async def test_a_reading_unit_refuses_to_write(database: Database, workspace: Workspace) -> None:
    with pytest.raises(UnavailableError) as caught:
        async with database.read(workspace.id) as uow:
            await add(uow, "amy")
    # A server that became read-only after a failover says the same, and that one is an outage.
    assert "read-only" in str(caught.value.__cause__)
    assert await handles(database, workspace.id) == []


async def test_one_unit_has_one_time(database: Database, workspace: Workspace) -> None:
    async with database.unit(workspace.id) as uow:
        later = (await uow.execute("SELECT now()")).scalar_one()
    assert uow.now == later
    assert uow.now.tzinfo is not None


async def test_the_trail_can_be_written_but_not_rewritten(
    database: Database, workspace: Workspace
) -> None:
    for statement in ("UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.unit(workspace.id) as uow:
                await uow.execute(statement)


async def test_a_database_that_is_away_is_unavailable_not_an_error() -> None:
    away = Database(create_engine("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(UnavailableError):
        async with away.unit(new_id()):
            pass
    await away.close()


async def test_waiting_for_a_connection_ends(database_url: str) -> None:
    small = Database(create_engine(database_url, pool_size=1, acquire_timeout=0.1))
    async with small.unit(new_id()):
        with pytest.raises(UnavailableError, match="waiting"):
            async with small.unit(new_id()):
                pass
    await small.close()


async def test_wrong_sql_is_not_an_outage(database: Database, workspace: Workspace) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.unit(workspace.id) as uow:
            await uow.execute("SELECT 1/0")
    assert not is_outage(caught.value)
    assert is_outage(ConnectionResetError())
    assert not is_outage(ValueError())


async def test_every_table_with_a_workspace_is_under_row_level_security(
    database: Database,
) -> None:
    async with database.system() as uow:
        rows = await uow.execute(
            """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
              (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
              -- Guesses are counted before anybody knows whose workspace it is, by hashes alone.
              AND c.relname NOT IN ('alembic_version', 'processes', 'sign_in_guesses')"""
        )
        unprotected = [
            row.relname
            for row in rows
            if not (row.relrowsecurity and row.relforcerowsecurity and row.policies == 2)
        ]
    assert unprotected == []


@pytest.mark.parametrize(
    ("plan", "left"),
    [("db.before_commit:fail", []), ("db.after_commit:timeout", ["amy"])],
)
async def test_a_commit_that_got_no_answer_is_unavailable_whatever_became_of_it(
    database: Database, workspace: Workspace, plan: str, left: list[str]
) -> None:
    failpoints.arm(plan)
    try:
        with pytest.raises(UnavailableError):
            async with database.unit(workspace.id) as uow:
                await add(uow, "amy")
    finally:
        failpoints.disarm()
    assert await handles(database, workspace.id) == left


async def test_a_unit_may_plan_for_any_workspace_and_the_next_one_is_not_bound_by_it(
    database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await uow.plan_alike()
        assert (await uow.execute("SHOW plan_cache_mode")).scalar_one() == "force_generic_plan"
    async with database.unit(workspace.id) as uow:
        assert (await uow.execute("SHOW plan_cache_mode")).scalar_one() == "auto"
