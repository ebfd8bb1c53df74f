"""The way to the workspace's OpenID provider, and back."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, status
from starlette.responses import RedirectResponse

from services.api.credentials import (
    give_cookie,
    is_loopback,
    place_of,
    read_cookie,
    read_session,
)
from services.api.deps import AppState, State
from services.api.errors import problems
from services.api.sign_in_pages import PeopleRoute
from services.core.kit.errors import InvalidInputError
from services.core.kit.http import GuardedClient
from services.core.sessions import service as sessions
from services.core.sessions.errors import TooManyGuessesError, WrongPasswordError
from services.core.sessions.types import Terms
from services.core.signin import rules
from services.core.signin import service as signin
from services.core.signin.errors import (
    BadFlowError,
    IdentityRefusedError,
    NoProviderError,
    NotInvitedError,
    ProviderUnavailableError,
)
from services.core.signin.types import Return
from services.core.workspaces.service import DEFAULT_SLUG

router = APIRouter(prefix="/v1/sign-in/openid", tags=["sign-in"], route_class=PeopleRoute)

FLOW_COOKIE: Final = "__Host-warmline_flow"
LOOPBACK_FLOW_COOKIE: Final = "warmline_flow"
_CALLBACK: Final = "/v1/sign-in/openid/callback"
_SENT: Final[dict[int | str, dict[str, Any]]] = {
    303: {"description": "Go there.", "headers": {"location": {"schema": {"type": "string"}}}}
}


@router.get(
    "",
    summary="Sign in with the workspace's provider",
    status_code=status.HTTP_303_SEE_OTHER,
    response_class=RedirectResponse,
    responses=_SENT
    | problems(NoProviderError, InvalidInputError, TooManyGuessesError, ProviderUnavailableError),
)
async def begin(
    request: Request,
    state: State,
    workspace: Annotated[
        str, Query(min_length=1, max_length=48, description="Its short name.")
    ] = DEFAULT_SLUG,
    return_to: Annotated[
        str | None,
        Query(max_length=500, description="A path here, or a page of an allowed origin."),
    ] = None,
) -> RedirectResponse:
    """For a browser: sends it to the provider, which sends it back to the callback."""
    wanted = rules.read_return_to(return_to, state.settings.api.cors_origins)
    if wanted is None:
        raise InvalidInputError("`return_to` is a path here, or a page of an allowed origin.")
    async with _client(state) as client:
        begun = await signin.begin(
            state.database,
            client,
            workspace,
            redirect_uri=_callback(request, state),
            return_to=wanted,
            place=place_of(request),
        )
    response = RedirectResponse(begun.url, status.HTTP_303_SEE_OTHER)
    response.set_cookie(
        _flow_cookie(request),
        begun.browser_token,
        max_age=int(rules.FLOW_LASTS.total_seconds()),
        path="/",
        secure=not is_loopback(request),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(
    "/callback",
    summary="Come back from the provider",
    status_code=status.HTTP_303_SEE_OTHER,
    response_class=RedirectResponse,
    responses=_SENT
    | problems(
        BadFlowError,
        IdentityRefusedError,
        WrongPasswordError,
        NotInvitedError,
        NoProviderError,
        ProviderUnavailableError,
    ),
)
async def callback(
    request: Request,
    state: State,
    flow: Annotated[str, Query(alias="state", max_length=128)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
) -> RedirectResponse:
    """Opens a session as `/v1/sign-in` does, and sends the browser on to `return_to`."""
    back = Return(flow, code, read_cookie(request, _flow_cookie(request)) or "")
    chosen = state.settings.sign_in
    terms = Terms(timedelta(hours=chosen.idle_hours), timedelta(hours=chosen.absolute_hours))
    async with _client(state) as client:
        welcome = await signin.finish(
            state.database, client, back, place=place_of(request), terms=terms
        )
    before = read_session(request)
    if before is not None:
        await sessions.leave(state.database, before)
    response = RedirectResponse(welcome.return_to, status.HTTP_303_SEE_OTHER)
    response.delete_cookie(_flow_cookie(request), path="/", secure=not is_loopback(request))
    give_cookie(request, response, welcome.opened)
    return response


def _client(state: AppState) -> GuardedClient:
    chosen = state.settings.alerts
    return GuardedClient(
        allow_private=chosen.allow_private_addresses, timeout_seconds=chosen.timeout_seconds
    )


def _callback(request: Request, state: AppState) -> str:
    base = state.settings.alerts.public_url or str(request.base_url)
    return base.rstrip("/") + _CALLBACK


def _flow_cookie(request: Request) -> str:
    return LOOPBACK_FLOW_COOKIE if is_loopback(request) else FLOW_COOKIE
