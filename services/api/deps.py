"""What routes ask for: an open unit of work behind a key of the right scope, and a page's place."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPBearer

from services.api import once
from services.api.conditions import LENT, Lent, Readings
from services.api.credentials import COOKIE, identify
from services.api.limits import STANDING, CallLimits
from services.core.gateways.wakeups.port import Wakeups
from services.core.intake.quota import Quotas
from services.core.intake.service import GroupCommit, RefusalTally
from services.core.kit.cursors import MAX_CURSOR_CHARACTERS, CursorCodec, CursorValue
from services.core.kit.stretches import Stretch
from services.core.kit.uow import Database, UnitOfWork
from services.core.settings import Settings
from services.core.workspaces.errors import MissingScopeError, TooManyCallsError
from services.core.workspaces.types import Caller, Scope

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

_Row = TypeVar("_Row")


@dataclass(slots=True)
class AppState:
    """What lives as long as the process; at `request.app.state.warmline`."""

    settings: Settings
    database: Database
    wakeups: Wakeups
    cursor_codec: CursorCodec
    quotas: Quotas
    deliveries: GroupCommit
    refusals: RefusalTally


@dataclass(frozen=True, slots=True)
class PageParams:
    """Where a page starts and how long it is."""

    limit: int
    cursor: str | None
    codec: CursorCodec
    workspace_id: UUID

    def start(self, *types: type, purpose: str) -> tuple[Any, ...] | None:
        """The sort values of the last row already seen. Raises InvalidCursorError."""
        if self.cursor is None:
            return None
        return self.codec.decode(self.cursor, *types, purpose=self._own(purpose))

    def stretch(self, sort: str, *types: type, purpose: str) -> Stretch:
        """What to read for the page: a row more than it holds. Raises InvalidCursorError."""
        seen = self.start(*types, purpose=purpose)
        return Stretch(seen, descending=sort.startswith("-"), limit=self.limit + 1)

    def cut(
        self, found: Sequence[_Row], place: Callable[[_Row], list[CursorValue]], *, purpose: str
    ) -> tuple[Sequence[_Row], str | None]:
        """Cut what was read with `limit + 1`; the row too many only says that there is more."""
        if len(found) <= self.limit:
            return found, None
        items = found[: self.limit]
        return items, self.next_cursor(place(items[-1]), purpose=purpose)

    def next_cursor(self, values: list[CursorValue], *, purpose: str) -> str:
        return self.codec.encode(values, purpose=self._own(purpose))

    def _own(self, purpose: str) -> str:
        """No cursor leads from one workspace into another, harmless as it would be."""
        return f"{purpose}@{self.workspace_id}"


def get_state(request: Request) -> AppState:
    state: AppState = request.app.state.warmline
    return state


async def _state(request: Request) -> AppState:
    # Not a plain function: FastAPI sends those to a thread, which costs more than most queries.
    return get_state(request)


State = Annotated[AppState, Depends(_state)]

# Only for the schema: header and cookie are read by hand, as bytes and exactly once.
_key = HTTPBearer(auto_error=False, bearerFormat="wl_<prefix>_<random>", description="An API key.")
_session = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="Session",
    description="Set by `/v1/sign-in`; changes want `X-CSRF-Token` besides.",
)


async def get_caller(
    request: Request,
    state: State,
    _key: Annotated[object, Depends(_key)],
    _session: Annotated[object, Depends(_session)],
) -> Caller:
    """Who calls, by key or by session.

    Raises BadKeyError, NoSessionError, CrossSiteError, TooManyCallsError.
    """
    lent = lent_to(request)
    if lent is not None:
        return lent.caller
    caller = await identify(request, state.database, state.settings.api.cors_origins)
    limits: CallLimits = request.app.state.call_limits
    standing = request.scope[STANDING] = limits.take(caller)
    if standing is not None and standing.wait_seconds:
        raise TooManyCallsError(standing.wait_seconds)
    return caller


CurrentCaller = Annotated[Caller, Depends(get_caller)]


def lent_to(request: Request) -> Lent | None:
    """The unit a change lends to the reading of what it changes."""
    lent: Lent | None = request.scope.get(LENT)
    return lent


@dataclass(frozen=True, slots=True)
class ScopeRequired:
    """A dependency giving the caller, if their key or role holds the scope."""

    scope: Scope

    async def __call__(self, request: Request, caller: CurrentCaller) -> Caller:
        # Whoever may change a thing may have it compared with what he saw.
        if lent_to(request) is None and not caller.may(self.scope):
            raise MissingScopeError(self.scope)
        return caller


def require(scope: Scope) -> ScopeRequired:
    return ScopeRequired(scope)


def scope_of(route: APIRoute) -> Scope | None:
    """What a route asks of its caller, found where it asks it; None when it asks nothing."""
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        if isinstance(dependant.call, ScopeRequired):
            return dependant.call.scope
        waiting.extend(dependant.dependencies)
    return None


def reading(scope: Scope) -> Callable[..., AsyncIterator[UnitOfWork]]:
    """A read-only unit of the caller's workspace."""

    async def open_reading(
        request: Request, state: State, caller: Annotated[Caller, Depends(require(scope))]
    ) -> AsyncIterator[UnitOfWork]:
        lent = lent_to(request)
        if lent is not None:
            yield lent.uow
            return
        async with state.database.read(caller.workspace_id) as uow:
            yield uow

    return open_reading


