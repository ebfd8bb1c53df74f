"""A transaction that never ends would keep its rows from everybody; Postgres ends it."""

import pytest

from services.core.kit.db import TRANSACTION_TIMEOUT_SINCE, ConnectionLimits, create_engine
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from tests.support.db import connect

QUICK = ConnectionLimits(statement_timeout_ms=150, idle_in_transaction_timeout_ms=150)


async def test_a_transaction_of_many_short_statements_is_ended_and_counts_as_an_outage(
    database_url: str,
) -> None:
    connection = await connect(database_url)
    version = connection.get_server_version()
    await connection.close()
    if version < TRANSACTION_TIMEOUT_SINCE:
        pytest.skip("only Postgres 17 and newer end transactions")
    database = Database(create_engine(database_url, limits=QUICK, pool_size=1))
    try:
        with pytest.raises(UnavailableError):
            async with database.system() as uow:
                for _ in range(100):
                    await uow.execute("SELECT pg_sleep(0.05)")
        async with database.system() as uow:
            assert (await uow.execute("SELECT 1")).scalar_one() == 1
    finally:
        await database.close()
