"""Every published operation with good, bad and absurd input: the answer is never our mistake.

Once with the application in this process, once with the server as it is shipped, on a socket.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import schemathesis
from pydantic import SecretStr
from schemathesis.python.asgi import shutdown_lifespans

from services.api.main import create_app
from services.core.settings import DatabaseSettings, Settings
from tests.fuzz.campaign import LONG, Ground, Report, Size, config_for, prepared_ground, run
from tests.support.db import cloned_database
from tests.support.processes import Site
from tests.support.servers import ServerAddress

SCHEMA = "/openapi.json"
# Examples are per operation and phase; there are some two hundred operations. The boundaries that
# the schema itself names (the phase `coverage`) are some twelve thousand cases by themselves, and
# more with each operation: one in six is tried here, and all of them, twice, by `make fuzz`, whose
# twenty thousand cases (at least) are then mostly those.
IN_PROCESS = (
    Size(20, at_least=13_000)
    if LONG
    else Size(1, ("examples", "coverage"), without_large=True, one_in=6, at_least=2_000)
)
ON_A_SOCKET = (
    Size(8, at_least=7_000) if LONG else Size(3, ("examples", "fuzzing", "stateful"), at_least=200)
)


@pytest.fixture
async def database_address(
    postgres_server: ServerAddress, template_database: str
) -> AsyncIterator[str]:
    async with cloned_database(postgres_server.url, template_database) as url:
        yield url


def judge(report: Report, size: Size) -> None:
    print(f"{report.cases} cases: {dict(report.phases)}, answers {dict(report.answers)}")  # noqa: T201
    told = "\n\n".join(f"{name}\n{sample}" for name, sample in sorted(report.findings.items()))
    assert not report.findings, told
    assert report.troubles == []
    assert report.server_errors == 0
    # Nothing was left out: each phase really ran, and much was accepted as well as refused.
    assert {phase for phase, count in report.phases.items() if count} >= set(size.phases)
    assert report.cases >= size.at_least
    # The webhooks' door was really passed, all along.
    assert report.answers[202] >= size.at_least // 400
    for status in (200, 201, 202, 404, 422):
        assert report.answers[status] > 0


async def test_no_input_makes_the_application_stumble(database_address: str) -> None:
    ground = await prepared_ground(database_address)
    database = DatabaseSettings(url=SecretStr(database_address))
    # Its pool lives in the loop of schemathesis, so it makes one of its own.
    app = create_app(Settings().model_copy(update={"database": database}))

    def campaign() -> Report:
        config = config_for(ground.world, IN_PROCESS)
        schema = schemathesis.openapi.from_asgi(SCHEMA, app, config=config)
        try:
            return run(schema, ground, IN_PROCESS)
        finally:
            shutdown_lifespans()

    judge(await asyncio.to_thread(campaign), IN_PROCESS)


async def test_no_input_makes_the_server_stumble(site: Site) -> None:
    ground = await prepared_ground(site.database_url)
    running = await site.start_api()
    config = config_for(ground.world, ON_A_SOCKET)

    def campaign() -> Report:
        schema = schemathesis.openapi.from_url(site.url + SCHEMA, config=config)
        return run(schema, ground, ON_A_SOCKET)

    judge(await asyncio.to_thread(campaign), ON_A_SOCKET)
    await still_serves(site, ground)
    assert running.alive


async def still_serves(site: Site, ground: Ground) -> None:
    """The key that was used all along still opens the door."""
    key = {"authorization": f"Bearer {ground.world.key}"}
    answer = await site.http.get("/v1/workspace", headers=key)
    assert answer.status_code == 200
