"""Links of messages: a page that says what the alert is, with one button and no login.

Chat programs open every link to preview it: only a POST acts, however often a page is fetched.
Behind a link of nobody's each button is a name.
"""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from services.api import act_pages
from services.api.deps import State
from services.api.errors import request_id_of, status_of
from services.core.actions.errors import LinkOverError, UnknownLinkError
from services.core.commands.service import pressing
from services.core.kit.errors import DomainError, UnavailableError

router = APIRouter(include_in_schema=False)

_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
}


@router.get("/a/act.css")
async def show_style() -> Response:
    headers = {"cache-control": "public, max-age=3600"}
    return Response(act_pages.read_style(), headers=headers, media_type="text/css; charset=utf-8")


@router.get("/a/{token}")
async def show_link(request: Request, state: State, token: str) -> Response:
    language = act_pages.choose_language(request.headers.get("accept-language"))
    try:
        sight = await pressing.look(state.database, token)
    except (UnknownLinkError, LinkOverError) as error:
        return _refuse(error, language)
    return _page(act_pages.show(sight, language))


@router.post("/a/{token}")
async def press_link(
    request: Request, state: State, token: str, person: UUID | None = None
) -> Response:
    language = act_pages.choose_language(request.headers.get("accept-language"))
    try:
        sight = await pressing.press(
            state.database, token, picked=person, request_id=request_id_of(request)
        )
    except (UnknownLinkError, LinkOverError) as error:
        return _refuse(error, language)
    except UnavailableError:
        raise
    except DomainError as error:
        return _page(act_pages.show_trouble(language, error.detail), status_of(error))
    await state.wakeups.wake(set(sight.queues))
    return _page(act_pages.show(sight, language))


def _refuse(error: UnknownLinkError | LinkOverError, language: str) -> Response:
    expired = isinstance(error, LinkOverError)
    code = status.HTTP_410_GONE if expired else status.HTTP_404_NOT_FOUND
    return _page(act_pages.show_refusal(language, expired=expired), code)


def _page(body: bytes, code: int = status.HTTP_200_OK) -> Response:
    return Response(body, code, _HEADERS, "text/html; charset=utf-8")
