"""The two clients: one that blocks and one that awaits, with the same words."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self, TypeVar, overload

import httpx

from warmline_client.errors import WarmlineError
from warmline_client.patience import Call, Item, Json, Page, Seen, wait_after

TIMEOUT: Final = 20.0
RETRIES: Final = 3
# How often a change is begun anew when others were faster.
ROUNDS: Final = 3
FASTER: Final = "precondition_failed"

Answer = TypeVar("Answer")


def _headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "user-agent": "warmline-client/0.2"}


def _list_at(path: str | Call[Page[Item]], params: Json) -> Call[Any]:
    return Call("GET", path, params) if isinstance(path, str) else path


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

    def send(self, call: Call[Answer]) -> Answer:
        """Raises WarmlineError, or httpx.TransportError when nothing answered after all tries."""
        found: Answer = _read(self._exchange(call))
        return found

    def look(self, call: Call[Answer]) -> Seen[Answer]:
        """What is there, with its tag for `if_match`."""
        response = self._exchange(call)
        return Seen(_read(response), response.headers.get("etag", ""))

    def change(
        self, read: Call[Item], make: Callable[[Item], Call[Answer]], *, rounds: int = ROUNDS
    ) -> Answer:
        """Read, and do what `make` says of it; read again when somebody else was faster."""
        while True:
            rounds -= 1
            seen = self.look(read)
            try:
                return self.send(make(seen.value).if_match(seen.etag))
            except WarmlineError as error:
                if error.code != FASTER or rounds <= 0:
                    raise

    @overload
    def each(self, path: Call[Page[Item]]) -> Iterator[Item]: ...
    @overload
    def each(self, path: str, **params: Any) -> Iterator[Any]: ...
    def each(self, path: str | Call[Page[Item]], **params: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        call = _list_at(path, params)
        while True:
            page = self.send(call)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return
            call = call.behind(cursor)

    def get(self, path: str, **params: Any) -> Any:
        return self.send(Call[Any]("GET", path, params))

    def post(
        self, path: str, body: Json | None = None, *, idempotency_key: str | None = None
    ) -> Any:
        """Tried again under one idempotency key; give your own to try again after a restart."""
        call = Call[Any]("POST", path, body=body, once=True, idempotency_key=idempotency_key)
        return self.send(call)

    def put(self, path: str, body: Json | list[Any]) -> Any:
        return self.send(Call[Any]("PUT", path, body=body))

    def patch(self, path: str, body: Json) -> Any:
        return self.send(Call[Any]("PATCH", path, body=body))

    def delete(self, path: str, **params: Any) -> Any:
        return self.send(Call[Any]("DELETE", path, params))

    def _exchange(self, call: Call[Any]) -> httpx.Response:
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
                    return response
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

    async def send(self, call: Call[Answer]) -> Answer:
        """Raises WarmlineError, or httpx.TransportError when nothing answered after all tries."""
        found: Answer = _read(await self._exchange(call))
        return found

    async def look(self, call: Call[Answer]) -> Seen[Answer]:
        """What is there, with its tag for `if_match`."""
        response = await self._exchange(call)
        return Seen(_read(response), response.headers.get("etag", ""))

    async def change(
        self, read: Call[Item], make: Callable[[Item], Call[Answer]], *, rounds: int = ROUNDS
    ) -> Answer:
        """Read, and do what `make` says of it; read again when somebody else was faster."""
        while True:
            rounds -= 1
            seen = await self.look(read)
            try:
                return await self.send(make(seen.value).if_match(seen.etag))
            except WarmlineError as error:
                if error.code != FASTER or rounds <= 0:
                    raise

    @overload
    def each(self, path: Call[Page[Item]]) -> AsyncIterator[Item]: ...
    @overload
    def each(self, path: str, **params: Any) -> AsyncIterator[Any]: ...
    async def each(self, path: str | Call[Page[Item]], **params: Any) -> AsyncIterator[Any]:
        """Every item of a list, page by page."""
        call = _list_at(path, params)
        while True:
            page = await self.send(call)
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor")
            if cursor is None:
                return
            call = call.behind(cursor)

    async def get(self, path: str, **params: Any) -> Any:
        return await self.send(Call[Any]("GET", path, params))

    async def post(
        self, path: str, body: Json | None = None, *, idempotency_key: str | None = None
    ) -> Any:
        """Tried again under one idempotency key; give your own to try again after a restart."""
        call = Call[Any]("POST", path, body=body, once=True, idempotency_key=idempotency_key)
        return await self.send(call)

    async def put(self, path: str, body: Json | list[Any]) -> Any:
        return await self.send(Call[Any]("PUT", path, body=body))

    async def patch(self, path: str, body: Json) -> Any:
        return await self.send(Call[Any]("PATCH", path, body=body))

    async def delete(self, path: str, **params: Any) -> Any:
        return await self.send(Call[Any]("DELETE", path, params))

    async def _exchange(self, call: Call[Any]) -> httpx.Response:
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
                    return response
            await asyncio.sleep(wait or 0)
        raise AssertionError("unreachable")
