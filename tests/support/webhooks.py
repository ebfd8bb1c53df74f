"""Posts signed webhooks and looks at what was stored: for every test of the webhook's door."""

import httpx

from services.core.kit.uow import Database
from tests.support.factories import RegisteredSource, body_of

STORED = ("deliveries", "delivery_keys", "journal")


async def post(
    client: httpx.AsyncClient, source: RegisteredSource, body: bytes, **headers: str
) -> httpx.Response:
    signed = source.headers(body) | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await client.post(f"/v1/sources/{source.id}/deliveries", content=body, headers=signed)


async def send(
    client: httpx.AsyncClient, source: RegisteredSource, document: object
) -> httpx.Response:
    return await post(client, source, body_of(document))


async def rows(database: Database) -> dict[str, int]:
    async with database.system() as uow:
        return {
            table: (await uow.execute(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in STORED
        }


async def nothing_is_stored(database: Database) -> bool:
    return set((await rows(database)).values()) == {0}


def is_problem(response: httpx.Response, status: int, code: str) -> bool:
    document = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, document["status"], document["code"]) == (status, status, code)
    assert document["type"].endswith(code)
    assert document["request_id"] == response.headers["x-request-id"]
    return bool(document["title"] and document["detail"])
