import re

import httpx
import pytest


async def test_the_root_says_where_everything_is(anonymous: httpx.AsyncClient) -> None:
    hello = (await anonymous.get("/")).json()
    for name in ("docs", "openapi", "health", "metrics"):
        assert (await anonymous.get(hello[name])).status_code == 200, name


async def test_the_reference_loads_nothing_from_elsewhere(anonymous: httpx.AsyncClient) -> None:
    page = await anonymous.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert "/docs/docs.js" in named
    texts = [page.text]
    for address in named:
        part = await anonymous.get(address)
        assert part.status_code == 200, address
        texts.append(part.text)
    for text in texts[:-1]:
        assert not re.search(r"""(?:src|href|url\(|import)\s*[=(]?\s*["']?https?:""", text)
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_the_schema_names_the_routes_and_not_the_pages(anonymous: httpx.AsyncClient) -> None:
    schema = (await anonymous.get("/openapi.json")).json()
    assert {"/v1/cases", "/v1/stream", "/v1/summary", "/metrics"} <= set(schema["paths"])
    assert "/docs" not in schema["paths"]


@pytest.mark.parametrize("name", ["nothing.js", "..%2fmain.py", "docs.html%00"])
async def test_only_its_own_files_are_shown(anonymous: httpx.AsyncClient, name: str) -> None:
    assert (await anonymous.get(f"/docs/{name}")).status_code == 404
