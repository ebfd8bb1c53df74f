"""A key that runs wild is told to wait, and nobody else is."""

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.uow import Database
from services.core.settings import Settings
from services.core.workspaces.types import Workspace
from tests.support.client import client_of, make_key
from tests.support.queries import captured_queries
from tests.support.webhooks import is_problem


async def test_who_calls_too_often_is_told_when_to_come_again(
    database: Database, workspace: Workspace
) -> None:
    settings = Settings()
    few = settings.api.model_copy(update={"calls_per_minute": 3})
    app = create_app(
        settings.model_copy(update={"api": few}), database=database, wakeups=RecordedWakeups()
    )
    wild, calm = [await make_key(database, workspace.id) for _ in range(2)]
    async with client_of(app, wild) as client:
        left = []
        for _ in range(3):
            answer = await client.get("/v1/workspace")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-limit"] == "3"
            assert answer.headers["ratelimit-policy"] == "3;w=60"
            left.append(answer.headers["ratelimit-remaining"])
        assert left == ["2", "1", "0"]
        with captured_queries(database) as asked:
            refused = await client.get("/v1/workspace")
        assert is_problem(refused, 429, "too_many_calls")
        assert asked == []
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["ratelimit-remaining"] == "0"
        assert 1 <= int(refused.headers["ratelimit-reset"]) <= 60
    async with client_of(app, calm) as client:
        assert (await client.get("/v1/workspace")).status_code == 200
    async with client_of(app) as client:
        nobody = await client.get("/v1/workspace")
        assert nobody.status_code == 401
        assert "ratelimit-limit" not in nobody.headers
