"""Puts the API together: settings in, an ASGI application out."""

import hashlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from services.api import contract, errors, routes
from services.api.conditions import Readings
from services.api.credentials import CSRF_HEADER
from services.api.deps import AppState
from services.api.door import Application, open_door
from services.api.editions import Editions
from services.api.glances import Glances
from services.api.lifespan import run
from services.api.limits import CallLimits
from services.api.meters import MeasureRequests, Meters
from services.api.middleware import InputGuard, RequestContext
from services.api.publishing import publish
from services.api.stream_hub import StreamHub
from services.api.view_hub import ViewHub
from services.core.gateways.traces.wiring import open_traces
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.gateways.wakeups.live import RedisWakeups
from services.core.gateways.wakeups.port import Wakeups
from services.core.intake.quota import Quotas
from services.core.intake.service import GroupCommit, RefusalTally
from services.core.kit.cursors import CursorCodec
from services.core.kit.db import ConnectionLimits, create_engine
from services.core.kit.uow import Database
from services.core.sandbox.clock import clock_for
from services.core.sessions.hashing import Hashing
from services.core.settings import Settings

VERSION: Final = "1"
DESCRIPTION: Final = """
Signed webhooks in, promises kept, the right person woken.

Every call but a signed webhook carries `Authorization: Bearer wl_…`, or the cookie of somebody who
signed in. Lists take `limit` (at most
200) and `cursor`. Every refusal is `application/problem+json` with a stable `code`.
"""


def create_app(
    settings: Settings, *, database: Database | None = None, wakeups: Wakeups | None = None
) -> FastAPI:
    """Build the application; nothing is connected before the first request.

    Raises ValueError when neither a database nor its address is given.
    """
    app = Application(
        title="Warmline",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=run,
        # Half-typed addresses are not found; a redirect would lose the body and the signature.
        redirect_slashes=False,
        # The framework's page loads its scripts from elsewhere; ours works on an island. Its schema
        # is written on the first request, for seconds; ours is a file (`warmline openapi`).
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # The framework's own spans know no request id, and tell what was refused and why.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # Before the pool is made, which tells of its statements.
    app.state.end_traces = open_traces(settings.traces, "warmline-api")
    database = database or open_database(settings)
    wakeups = wakeups or open_wakeups(settings)
    app.state.warmline = AppState(
        settings=settings,
        database=database,
        wakeups=wakeups,
        cursor_codec=CursorCodec(cursor_key(settings)),
        quotas=Quotas(
            events_per_minute=settings.intake.events_per_minute,
            burst_events=settings.intake.burst_events,
        ),
        deliveries=GroupCommit(database, wakeups.wake),
        refusals=RefusalTally(database),
    )
    _share(app, settings, database)
    errors.register(app)
    _wrap(app, settings)
    # Not include_router: it would build every route a second time, on the first request.
    kept, app.state.readings = _kept_routes()
    app.router.routes.extend(kept)
    publish(app)
    open_door(app, receive_seconds=settings.intake.receive_seconds)
    return app


@cache
def _kept_routes() -> tuple[Sequence[BaseRoute], Readings]:
    """All routes, as they keep what every call keeps. They are their modules', whatever the app."""
    names = sorted(found.name for found in pkgutil.iter_modules(routes.__path__))
    modules = [import_module(f"{routes.__name__}.{name}") for name in names]
    kept = [route for module in modules for route in module.router.routes]
    return kept, contract.keep(kept)


def _share(app: FastAPI, settings: Settings, database: Database) -> None:
    """What callers have in common: looks at the database, and turns at what takes long."""
    app.state.hashing = Hashing(at_once=settings.sign_in.hashing_at_once)
    app.state.stream_hub = StreamHub(database)
    app.state.view_hub = ViewHub(database, app.state.stream_hub)
    app.state.meters = Meters(database)
    app.state.glances = Glances(database)


def _wrap(app: FastAPI, settings: Settings) -> None:
    app.state.editions = Editions()
    app.state.call_limits = CallLimits(settings.api.calls_per_minute)
    # The last one added is the outermost.
    app.add_middleware(InputGuard, receive_seconds=settings.intake.receive_seconds)
    if settings.api.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.api.cors_origins),
            allow_methods=["*"],
            allow_headers=[
                "authorization",
                "content-type",
                "if-match",
                "if-none-match",
                "idempotency-key",
                "last-event-id",
                CSRF_HEADER,
            ],
            # With the cookie of who is signed in; never for whoever comes.
            allow_credentials="*" not in settings.api.cors_origins,
            expose_headers=[
                "x-request-id",
                "etag",
                "retry-after",
                "location",
                "idempotency-replayed",
                "ratelimit-limit",
                "ratelimit-remaining",
                "ratelimit-reset",
            ],
        )
    app.add_middleware(RequestContext)
    app.add_middleware(MeasureRequests, meters=app.state.meters)


def open_database(settings: Settings) -> Database:
    """The pool of an API process: short statements, short waits."""
    if settings.database.url is None:
        raise ValueError("Set WARMLINE__DATABASE__URL, or let `warmline up` start a database.")
    limits = ConnectionLimits(
        statement_timeout_ms=settings.database.api_statement_timeout_ms,
        lock_timeout_ms=settings.database.lock_timeout_ms,
        idle_in_transaction_timeout_ms=settings.database.idle_in_transaction_timeout_ms,
    )
    engine = create_engine(
        settings.database.url.get_secret_value(),
        limits=limits,
        pool_size=settings.database.pool_size,
        acquire_timeout=settings.database.acquire_timeout_seconds,
        application_name="warmline-api",
    )
    return Database(engine, clock_for(sandboxes=settings.sandbox.enabled))


def open_wakeups(settings: Settings) -> Wakeups:
    """Redis if it is named; without it workers find their work by looking."""
    if settings.redis.url is None:
        return RecordedWakeups()
    return RedisWakeups(
        settings.redis.url.get_secret_value(),
        timeout_seconds=settings.redis.wake_timeout_ms / 1000,
        breaker_seconds=settings.redis.breaker_seconds,
    )


def cursor_key(settings: Settings) -> bytes:
    """The key of all processes of an installation; by default made of what they share."""
    if settings.api.cursor_key is not None:
        return settings.api.cursor_key.get_secret_value().encode()
    url = settings.database.url.get_secret_value() if settings.database.url else ""
    return hashlib.sha256(b"warmline cursors\0" + url.encode()).digest()