def writing(scope: Scope) -> Callable[..., AsyncIterator[UnitOfWork]]:
    """A unit of the caller's workspace; committed, then waking, before the answer is sent."""

    async def open_writing(
        request: Request, state: State, caller: Annotated[Caller, Depends(require(scope))]
    ) -> AsyncIterator[UnitOfWork]:
        request_id = request.scope.get("warmline.request_id")
        async with state.database.unit(
            caller.workspace_id, actor=caller.actor, request_id=request_id
        ) as uow:
            await once.claim(request, uow)
            readings: Readings = request.app.state.readings
            await readings.require_unchanged(request, uow, caller)
            yield uow
        await state.wakeups.wake(uow.wakes)

    return open_writing


# scope="function": without it FastAPI commits after the answer was sent, and a failed commit
# would have been answered 200.
ReadUnit = Annotated[UnitOfWork, Depends(reading(Scope.READ), scope="function")]
WorkUnit = Annotated[UnitOfWork, Depends(writing(Scope.WORK), scope="function")]
ManageUnit = Annotated[UnitOfWork, Depends(writing(Scope.MANAGE), scope="function")]
AdminUnit = Annotated[UnitOfWork, Depends(writing(Scope.ADMIN), scope="function")]
ManageReadUnit = Annotated[UnitOfWork, Depends(reading(Scope.MANAGE), scope="function")]
AdminReadUnit = Annotated[UnitOfWork, Depends(reading(Scope.ADMIN), scope="function")]
MetricsUnit = Annotated[UnitOfWork, Depends(reading(Scope.METRICS), scope="function")]


Limit = Annotated[int, Query(ge=1, description="At most 200; larger is read as 200.")]
Cursor = Annotated[
    str | None,
    Query(max_length=MAX_CURSOR_CHARACTERS, description="`next_cursor` of the page before."),
]


async def get_page(
    state: State,
    caller: CurrentCaller,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> PageParams:
    codec = state.cursor_codec
    return PageParams(min(limit, MAX_LIMIT), cursor or None, codec, caller.workspace_id)


async def get_long_page(
    state: State, caller: CurrentCaller, limit: Limit = MAX_LIMIT, cursor: Cursor = None
) -> PageParams:
    """Of lists that came whole before they had pages: unasked, as much as there can be."""
    return await get_page(state, caller, limit, cursor)


PageQuery = Annotated[PageParams, Depends(get_page)]
LongPageQuery = Annotated[PageParams, Depends(get_long_page)]
