"""The front door for people: in by password or invitation, and out again."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response, status

from services.api.credentials import (
    give_cookie,
    place_of,
    read_session,
    require_same_site,
    take_cookie,
)
from services.api.deps import AppState, State
from services.api.errors import problems
from services.api.schemas.sign_in import AcceptBody, SelfView, SignInBody
from services.core.kit.errors import UnavailableError
from services.core.sessions import service as sessions
from services.core.sessions.errors import (
    BadInvitationError,
    ChooseWorkspaceError,
    CrossSiteError,
    TooManyGuessesError,
    WeakPasswordError,
    WrongPasswordError,
)
from services.core.sessions.types import Opened, Terms

router = APIRouter(prefix="/v1", tags=["sign-in"])


@router.post(
    "/sign-in",
    summary="Sign in with a password",
    responses=problems(
        WrongPasswordError,
        CrossSiteError,
        ChooseWorkspaceError,
        TooManyGuessesError,
        UnavailableError,
    ),
)
async def sign_in(request: Request, state: State, body: SignInBody, response: Response) -> SelfView:
    """The session is in the cookie of the answer; the answer's `csrf_token` goes with changes.

    Whoever was signed in in this browser is signed out. 409 `choose_workspace` names the
    workspaces in `errors` when the same e-mail address and password fit more than one.
    """
    require_same_site(request, state.settings.api.cors_origins)
    opened = await sessions.sign_in(
        state.database,
        request.app.state.hashing,
        body.to_attempt(),
        place=place_of(request),
        terms=terms_of(state),
    )
    return await greet(request, state, opened, response)


@router.post(
    "/sign-in/invitation",
    summary="Take an invitation",
    responses=problems(BadInvitationError, CrossSiteError, WeakPasswordError, UnavailableError),
)
async def accept(request: Request, state: State, body: AcceptBody, response: Response) -> SelfView:
    """Sets the password of the member who was invited, and signs in as `/v1/sign-in` does.

    Works once. Every other session of the member ends.
    """
    require_same_site(request, state.settings.api.cors_origins)
    opened = await sessions.accept(
        state.database,
        request.app.state.hashing,
        body.token,
        body.password,
        place=place_of(request),
        terms=terms_of(state),
    )
    return await greet(request, state, opened, response)


@router.post(
    "/sign-out",
    summary="Sign out",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(CrossSiteError, UnavailableError),
)
async def sign_out(request: Request, state: State, response: Response) -> None:
    """Ends this browser's session; without one nothing happens."""
    require_same_site(request, state.settings.api.cors_origins)
    token = read_session(request)
    if token is not None:
        await sessions.leave(state.database, token)
    take_cookie(request, response)


async def greet(request: Request, state: AppState, opened: Opened, response: Response) -> SelfView:
    """Leave the session of before, and say who somebody is now."""
    before = read_session(request)
    if before is not None:
        await sessions.leave(state.database, before)
    give_cookie(request, response, opened)
    caller = await sessions.authenticate(state.database, opened.token)
    async with state.database.read(opened.workspace_id) as uow:
        found = await sessions.describe(uow, caller)
    return SelfView.of(found, caller, opened.csrf_token)


def terms_of(state: AppState) -> Terms:
    chosen = state.settings.sign_in
    return Terms(timedelta(hours=chosen.idle_hours), timedelta(hours=chosen.absolute_hours))
