"""The two clients: one that blocks and one that awaits, with the same words."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Final, Self

import httpx

from warmline_client.errors import WarmlineError
from warmline_client.patience import Call, Json, wait_after

TIMEOUT: Final = 20.0
RETRIES: Final = 3


def _headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "user-agent": "warmline-client/0.1"}


def _read(response: httpx.Response) -> Any:
    if not response.is_success:
        raise WarmlineError.of(response)
    if not response.content:
        return None
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.json() if is_json else response.text


class Warmline:
    """Calls Warmline with a key. Close it, or use it in `with`."""

    def __init__(
        self,
        address: str,
        *,
        key: str,
        retries: int = RETRIES,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._retries = retries
        self._http = httpx.Client(
            base_url=address, headers=_headers(key), timeout=timeout, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        return self.send(Call("GET", path, params))

    def post(
        self, path: str, body: Json | None = None, *, idempotency_key: str | None = None
    ) -> Any:
        """Tried again under one idempotency key; give your own to try again after a restart."""
        return self.send(Call.post(path, body, idempotency_key))

    def put(self, path: str, body: Json | list[Any]) -> Any:
        return self.send(Call("PUT", path, body=body))

    def patch(self, path: str, body: Json) -> Any:
        return self.send(Call("PATCH", path, body=body))

    def delete(self, path: str, **params: Any) -> Any:
        return self.send(Call("DELETE", path, params))

    def each(self, path: str, **params: Any) -> Iterator[Json]:
        """Every item of a list, page by page."""
        while True:
            page = self.get(path, **params)
            yield from page["items"]
            params["cursor"] = page.get("next_cursor")
            if params["cursor"] is None:
                return

    def send(self, call: Call) -> Any:
        """Raises WarmlineError, or httpx.TransportError when nothing answered after all tries."""
        for tries in range(self._retries + 1):
            last = tries == self._retries
            try:
                response = self._http.request(call.method, call.path, **call.arguments)
            except httpx.TransportError as error:
                if last:
                    raise
                wait = wait_after(error, tries)
            else:
                wait = None if last else wait_after(response, tries)
                if wait is None:
                    return _read(response)
            time.sleep(wait or 0)
        raise AssertionError("unreachable")


class AsyncWarmline:
    """Calls Warmline with a key, without blocking. Close it, or use it in `async with`."""

    def __init__(
        self,
        address: str,
        *,
        key: str,
        retries: int = RETRIES,
        timeout: float = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = retries
        self._http = httpx.AsyncClient(
            base_url=address, headers=_headers(key), timeout=timeout, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **params: Any) -> Any:
        return await self.send(Call("GET", path, params))

    async def post(
        self, path: str, body: Json | None = None, *, idempotency_key: str | None = None
    ) -> Any:
        """Tried again under one idempotency key; give your own to try again after a restart."""
        return await self.send(Call.post(path, body, idempotency_key))

    async def put(self, path: str, body: Json | list[Any]) -> Any:
        return await self.send(Call("PUT", path, body=body))

    async def patch(self, path: str, body: Json) -> Any:
        return await self.send(Call("PATCH", path, body=body))

    async def delete(self, path: str, **params: Any) -> Any:
        return await self.send(Call("DELETE", path, params))

    async def each(self, path: str, **params: Any) -> AsyncIterator[Json]:
        """Every item of a list, page by page."""
        while True:
            page = await self.get(path, **params)
            for item in page["items"]:
                yield item
            params["cursor"] = page.get("next_cursor")
            if params["cursor"] is None:
                return

    async def send(self, call: Call) -> Any:
        """Raises WarmlineError, or httpx.TransportError when nothing answered after all tries."""
        for tries in range(self._retries + 1):
            last = tries == self._retries
            try:
                response = await self._http.request(call.method, call.path, **call.arguments)
            except httpx.TransportError as error:
                if last:
                    raise
                wait = wait_after(error, tries)
            else:
                wait = None if last else wait_after(response, tries)
                if wait is None:
                    return _read(response)
            await asyncio.sleep(wait or 0)
        raise AssertionError("unreachable")
