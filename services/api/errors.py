"""Every refusal as problem+json (RFC 9457): one table from kinds to statuses, nothing echoed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import (
    HTTPException as StarletteHTTPException,  # noqa: TID251 - handled here, raised nowhere
)
from starlette.routing import Match, Route

from services.api.schemas.common import Problem
from services.core.kit.errors import (
    DomainError,
    ErrorKind,
    FieldProblem,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from services.core.kit.signatures import SignatureRefusedError
from services.core.kit.uow import is_outage
from services.core.preconditions.errors import PreconditionFailedError

log = structlog.get_logger(__name__)

STATUS: Final[Mapping[ErrorKind, HTTPStatus]] = {
    ErrorKind.MALFORMED: HTTPStatus.BAD_REQUEST,
    ErrorKind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorKind.MISSING: HTTPStatus.NOT_FOUND,
    ErrorKind.CONFLICT: HTTPStatus.CONFLICT,
    ErrorKind.GONE: HTTPStatus.GONE,
    ErrorKind.FAILED_PRECONDITION: HTTPStatus.PRECONDITION_FAILED,
    ErrorKind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorKind.UNSUPPORTED_MEDIA: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorKind.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_BODY_UNREAD: Final = frozenset({ErrorKind.TOO_LARGE, ErrorKind.UNSUPPORTED_MEDIA})
PROBLEM_MEDIA: Final = "application/problem+json"

# pydantic's sentences that repeat nothing of the input; all others are replaced by ours.
_QUOTABLE: Final = frozenset(
    {
        "missing",
        "string_type",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "int_type",
        "int_parsing",
        "float_type",
        "float_parsing",
        "finite_number",
        "bool_type",
        "bool_parsing",
        "list_type",
        "dict_type",
        "model_type",
        "model_attributes_type",
        "too_short",
        "too_long",
        "enum",
        "literal_error",
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "timezone_aware",
        "multiple_of",
    }
)
_UNKNOWN_FIELD: Final = "extra_forbidden"
# Names people mistype; what looks like anything else, a key perhaps, is not repeated.
HARMLESS_NAME: Final = re.compile(r"[a-z_]{1,40}")
_OF_THE_ROUTER: Final = {
    HTTPStatus.NOT_FOUND: "Nothing is at this address; /openapi.json lists what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address takes other methods; `Allow` names them.",
}
_OWN_SENTENCE: Final = "value_error"
# As many as a person reads; the rest is told when these are mended.
_MAX_ERRORS: Final = 100


class DeadlineError(DomainError):
    """The request did not arrive in time; the one refusal whose status no kind stands for."""

    kind = ErrorKind.MALFORMED
    code = "request_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The request did not arrive within {seconds:g} seconds.")


class AmbiguousRequestError(DomainError):
    """Two servers could read the request differently; none of them should act on it."""

    kind = ErrorKind.MALFORMED
    code = "bad_request"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)


def status_of(error: DomainError | type[DomainError]) -> HTTPStatus:
    if isinstance(error, DeadlineError) or error is DeadlineError:
        return HTTPStatus.REQUEST_TIMEOUT
    return STATUS[error.kind]


def problem_response(error: DomainError, request_id: str | None) -> Response:
    """Render a refusal; `Retry-After` is whole seconds, rounded up."""
    status = status_of(error)
    headers = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, ceil(error.retry_after)))
    if error.kind is ErrorKind.UNAUTHENTICATED and error.code == "bad_key":
        headers["www-authenticate"] = "Bearer"
    if error.kind in _BODY_UNREAD or isinstance(error, DeadlineError | AmbiguousRequestError):
        # What is still coming of the body is not worth reading.
        headers["connection"] = "close"
    if isinstance(error, PreconditionFailedError) and error.current is not None:
        headers["etag"] = error.current
    body = _body(status, error.code, error.detail, request_id, error.errors)
    return Response(orjson.dumps(body), status, headers, PROBLEM_MEDIA)


def problem_body(status: HTTPStatus, code: str, detail: str, request_id: str) -> bytes:
    """A problem as bytes, for those who speak before there is an application to speak."""
    return orjson.dumps(_body(status, code, detail, request_id))


def internal_response(request_id: str | None) -> Response:
    """The answer to a mistake of ours; what it was is in the log under the request id."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "Something went wrong on our side; the request id helps us find it."
    return Response(
        orjson.dumps(_body(status, "internal", detail, request_id, ())),
        status,
        media_type=PROBLEM_MEDIA,
    )


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """Document refusals for OpenAPI's `responses=`, several codes of one status together."""
    codes: dict[HTTPStatus, list[str]] = {}
    for error in errors:
        codes.setdefault(status_of(error), []).append(error.code)
    return {
        int(status): {
            "model": Problem,
            "description": " or ".join(f"`{code}`" for code in dict.fromkeys(listed)),
            "content": {PROBLEM_MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, listed in sorted(codes.items())
    }


def register(app: FastAPI) -> None:
    """Answer every refusal and every framework error as a problem."""
    app.add_exception_handler(DomainError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(StarletteHTTPException, _on_http)
    app.add_exception_handler(DBAPIError, _on_database)


def request_id_of(request: Request) -> str | None:
    found: str | None = request.scope.get("warmline.request_id")
    return found


def refuse_invalid(found: Sequence[Any], body: object) -> InvalidInputError:
    """What validation found, as senders are told it; a `loc` begins with the part of the call."""
    listed = [_field_problem(finding, body) for finding in found[:_MAX_ERRORS]]
    return InvalidInputError("The request is not valid.", errors=listed)


async def _on_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, DomainError):
        raise error
    if isinstance(error, SignatureRefusedError):
        # The sender is told the same whatever the reason; its operator may ask us.
        log.info("signature.refused", reason=error.reason)
    # For the meters: refusals are counted by their code.
    request.scope["warmline.problem_code"] = error.code
    return problem_response(error, request_id_of(request))


async def _on_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(finding["loc"][0] == "path" for finding in found):
        # What is no id names nothing.
        nothing = NotFoundError("thing: an id is missing or misspelt in the address")
        return problem_response(nothing, request_id_of(request))
    if any(finding["type"] == "json_invalid" for finding in found):
        return problem_response(_NotJsonError(), request_id_of(request))
    return problem_response(refuse_invalid(found, error.body), request_id_of(request))


async def _on_http(request: Request, error: Exception) -> Response:
    """404 and 405 of the router, 400 of the body reader: the framework's own refusals."""
    if not isinstance(error, StarletteHTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:
        return problem_response(_NotJsonError(), request_id_of(request))
    code = {
        HTTPStatus.NOT_FOUND: "not_found",
        HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    }.get(status, status.name.lower())
    detail = _OF_THE_ROUTER.get(status, f"{status.description or status.phrase}.")
    body = _body(status, code, detail, request_id_of(request))
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = ", ".join(sorted(_methods_at(request)))
    return Response(orjson.dumps(body), status, headers, PROBLEM_MEDIA)


def _methods_at(request: Request) -> set[str]:
    """Every method of the address; the router itself names only those of the first route it met."""
    found: set[str] = set()
    for route in request.app.router.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return found


async def _on_database(request: Request, error: Exception) -> Response:
    """An outage outside a unit of work is 503; a value Postgres refuses is the sender's."""
    if not isinstance(error, DBAPIError):
        raise error
    if is_outage(error):
        return problem_response(UnavailableError(), request_id_of(request))
    state = str(getattr(error.orig, "sqlstate", "") or "")
    # Class 22: data exception. Our own checks should have caught it, hence the line.
    if state.startswith("22"):
        log.warning("request.unstorable", sqlstate=state)
        refusal = InvalidInputError("A value of the request cannot be stored.")
        return problem_response(refusal, request_id_of(request))
    raise error


class _NotJsonError(DomainError):
    kind = ErrorKind.MALFORMED
    code = "invalid_json"

    def __init__(self) -> None:
        super().__init__("The body is not valid JSON.")


def _field_problem(finding: Mapping[str, Any], body: object) -> FieldProblem:
    kind, path = str(finding["type"]), list(finding["loc"])
    if path[0] == "body":
        path = ["body", *_steps_in(body, path[1:], kind)]
    if kind == _UNKNOWN_FIELD:
        # The last step is the sender's own word.
        if HARMLESS_NAME.fullmatch(str(path[-1])):
            return FieldProblem(_pointer(path), "unknown_field", "There is no such field.")
        return FieldProblem(_pointer(path[:-1]), "unknown_field", "There is an unknown field here.")
    if kind == _OWN_SENTENCE:
        sentence = str(finding["ctx"]["error"])
        return FieldProblem(_pointer(path), "invalid", sentence)
    if path == ["body"] and kind == "missing":
        return FieldProblem("", kind, "A JSON body is wanted.")
    if path[0] == "query":
        # Of a parameter that may be several things, what was tried last is no place in the query.
        path = [*path[:2], *(step for step in path[2:] if isinstance(step, int))]
    return FieldProblem(_pointer(path), kind, _sentence(finding, kind))


def _sentence(finding: Mapping[str, Any], kind: str) -> str:
    if kind.startswith("uuid_"):
        return "This is no id."
    return str(finding["msg"]) if kind in _QUOTABLE else "This value is not valid."


def _steps_in(body: object, path: Sequence[Any], kind: str) -> Iterator[Any]:
    """The steps that are in the body: between them stands which of several shapes was tried."""
    here: Any = body
    for place, step in enumerate(path, start=1):
        named = place == len(path) and kind in {"missing", _UNKNOWN_FIELD}
        if isinstance(here, dict):
            if step not in here and not named:
                continue
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        yield step


def _pointer(path: Sequence[object]) -> str:
    """A JSON pointer into the body; `query/limit` style for what is outside of it."""
    where, *steps = [str(step).replace("~", "~0").replace("/", "~1") for step in path]
    if where == "body":
        return "".join(f"/{step}" for step in steps)
    return "/".join([where, *steps])


def _body(
    status: HTTPStatus,
    code: str,
    detail: str,
    request_id: str | None,
    errors: Sequence[FieldProblem] = (),
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:warmline:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = [_listed(problem) for problem in errors[:_MAX_ERRORS]]
    return body


def _listed(problem: FieldProblem) -> dict[str, Any]:
    listed = {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
    return listed if problem.index is None else listed | {"index": problem.index}
