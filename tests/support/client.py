"""The API in process, behind its real middleware, with an admin's key."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.api.main import create_app
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.uow import Database
from services.core.settings import Settings
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope, Workspace


async def make_key(
    database: Database, workspace_id: UUID, *scopes: Scope, name: str = "test"
) -> str:
    async with database.unit(workspace_id) as uow:
        created = await workspaces.create_key(uow, name=name, scopes=scopes or (Scope.ADMIN,))
    return created.secret


def client_of(app: FastAPI, key: str | None = None) -> httpx.AsyncClient:
    """A client that speaks to the application without a socket; close it."""
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://warmline.test", headers=headers)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def wakeups() -> RecordedWakeups:
    return RecordedWakeups()


@pytest.fixture
def app(settings: Settings, database: Database, wakeups: RecordedWakeups) -> FastAPI:
    return create_app(settings, database=database, wakeups=wakeups)


@pytest.fixture
async def api(
    app: FastAPI, database: Database, workspace: Workspace
) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks with an admin's key of `workspace`."""
    async with client_of(app, await make_key(database, workspace.id)) as client:
        yield client


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks without a key."""
    async with client_of(app) as client:
        yield client


def codes(response: httpx.Response) -> Sequence[str]:
    """The codes of a problem's single errors."""
    return [problem["code"] for problem in response.json().get("errors", [])]
