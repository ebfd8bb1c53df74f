"""The least a durable webhook door can do: one insert, one commit, 202. A measure for ours."""

import asyncpg
from fastapi import FastAPI, Request, Response

TABLE = """
CREATE TABLE IF NOT EXISTS bench_rival (
  id bigserial PRIMARY KEY, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now()
)
"""
INSERT = "INSERT INTO bench_rival (body) VALUES ($1)"
_ACCEPTED = 202


def create_rival(address: str) -> FastAPI:
    """No signature, no checks, no duplicates found: a lower bound, not an alternative."""
    app = FastAPI()
    pool: list[asyncpg.Pool] = []

    @app.post("/deliveries")
    async def accept(request: Request) -> Response:
        if not pool:
            pool.append(await asyncpg.create_pool(address, min_size=1, max_size=4))
        await pool[0].execute(INSERT, await request.body())
        return Response(status_code=_ACCEPTED)

    return app


def serve_rival(address: str, listener: int) -> None:
    """Serve on an inherited socket, with the settings of our own API, until a signal."""
    import socket

    import uvicorn

    config = uvicorn.Config(
        create_rival(address), http="h11", loop="uvloop", access_log=False, log_config=None
    )
    uvicorn.Server(config).run([socket.socket(fileno=listener)])
