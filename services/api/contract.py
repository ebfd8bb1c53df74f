"""Lays around every route what every call keeps: queries, ETags, conditions, doing things once."""

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute, request_response
from starlette.routing import BaseRoute

from services.api import conditions, once, queries

_Handler = Callable[[Request], Awaitable[Response]]

# Names under which something is told that is never told again.
_SECRETS: Final = frozenset({"secret", "key", "token", "password"})


def keep(found: Iterable[BaseRoute]) -> conditions.Readings:
    """Have every route keep the rules; called once a process, with all routes there are."""
    routes = [route for route in found if isinstance(route, APIRoute)]
    readings = conditions.Readings(routes)
    for route in routes:
        handler = queries.keep(route, route.get_route_handler())
        if "GET" in (route.methods or ()):
            route.app = request_response(_reading(route, handler))
        else:
            read = readings.find(conditions.thing_at(route.path))
            route.app = request_response(_writing(route, handler, read))
    return readings


def _reading(route: APIRoute, handler: _Handler) -> _Handler:
    async def read(request: Request) -> Response:
        response = await handler(request)
        # What has no body to look at is still being written: a stream.
        if response.status_code != HTTPStatus.OK or not isinstance(
            getattr(response, "body", None), bytes
        ):
            return response
        conditions.mark(route, response)
        return conditions.spare(request, response)

    return read


def _writing(route: APIRoute, handler: _Handler, read: APIRoute | None) -> _Handler:
    shows_secret = tells_secret(route)
    same_thing = read is not None and read.response_model is route.response_model

    async def write(request: Request) -> Response:
        try:
            response = await handler(request)
        except once.ReplayedAnswer as told:
            return told.response
        # The unit is still open: what is kept now is kept with the effect, or not at all.
        if same_thing and read is not None and "etag" not in response.headers:
            conditions.mark(read, response)
        await once.keep(request, response, shows_secret=shows_secret)
        return response

    return write


def tells_secret(route: APIRoute) -> bool:
    """Whether the answer holds what is shown once."""
    fields: dict[str, Any] = getattr(route.response_model, "model_fields", {})
    return not _SECRETS.isdisjoint(fields)
