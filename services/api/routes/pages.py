"""What a person meets first: a hello, and the reference as a page that needs no other machine.

The framework's page loads its scripts from a content network, and packages that carry those
scripts weigh megabytes; this one is three small files and shows the schema with commands to copy.
"""

from functools import cache
from importlib import resources

from fastapi import APIRouter, Response

from services.api.schemas.common import ReadModel
from services.core.kit.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_MEDIA = {
    "docs.html": "text/html; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "openapi.json": "application/json",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Hello(ReadModel):
    name: str = "Warmline"
    docs: str = "/docs"
    openapi: str = "/openapi.json"
    health: str = "/healthz"
    readiness: str = "/readyz"
    metrics: str = "/metrics"


@router.get("/")
async def say_hello() -> Hello:
    return Hello()


@router.get("/openapi.json")
async def show_schema() -> Response:
    """Read from its file: writing it anew takes seconds, and nobody would be answered meanwhile."""
    return _page("openapi.json")


@router.get("/docs")
async def show_docs() -> Response:
    return _page("docs.html")


@router.get("/docs/{name}")
async def show_part(name: str) -> Response:
    return _page(name)


def _page(name: str) -> Response:
    if name not in _MEDIA:
        raise NotFoundError("page")
    headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}
    return Response(_read(name), headers=headers, media_type=_MEDIA[name])


@cache
def _read(name: str) -> bytes:
    return resources.files("services.api").joinpath("pages", name).read_bytes()
