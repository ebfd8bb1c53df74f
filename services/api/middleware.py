"""What wraps every request: an id, a line in the log, safe headers, and a body worth parsing."""

import re
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.bodies import ClientGoneError, check_declared_length, read_body
from services.api.errors import AmbiguousRequestError, internal_response, problem_response
from services.api.limits import STANDING, Standing
from services.api.meters import METHODS
from services.core.intake.errors import UnsupportedMediaError
from services.core.intake.strict_json import parse
from services.core.kit import ids, tracing
from services.core.kit.clock import monotonic
from services.core.kit.errors import DomainError, FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.text import clean_tree
from services.core.kit.tracing import Kind, Span

log = structlog.get_logger(__name__)

# Configuration and replies; webhooks have a door and limits of their own.
MAX_JSON_BYTES: Final = 512 * 1024

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
# The routes that read their bodies themselves: raw and signed, and files. Nothing is authorized
# by this.
_RAW_BODY: Final = re.compile(r"/v1/(sources/[^/]+/(deliveries|backfill)|calendars/[^/]+/feed)")
_VERSIONS: Final = frozenset({"1.0", "1.1"})
# A name or an address and a port; an empty one is what RFC 9112 has for "nobody in particular".
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_PAGES: Final = ("/docs", "/redoc")
_SAFE_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
_CLIENT_GONE: Final = 499


class RequestContext:
    """Outermost: names the request, answers what nothing else answered, and writes the line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["warmline.request_id"] = request_id
        outcome: dict[str, Any] = {"status": None}

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                outcome["status"] = message["status"]
                _mark(MutableHeaders(scope=message), scope, request_id)
            await send(message)

        started = monotonic()
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            tracing.spanning(
                "request", Kind.SERVER, request_id=request_id, sent=_sent_along(scope)
            ) as span,
        ):
            try:
                await self._app(scope, receive, send_marked)
            except ClientGoneError:
                outcome["status"] = _CLIENT_GONE
            except Exception as error:
                log.exception("request.failed", exc_info=error)
                if outcome["status"] is not None:
                    # Half an answer is out; only a broken connection can still say so.
                    raise
                await internal_response(request_id)(scope, receive, send_marked)
            finally:
                _write_line(scope, outcome["status"], monotonic() - started)
                _name(span, scope, outcome["status"])


class InputGuard:
    """Refuses what the framework would stumble over, so that bad input never becomes a 500."""

    def __init__(self, app: ASGIApp, receive_seconds: float) -> None:
        self._app = app
        self._receive_seconds = receive_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            receive = await self._checked(scope, receive)
        except DomainError as error:
            scope["warmline.problem_code"] = error.code
            response = problem_response(error, scope.get("warmline.request_id"))
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        _require_one_meaning(scope)
        if "\x00" in scope["path"]:
            raise NotFoundError("thing")
        if b"%00" in scope["query_string"]:
            raise InvalidInputError("The query holds a character that cannot be stored.")
        if scope["method"] in {"GET", "HEAD", "OPTIONS"} or _RAW_BODY.fullmatch(scope["path"]):
            return receive
        check_declared_length(scope["headers"], MAX_JSON_BYTES)
        body = await read_body(receive, limit_bytes=MAX_JSON_BYTES, seconds=self._receive_seconds)
        if body:
            _require_json(scope)
            require_storable(parse(body))
        scope["warmline.body"] = body
        return _replay(body, receive)


def _require_one_meaning(scope: Scope) -> None:
    """Refuse what a proxy and we might read differently: where a body ends, who is meant."""
    if scope["http_version"] not in _VERSIONS:
        raise AmbiguousRequestError("Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    names = [name for name, _ in scope["headers"]]
    if b"transfer-encoding" in names and b"content-length" in names:
        raise AmbiguousRequestError("The length of the body is told in two ways.")
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or not all(_HOST.fullmatch(host) for host in hosts):
        raise AmbiguousRequestError("The Host header is not one host.")


def _require_json(scope: Scope) -> None:
    headers = dict(scope["headers"])
    media = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if media != b"application/json":
        raise UnsupportedMediaError("The media type must be application/json.")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaError("The body must not be compressed.")


def require_storable(document: Any) -> None:
    """Raises InvalidInputError for text that Postgres cannot keep."""
    _, replaced = clean_tree(document)
    if replaced:
        problem = FieldProblem(
            "", "unstorable_text", "A text holds a NUL or half of a surrogate pair."
        )
        raise InvalidInputError("The request is not valid.", errors=[problem])


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def receive_again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    # A trace that somebody began goes on under its own id.
    if trace := tracing.read_sent(_sent_along(scope)):
        return trace[0]
    fresh: UUID = ids.new_id()
    return fresh.hex


def _sent_along(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"traceparent"]
    return str(found[0], "latin-1") if len(found) == 1 else ""


def _name(span: Span | None, scope: Scope, status: int | None) -> None:
    if span is None:
        return
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = getattr(scope.get("route"), "path", None)
    span.name = f"{method} {route}" if route else method
    span.attributes |= {"http.request.method": method}
    span.attributes |= {"http.route": route} if route else {}
    if status is not None:
        span.attributes["http.response.status_code"] = int(status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.failure = span.failure or str(int(status))


def _mark(headers: MutableHeaders, scope: Scope, request_id: str) -> None:
    headers["x-request-id"] = request_id
    for name, value in _SAFE_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
    standing: Standing | None = scope.get(STANDING)
    for name, value in standing.headers() if standing else ():
        headers[name] = value
    if scope["scheme"] == "https":
        headers.setdefault("strict-transport-security", "max-age=31536000")
    if not scope["path"].startswith(_PAGES):
        headers.setdefault("content-security-policy", "default-src 'none'; frame-ancestors 'none'")


def _write_line(scope: Scope, status: int | None, seconds: float) -> None:
    # The template, never the path: ids and queries are the callers' business.
    route = getattr(scope.get("route"), "path", None)
    log.info(
        "request",
        # Any word is a method to the parser; what was made up is not repeated.
        method=scope["method"] if scope["method"] in METHODS else "other",
        route=route,
        status=status if status is None else int(status),
        milliseconds=round(seconds * 1000, 1),
    )
