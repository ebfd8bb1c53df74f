"""Makes the published schema say what really happens: problems, keys, short operation names."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.api import examples, queries
from services.api.common_headers import add_refusals, describe
from services.api.deps import scope_of
from services.api.errors import PROBLEM_MEDIA, DeadlineError, problems
from services.core.intake.errors import BodyTooLargeError, InvalidJsonError, UnsupportedMediaError
from services.core.kit.errors import DomainError, InvalidInputError, UnavailableError
from services.core.sessions.errors import CrossSiteError, NoSessionError
from services.core.workspaces.errors import BadKeyError, MissingScopeError

_FRAMEWORKS_OWN: Final = ("HTTPValidationError", "ValidationError")
_BEHIND_A_KEY: Final = (
    BadKeyError,
    NoSessionError,
    MissingScopeError,
    CrossSiteError,
    UnavailableError,
)
# What `InputGuard` answers before a route is reached.
_WITH_A_BODY: Final = (InvalidJsonError, DeadlineError, BodyTooLargeError, UnsupportedMediaError)
_ONLY_OF_ROWS: Final = "Only these of each row, between commas."
_ONLY_OF_ONE: Final = "Only these of it, between commas. Its `ETag` speaks of the whole."
_EVENT_STREAM: Final = "text/event-stream"


def publish(app: FastAPI) -> None:
    """Correct what the framework writes about itself; done once, when the schema is first read."""
    written = app.openapi

    def corrected() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = written()
            routes = {
                (route.path, method.lower()): route
                for route in app.routes
                if isinstance(route, APIRoute)
                for method in route.methods or ()
            }
            readable = frozenset(path for path, method in routes if method == "get")
            for path, method, operation in _operations(schema):
                operation["operationId"] = _name(routes[path, method])
                _say_scope(routes[path, method], operation)
                _correct(operation)
                examples.show(schema["components"]["schemas"], operation)
                describe(routes[path, method], operation, readable)
                _say_query(routes[path, method], operation)
            for name in _FRAMEWORKS_OWN:
                schema["components"]["schemas"].pop(name, None)
        return app.openapi_schema or {}

    # The documented way to extend the schema.
    app.openapi = corrected  # type: ignore[method-assign]  # it is meant to be


def _name(route: APIRoute) -> str:
    """`sources.rotate_secret`: the module of the route and the function."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}.{route.name}"


def _say_scope(route: APIRoute, operation: dict[str, Any]) -> None:
    scope = scope_of(route)
    if scope is not None:
        operation["x-required-scope"] = scope.value


def _say_query(route: APIRoute, operation: dict[str, Any]) -> None:
    """What is asked of every query, and what of every list and every one thing."""
    if not queries.is_strict(route):
        return
    add_refusals(operation, InvalidInputError)
    parameters = operation.setdefault("parameters", [])
    if fields := sorted(queries.fields_of(route)):
        names = {"type": "string", "enum": fields}
        parameters.append(
            {
                "name": queries.FIELDS,
                "in": "query",
                "description": _ONLY_OF_ROWS if queries.rows_of(route) else _ONLY_OF_ONE,
                "schema": {"type": "array", "items": names, "minItems": 1},
            }
        )
    for parameter in parameters:
        if parameter["name"] in {queries.FIELDS, "include"}:
            parameter |= {"style": "form", "explode": False}
    if not parameters:
        del operation["parameters"]


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _correct(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        responses["422"] = _problem(InvalidInputError)["422"]
    behind_a_key = _BEHIND_A_KEY if operation.get("security") else ()
    with_a_body = _WITH_A_BODY if "requestBody" in operation else ()
    for status, response in _problem(*behind_a_key, *with_a_body).items():
        responses.setdefault(status, response)
    for response in responses.values():
        content = response.get("content", {})
        # A stream of events is no string, and this version of OpenAPI has no word for it.
        content.get(_EVENT_STREAM, {}).pop("schema", None)
        if PROBLEM_MEDIA in content:
            # No problem ever travels as plain JSON, nor as an event.
            content.pop("application/json", None)
            content.pop(_EVENT_STREAM, None)
    operation["responses"] = dict(sorted(responses.items()))


def _problem(*errors: type[DomainError]) -> dict[str, dict[str, Any]]:
    return {
        str(status): {"description": told["description"], "content": dict(told["content"])}
        for status, told in problems(*errors).items()
    }
