"""Reads bodies piece by piece: never more bytes than allowed, never longer than patience."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from starlette.types import Receive

from services.api.errors import DeadlineError
from services.core.intake.errors import BodyTooLargeError
from services.core.kit.clock import monotonic

_MAX_LENGTH_DIGITS = 19


class ClientGoneError(Exception):
    """The sender hung up; nobody is left to answer."""


def check_declared_length(headers: Iterable[tuple[bytes, bytes]], limit_bytes: int) -> None:
    """Refuse by the declared length, before a byte is read. Raises BodyTooLargeError.

    The declaration is only believed when it is too large: the bytes are counted anyway.
    """
    for name, value in headers:
        if name != b"content-length" or not value.isdigit():
            continue
        if len(value) > _MAX_LENGTH_DIGITS or int(value) > limit_bytes:
            raise BodyTooLargeError(limit_bytes)


async def read_pieces(
    receive: Receive, *, limit_bytes: int, seconds: float
) -> AsyncIterator[bytes]:
    """Yield the body as it comes. `seconds` is for the whole of it, however steadily it drips.

    Raises BodyTooLargeError, DeadlineError or ClientGoneError.
    """
    ends_at = monotonic() + seconds
    received = 0
    more = True
    while more:
        try:
            async with asyncio.timeout(max(ends_at - monotonic(), 0.0)):
                message = await receive()
        except TimeoutError:
            raise DeadlineError(seconds) from None
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        received += len(piece)
        if received > limit_bytes:
            raise BodyTooLargeError(limit_bytes)
        if piece:
            yield piece


async def read_body(receive: Receive, *, limit_bytes: int, seconds: float) -> bytes:
    """The whole body in memory; raises as `read_pieces` does."""
    pieces = [
        piece async for piece in read_pieces(receive, limit_bytes=limit_bytes, seconds=seconds)
    ]
    return b"".join(pieces)
