"""`ETag` on what is read, `If-None-Match` for readers, `If-Match` for whoever changes things."""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Message

from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.preconditions import rules
from services.core.preconditions import service as preconditions
from services.core.preconditions.errors import PreconditionFailedError
from services.core.preconditions.types import Thing
from services.core.workspaces.types import Caller

LENT: Final = "warmline.lent"
CHANGING: Final = frozenset({"PUT", "PATCH", "DELETE"})
# What is done to a case changes it as a PUT would: `/v1/cases/{case_id}/assign`.
_ACTED_ON: Final = "/v1/cases/{case_id}"
# Who looks at a case changes nothing of it.
_NO_ACTS: Final = ("/presence",)
# Headers of a reading that go into an answer without its body.
_OF_304: Final = ("etag", "cache-control", "vary", "location")


@dataclass(frozen=True, slots=True)
class Lent:
    """An open unit that a reading inside a change goes on in, and who is behind it."""

    uow: UnitOfWork
    caller: Caller


def thing_at(path: str) -> str:
    """The address of what a call changes, and where it is read."""
    return _ACTED_ON if path.startswith(f"{_ACTED_ON}/") else path


def is_guarded(method: str, path: str) -> bool:
    """Whether `If-Match` means something to a call, provided that its thing can be read."""
    if path.endswith(_NO_ACTS):
        return False
    return method in CHANGING or (method == "POST" and thing_at(path) != path)


def is_list(route: APIRoute) -> bool:
    """A page is of many things: its tag says that they look the same, not that they are."""
    fields: Mapping[str, Any] = getattr(route.response_model, "model_fields", {})
    return "next_cursor" in fields


def mark(route: APIRoute, response: Response) -> None:
    """Put the tag of what was read on its answer."""
    own = response.headers.get("etag")
    weak = is_list(route)
    response.headers["etag"] = rules.tag_of(bytes(response.body), own=own, weak=weak)


def mark_whole(response: Response, thing: BaseModel | None = None) -> None:
    """Say what a thing is before it is cut short, or read with what belongs to it.

    Who was shown a part may change the whole, or is told that it changed. A thing that has a tag
    of its own has said so already.
    """
    whole = bytes(response.body) if thing is None else thing.model_dump_json().encode()
    response.headers.setdefault("etag", rules.tag_of(whole))


def spare(request: Request, response: Response) -> Response:
    """The answer, or 304 for whoever has it already."""
    sent = request.headers.getlist("if-none-match")
    if not sent or not rules.is_known(sent, response.headers["etag"]):
        return response
    kept = {name: response.headers[name] for name in _OF_304 if name in response.headers}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)


class Readings:
    """What can be read at which address: to see a thing as its caller would, in a unit of ours."""

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        self._routes = {route.path: route for route in routes if "GET" in (route.methods or ())}
        self._handlers = {path: route.get_route_handler() for path, route in self._routes.items()}

    def find(self, path: str) -> APIRoute | None:
        return self._routes.get(path)

    async def require_unchanged(self, request: Request, uow: UnitOfWork, caller: Caller) -> None:
        """Hold what the call changes, and refuse the call if its caller saw something else.

        Raises BadEntityTagError, PreconditionFailedError, and NotFoundError.
        """
        sent = request.headers.getlist("if-match")
        path = request.scope["route"].path
        if not sent or request.method in {"GET", "HEAD"}:
            return
        seen = rules.read_tags(sent)
        read = self._routes.get(thing_at(path)) if is_guarded(request.method, path) else None
        if read is None:
            raise PreconditionFailedError(None)
        thing, thing_id = _thing_of(read.path, request.path_params)

        async def read_tag() -> str:
            return await self._read_tag(read, request, Lent(uow, caller))

        await preconditions.require_unchanged(uow, seen, thing, thing_id, read_tag)

    async def _read_tag(self, read: APIRoute, request: Request, lent: Lent) -> str:
        async with AsyncExitStack() as stack:
            scope = dict(request.scope) | {
                "method": "GET",
                "query_string": b"",
                "headers": [],
                "route": read,
                LENT: lent,
                "fastapi_inner_astack": stack,
                "fastapi_function_astack": stack,
            }
            response = await self._handlers[read.path](Request(scope, _nothing_to_receive))
        mark(read, response)
        return response.headers["etag"]


def _thing_of(path: str, params: Mapping[str, str]) -> tuple[Thing, UUID | None]:
    """By the noun in the address; what has no row of its own is held by its workspace."""
    steps = [step for step in path.split("/") if step.startswith("{")]
    name = steps[-1].strip("{}") if steps else ""
    noun = name.removesuffix("_id")
    if noun not in set(Thing):
        return Thing.WORKSPACE, None
    try:
        return Thing(noun), UUID(params[name])
    except ValueError:
        raise NotFoundError("thing") from None


async def _nothing_to_receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
