"""The short way in for deliveries: the same checks and answers, without the framework's stations.

Nearly every request is one signed delivery, and the framework's own layers cost more than reading,
checking and parsing it. What is published in the schema stays what the route says.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from services.api.meters import MeasureRequests
from services.api.middleware import InputGuard, RequestContext
from services.api.routes import deliveries

_Answer = Callable[[Request, Exception], Awaitable[Response]]

# Nothing is authorized by this: the signature is checked against the source that is named.
_DELIVERIES: Final = re.compile(r"/v1/sources/([^/]+)/deliveries")


class Application(FastAPI):
    """FastAPI, but for one route."""

    door: ASGIApp | None = None

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and self.door is not None:
            found = _DELIVERIES.fullmatch(scope["path"])
            if found is not None:
                scope["app"] = self
                scope["path_params"] = {"source_id": found[1]}
                await self.door(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


class DeliveryDoor:
    """Calls the route's endpoint, and answers what it raises as the framework would."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._answers = cast("dict[Any, _Answer]", app.exception_handlers)
        self._route = next(
            route
            for route in deliveries.router.routes
            if isinstance(route, APIRoute) and route.endpoint is deliveries.send_delivery
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self._route
        request = Request(scope, receive, send)
        try:
            response = await deliveries.send_delivery(
                request, self._app.state.warmline, scope["path_params"]["source_id"]
            )
        except Exception as error:
            answer = next(
                (self._answers[kind] for kind in type(error).__mro__ if kind in self._answers), None
            )
            if answer is None:
                raise
            response = await answer(request, error)
        await response(scope, receive, send)


def open_door(app: Application, *, receive_seconds: float) -> None:
    """Put the same middleware around the short way as around every other."""
    guarded = InputGuard(DeliveryDoor(app), receive_seconds)
    app.door = MeasureRequests(RequestContext(guarded), app.state.meters)
