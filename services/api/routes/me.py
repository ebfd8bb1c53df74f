"""Who I am here, where I am signed in, and my password."""

from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from services.api.credentials import give_cookie, place_of, read_session, take_cookie
from services.api.deps import CurrentCaller, State
from services.api.errors import problems, request_id_of
from services.api.schemas.common import Page
from services.api.schemas.sign_in import EndedView, PasswordBody, SelfView, SessionView
from services.core.kit.errors import NotFoundError
from services.core.sessions import rules
from services.core.sessions import service as sessions
from services.core.sessions.errors import (
    NotSignedInError,
    TooManyGuessesError,
    WeakPasswordError,
    WrongPasswordError,
)

router = APIRouter(prefix="/v1/me", tags=["sign-in"])


@router.get("", summary="Say who I am")
async def who_am_i(request: Request, state: State, caller: CurrentCaller) -> SelfView:
    """For a person who signed in and for a key: workspace, role, scopes, and the CSRF token."""
    async with state.database.read(caller.workspace_id) as uow:
        found = await sessions.describe(uow, caller)
    token = read_session(request) if caller.session_id else None
    return SelfView.of(found, caller, rules.csrf_token(token) if token else None)


@router.post(
    "/password",
    summary="Change my password",
    responses=problems(
        WrongPasswordError, NotSignedInError, WeakPasswordError, TooManyGuessesError
    ),
)
async def change_password(
    request: Request,
    state: State,
    caller: CurrentCaller,
    body: PasswordBody,
    response: Response,
) -> SelfView:
    """Signs out everywhere else; this session goes on with a new cookie and CSRF token."""
    before = read_session(request)
    opened = await sessions.change_password(
        state.database,
        request.app.state.hashing,
        caller,
        old=body.current,
        new=body.password,
        place=place_of(request),
    )
    if before is not None:
        sessions.forget(state.database, before)
    give_cookie(request, response, opened)
    async with state.database.read(caller.workspace_id) as uow:
        found = await sessions.describe(uow, caller)
    return SelfView.of(found, caller, opened.csrf_token)


@router.get("/sessions", summary="List my sessions", responses=problems(NotSignedInError))
async def list_sessions(state: State, caller: CurrentCaller) -> Page[SessionView]:
    """Where I am signed in, newest first. There are few: the page is always whole."""
    async with state.database.read(caller.workspace_id) as uow:
        found = await sessions.list_sessions(uow, caller)
    return Page(items=[SessionView.of(each, caller.session_id) for each in found])


@router.delete(
    "/sessions/{session_id}",
    summary="Sign out in one place",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotSignedInError, NotFoundError),
)
async def end_session(
    request: Request, state: State, caller: CurrentCaller, session_id: UUID
) -> None:
    """Obeyed everywhere within a second."""
    async with state.database.unit(
        caller.workspace_id, actor=caller.actor, request_id=request_id_of(request)
    ) as uow:
        await sessions.end_session(uow, caller, session_id)


@router.delete("/sessions", summary="Sign out everywhere", responses=problems(NotSignedInError))
async def end_sessions(
    request: Request, state: State, caller: CurrentCaller, response: Response
) -> EndedView:
    """Here too. Obeyed everywhere within a second."""
    if caller.session_id is None or caller.member_id is None:
        raise NotSignedInError
    async with state.database.unit(
        caller.workspace_id, actor=caller.actor, request_id=request_id_of(request)
    ) as uow:
        ended = await sessions.end_sessions(uow, caller.member_id)
    token = read_session(request)
    if token is not None:
        sessions.forget(state.database, token)
    take_cookie(request, response)
    return EndedView(ended=ended)
