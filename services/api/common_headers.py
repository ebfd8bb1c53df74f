"""Publishes what every call keeps: `ETag`, the conditions on it, and `Idempotency-Key`."""

from typing import Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.api.conditions import is_guarded, thing_at
from services.api.errors import problems
from services.core.idempotency.errors import (
    AnswerNotKeptError,
    BadIdempotencyKeyError,
    CallInProgressError,
    ReusedIdempotencyKeyError,
)
from services.core.kit.errors import DomainError
from services.core.preconditions.errors import BadEntityTagError, PreconditionFailedError
from services.core.workspaces.errors import TooManyCallsError

_Operation = dict[str, Any]

_OF_CONDITIONS: Final = (BadEntityTagError, PreconditionFailedError)
_OF_DOING_ONCE: Final = (
    BadIdempotencyKeyError,
    ReusedIdempotencyKeyError,
    CallInProgressError,
    AnswerNotKeptError,
)
# The dependency that opens a unit in which something is done; see deps.writing.
_OPENS: Final = "open_writing"
_ETAG: Final = {"description": "What was read, for conditions.", "schema": {"type": "string"}}


def describe(route: APIRoute, operation: _Operation, readable: frozenset[str]) -> None:
    """`readable` are the addresses with a GET."""
    if not operation.get("security"):
        return
    add_refusals(operation, TooManyCallsError)
    methods = route.methods or set()
    if "GET" in methods:
        _add_reading(operation)
        return
    if any(is_guarded(method, route.path) for method in methods) and thing_at(route.path) in (
        readable
    ):
        said = "The `ETag` of what you saw: what was changed since is left alone."
        _add_header(operation, "If-Match", said, {"type": "string"})
        add_refusals(operation, *_OF_CONDITIONS)
    if "POST" in methods and is_done_once(route.dependant):
        said = "A name of your own for this call: sent again within 24 hours, it is done once."
        kind = {"type": "string", "pattern": "^[!-~]{1,255}$"}
        _add_header(operation, "Idempotency-Key", said, kind)
        add_refusals(operation, *_OF_DOING_ONCE)


def is_done_once(dependant: Dependant) -> bool:
    """Whether the call opens the unit in which its key is kept."""
    named = getattr(dependant.call, "__name__", "") == _OPENS
    return named or any(is_done_once(part) for part in dependant.dependencies)


def _add_reading(operation: _Operation) -> None:
    told = operation["responses"].get("200")
    if told is None or "application/json" not in told.get("content", {}):
        return
    told.setdefault("headers", {})["ETag"] = _ETAG
    said = "The `ETag` of what you have: if it is still that, 304 and nothing is sent."
    _add_header(operation, "If-None-Match", said, {"type": "string"})
    operation["responses"]["304"] = {"description": "It is what you have."}
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _add_header(operation: _Operation, name: str, said: str, kind: dict[str, str]) -> None:
    parameters = operation.setdefault("parameters", [])
    parameters.append({"name": name, "in": "header", "description": said, "schema": kind})


def add_refusals(operation: _Operation, *errors: type[DomainError]) -> None:
    responses = operation["responses"]
    for status, told in problems(*errors).items():
        known = responses.get(str(status))
        if known is None:
            responses[str(status)] = {
                "description": told["description"],
                "content": dict(told["content"]),
            }
        elif told["description"] not in known["description"]:
            known["description"] += f" or {told['description']}"
    operation["responses"] = dict(sorted(responses.items()))
