"""Who is behind a request: a key in its header, or a person's session in its cookie.

A cookie is sent by the browser whoever wrote the page, so a change by cookie must come from a page
of ours, or of an origin that was let in, and repeat a token other pages cannot read.
"""

import re
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from services.core.kit.uow import Database
from services.core.sessions import rules
from services.core.sessions import service as sessions
from services.core.sessions.errors import CrossSiteError
from services.core.sessions.types import Opened, Place
from services.core.workspaces import service as workspaces
from services.core.workspaces.errors import BadKeyError
from services.core.workspaces.types import Caller

# `__Host-`: the browser takes and sends it by https alone, and no neighbouring host can set it.
COOKIE: Final = "__Host-warmline_session"
# Where a browser speaks to its own machine there is no certificate, and nobody in between.
LOOPBACK_COOKIE: Final = "warmline_session"
CSRF_HEADER: Final = "x-csrf-token"
MAX_AGENT_CHARACTERS: Final = 200

_AUTHORIZATION: Final = b"authorization"
_BEARER: Final = "bearer "
# Longer than any key: what is longer is not even looked at.
_MAX_AUTHORIZATION_BYTES: Final = 256
_MAX_COOKIE_BYTES: Final = 8192
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK: Final = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?")


def read_bearer(request: Request) -> str | None:
    """The key of a request that sends exactly one plain one; None for everything else."""
    sent = [value for name, value in request.headers.raw if name == _AUTHORIZATION]
    if len(sent) != 1 or len(sent[0]) > _MAX_AUTHORIZATION_BYTES or not sent[0].isascii():
        return None
    header = sent[0].decode("ascii")
    return header[len(_BEARER) :] if header[: len(_BEARER)].lower() == _BEARER else None


def read_session(request: Request) -> str | None:
    """The token in the one cookie that counts where the request went."""
    return read_cookie(request, cookie_name(request))


def read_cookie(request: Request, name: str) -> str | None:
    sent = b"; ".join(value for header, value in request.headers.raw if header == b"cookie")
    if not sent or len(sent) > _MAX_COOKIE_BYTES or not sent.isascii():
        return None
    try:
        found = SimpleCookie(sent.decode("ascii")).get(name)
    except CookieError:
        return None
    return found.value if found else None


async def identify(request: Request, database: Database, origins: Sequence[str]) -> Caller:
    """Say who calls. Raises BadKeyError, NoSessionError, CrossSiteError.

    A key that is sent counts, good or bad; the cookie counts only where there is none.
    """
    if any(name == _AUTHORIZATION for name, _ in request.headers.raw):
        return await workspaces.authenticate(database, read_bearer(request))
    token = read_session(request)
    if token is None:
        raise BadKeyError
    caller = await sessions.authenticate(database, token)
    if request.method not in _SAFE:
        require_same_site(request, origins)
        if not rules.is_csrf_token(token, request.headers.get(CSRF_HEADER)):
            raise CrossSiteError(f"Repeat the `csrf_token` of `/v1/me` in `{CSRF_HEADER}`.")
    return caller


def require_same_site(request: Request, origins: Sequence[str]) -> None:
    """Raises CrossSiteError when a browser says that the page is of neither us nor `origins`."""
    origin = request.headers.get("origin")
    if origin is not None:
        ours = urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
        if not ours and origin not in origins:
            raise CrossSiteError("This origin may not act for somebody who is signed in.")
        return
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise CrossSiteError("Another site's page may not act for somebody who is signed in.")


def cookie_name(request: Request) -> str:
    return LOOPBACK_COOKIE if is_loopback(request) else COOKIE


def is_loopback(request: Request) -> bool:
    """True when the browser believes to speak to its own machine."""
    return _LOOPBACK.fullmatch(request.headers.get("host", "").lower()) is not None


def give_cookie(request: Request, response: Response, opened: Opened) -> None:
    """Lax: sent when somebody follows a link to us, not with what other sites post."""
    response.set_cookie(
        cookie_name(request),
        opened.token,
        expires=opened.expires_at,
        path="/",
        secure=not is_loopback(request),
        httponly=True,
        samesite="lax",
    )


def take_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(
        cookie_name(request),
        path="/",
        secure=not is_loopback(request),
        httponly=True,
        samesite="lax",
    )


def place_of(request: Request) -> Place:
    agent = request.headers.get("user-agent")
    address = request.client.host if request.client else None
    return Place(address, agent[:MAX_AGENT_CHARACTERS] if agent else None)
