"""Keeps slow and endless senders from holding the server's connections.

The server itself waits for a request's head as long as it takes, and its fast parser takes a head
of any length. Here every head has a deadline and a bound, and whoever is slow needs one of a few
seats for his address. Bodies have deadlines of their own, in `bodies.py`.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.api.errors import PROBLEM_MEDIA, problem_body
from services.core.kit import ids

log = structlog.get_logger(__name__)

# The slower parser has this limit built in at a quarter of it; the fast one has none.
MAX_HEAD_BYTES: Final = 64 * 1024
# Many callers connect at once and speak within this; they need no seat.
UNSEATED_SECONDS: Final = 1.0
# Closing at once on somebody who still sends would take our last word away from him.
LINGER_SECONDS: Final = 1.0

_REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: ("bad_request", "The request is not valid HTTP."),
    HTTPStatus.REQUEST_TIMEOUT: ("request_timeout", "The request's head did not come in time."),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("head_too_large", "The head is too long."),
}


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """`head_seconds` from the first moment to the head's end; 0 seats close nobody early."""

    head_seconds: float = 10.0
    seats_per_address: int = 50


class WaitingRoom:
    """Seats for those whose head is not complete, so many for each address."""

    def __init__(self, seats_per_address: int) -> None:
        self._seats = seats_per_address
        self._taken: Counter[str] = Counter()

    def take(self, address: str) -> bool:
        """Return whether there was a seat left."""
        if self._seats and self._taken[address] >= self._seats:
            return False
        self._taken[address] += 1
        return True

    def give_back(self, address: str) -> None:
        self._taken[address] -= 1
        if not self._taken[address]:
            # Addresses do not pile up.
            del self._taken[address]


class PatientConnection(asyncio.Protocol):
    """Laid over a protocol of the server: what one connection may do before its head is whole."""

    limits: ConnectionLimits
    room: WaitingRoom

    # What the server's protocols have.
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    client: tuple[str, int] | None
    cycle: Any

    _timer: asyncio.TimerHandle | None = None
    _seat: str | None = None
    _bytes_waited: int = 0
    _refused: bool = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._wait()

    @override
    def data_received(self, data: bytes) -> None:
        # What comes while we linger is not listened to.
        if not self._refused:
            self._listen(data)

    def _listen(self, data: bytes) -> None:
        super().data_received(data)
        if self._refused:
            return
        if self._busy:
            # The usual case: a request that came at once never starts a clock.
            self._wait_no_more()
            return
        # Part of a head, or the rest of a body whose request was answered: the same clock.
        self._wait()
        self._bytes_waited += len(data)
        if self._bytes_waited > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def send_400_response(self, _msg: str) -> None:
        """Instead of the server's own words: what is no HTTP is answered like every refusal."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer is None:
            unseated = min(UNSEATED_SECONDS, self.limits.head_seconds / 2)
            self._timer = self.loop.call_later(unseated, self._sit_down, unseated)

    def _sit_down(self, waited: float) -> None:
        address = self.client[0] if self.client else ""
        if not self.room.take(address):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
            return
        self._seat = address
        rest = self.limits.head_seconds - waited
        self._timer = self.loop.call_later(rest, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._seat is not None:
            self.room.give_back(self._seat)
            self._seat = None
        self._bytes_waited = 0

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, then hang up. Nothing is said where nothing was asked or it is answered."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        log.info("connection.refused", status=int(status))
        speak = self._expects_an_answer(status)
        self._wait_no_more()
        if not speak:
            self.transport.close()
            return
        self.transport.write(_refusal(status))
        self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        if self._busy:
            # Whoever still waits for the rest of the body need not.
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _expects_an_answer(self, status: HTTPStatus) -> bool:
        if self._busy:
            return not self.cycle.response_started
        if self.cycle is not None and self.cycle.more_body:
            # The rest of a body nobody wanted: its request was answered.
            return False
        return self._bytes_waited > 0 or status is HTTPStatus.BAD_REQUEST


def guarded(parser: str, limits: ConnectionLimits) -> type[PatientConnection]:
    """The protocol class for `uvicorn.Config(http=…)`; its connections share one waiting room.

    `parser` is `h11` or `httptools`.
    """
    server: Any = {"h11": H11Protocol, "httptools": HttpToolsProtocol}[parser]
    room = WaitingRoom(limits.seats_per_address)
    return type(
        f"Patient{server.__name__}", (PatientConnection, server), {"limits": limits, "room": room}
    )


def _refusal(status: HTTPStatus) -> bytes:
    code, detail = _REFUSALS[status]
    request_id = ids.new_id().hex
    body = problem_body(status, code, detail, request_id)
    head = (
        f"HTTP/1.1 {int(status)} {status.phrase}\r\ncontent-type: {PROBLEM_MEDIA}\r\n"
        f"content-length: {len(body)}\r\nx-request-id: {request_id}\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
