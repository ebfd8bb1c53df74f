"""The only way out: HTTP to addresses users chose, without letting them choose our own network.

A name is resolved once, every address it has must be public, the connection goes to one of exactly
those, and the answer is taken in bounded size and time. No redirects, no proxies, no decompression.

OutgoingError
├── DeadlineError      no answer in time, or it never ended
├── LostAnswerError    the connection broke, or the answer was no HTTP one can take: it may
│                      have arrived
└── UnreachableError   no connection came about: nothing was sent
BlockedAddressError    a DomainError: the address is not one we talk to
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx

from services.core.kit.addresses import Address, are_public, is_public, parse_literal
from services.core.kit.clock import monotonic
from services.core.kit.errors import DomainError, ErrorKind

MAX_ANSWER_BYTES: Final = 64 * 1024
MAX_ANSWER_HEADERS: Final = 200
# A body in crumbs costs work for each: nobody writes so few bytes in so many pieces.
MAX_ANSWER_PIECES: Final = 4_096
MAX_URL_CHARACTERS: Final = 2048
# A name with more addresses than this is tried no further.
MAX_ADDRESSES: Final = 4
CONNECT_SECONDS: Final = 3.0
WEB_PORTS: Final = frozenset({80, 443})

# ASCII after IDNA; brackets are already off an IPv6 address, and zones are nobody's business.
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]


class BlockedAddressError(DomainError):
    """The address leads to this machine or its network, or is not plainly a web address."""

    kind = ErrorKind.INVALID
    code = "blocked_address"


class OutgoingError(Exception):
    """No usable answer. The text is ours; it never repeats what the other side sent."""


class DeadlineError(OutgoingError):
    """The time was up before a status came; the request may have arrived."""


class LostAnswerError(OutgoingError):
    """The request went out and no HTTP answer came back; it may have arrived."""


class UnreachableError(OutgoingError):
    """Nothing was sent: no such name, nobody listening, or no trusted certificate."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. `cut` says the body was longer or slower than we listen."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart: where to connect, and what to say we came for."""

    url: httpx.URL
    host: str
    port: int


def check_url(
    url: str, *, allow_private: bool = False, ports: frozenset[int] = WEB_PORTS
) -> Target:
    """Take a web address apart; what it says literally must be public.

    A name is not resolved here: it is at every sending, since it may point elsewhere by then.
    Raises BlockedAddressError. `allow_private` lets every address and port pass.
    """
    target = _take_apart(url)
    if allow_private:
        return target
    if target.port not in ports:
        listed = ", ".join(str(port) for port in sorted(ports))
        raise BlockedAddressError(f"Only these ports are called: {listed}.")
    literal = parse_literal(target.host)
    if literal is not None and not is_public(literal):
        raise BlockedAddressError("The address is not a public one.")
    if f".{target.host.rstrip('.')}".endswith(".localhost"):
        raise BlockedAddressError("The address is not a public one.")
    return target


def _take_apart(url: str) -> Target:
    if len(url) > MAX_URL_CHARACTERS:
        raise BlockedAddressError(f"The address is longer than {MAX_URL_CHARACTERS} characters.")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise BlockedAddressError("This is not a web address.") from None
    if parsed.scheme not in {"http", "https"} or not host:
        raise BlockedAddressError("An address starts with https:// or http:// and a host name.")
    if not _HOST.fullmatch(host):
        raise BlockedAddressError("This is not a host name.")
    if parsed.userinfo:
        raise BlockedAddressError("A name or password does not belong into an address.")
    port = parsed.port
    if port is None:
        port = 443 if parsed.scheme == "https" else 80
    return Target(parsed.copy_with(fragment=None), host, port)


async def resolve(host: str, port: int) -> list[Address]:
    """Every address the system's resolver knows. Raises UnreachableError when there is none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnreachableError("The host name could not be resolved.") from None
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ipaddress.ip_address(text) for text in texts]


class GuardedClient:
    """Talks to addresses of strangers. One for a process: it holds the trusted certificates.

    `timeout_seconds` is for the whole exchange, names and certificates included. Connections are
    not kept: two names on one address must never share one.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout_seconds: float = 10.0,
        ports: frozenset[int] = WEB_PORTS,
        resolver: Resolver = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._seconds = timeout_seconds
        self._ports = ports
        self._resolve = resolver
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            verify=True if trust is None else trust,
            timeout=httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    @property
    def allows_private(self) -> bool:
        return self._allow_private

    async def post(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Send once; every HTTP answer is returned, whatever it says.

        Raises BlockedAddressError or an OutgoingError.
        """
        return await self._exchange("POST", url, content, headers, MAX_ANSWER_BYTES)

    async def get(
        self, url: str, *, headers: Mapping[str, str], max_bytes: int = MAX_ANSWER_BYTES
    ) -> HttpAnswer:
        """Ask once, as `post` sends; the body is cut after `max_bytes`."""
        return await self._exchange("GET", url, b"", headers, max_bytes)

    async def _exchange(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str], max_bytes: int
    ) -> HttpAnswer:
        target = check_url(url, allow_private=self._allow_private, ports=self._ports)
        deadline = monotonic() + self._seconds
        try:
            async with asyncio.timeout(self._seconds):
                addresses = await self._addresses(target)
                response = await self._connect_and_send(method, target, addresses, content, headers)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout):
            raise DeadlineError(f"No answer within {self._seconds:g} seconds.") from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise UnreachableError("Nobody answered at that address.") from None
        except httpx.TransportError:
            raise LostAnswerError("The connection broke before an answer came.") from None
        try:
            if len(response.headers.raw) > MAX_ANSWER_HEADERS:
                raise LostAnswerError("The answer has too many headers.")
            body, cut = await _read(response, deadline, max_bytes)
        finally:
            await response.aclose()
        return HttpAnswer(response.status_code, response.headers, body, cut)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _addresses(self, target: Target) -> Sequence[Address]:
        literal = parse_literal(target.host)
        found = [literal] if literal else await self._resolve(target.host, target.port)
        if not self._allow_private and not are_public(found):
            raise BlockedAddressError("The host name leads to an address that is not public.")
        return found[:MAX_ADDRESSES]

    async def _connect_and_send(
        self,
        method: str,
        target: Target,
        addresses: Sequence[Address],
        content: bytes,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        """Try the addresses in turn; once connected there is no second try, it may have arrived."""
        for address in addresses[:-1]:
            try:
                return await self._send(method, target, address, content, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(method, target, addresses[-1], content, headers)

    async def _send(
        self,
        method: str,
        target: Target,
        address: Address,
        content: bytes,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        async def check_peer(step: str, details: Mapping[str, Any]) -> None:
            if step == "connection.connect_tcp.complete":
                await _require_peer(details["return_value"], address)

        request = self._client.build_request(
            method,
            target.url.copy_with(host=str(address)),
            content=content,
            # Host comes first and ours: the socket goes to the address, the talk is with the name.
            headers={
                "host": target.url.netloc.decode("ascii"),
                "user-agent": "Warmline",
                "accept-encoding": "identity",
                **headers,
            },
            extensions={"sni_hostname": target.host, "trace": check_peer},
        )
        return await self._client.send(request, stream=True)


async def _require_peer(stream: Any, address: Address) -> None:
    """Compare whom we are connected to with whom we meant, before a byte is sent.

    Raises UnreachableError when nobody is there any more: hung up on already, a socket has no peer,
    and a warning must not be given up for that.
    """
    try:
        peer = stream.get_extra_info("server_addr")
    except (OSError, AttributeError):
        # anyio asks a socket that uvloop has put away already.
        peer = None
    if not peer:
        await stream.aclose()
        raise UnreachableError("The connection was broken before anything was sent.")
    if ipaddress.ip_address(str(peer[0]).partition("%")[0]) == address:
        return
    await stream.aclose()
    raise BlockedAddressError("The connection led to another address than the name.")


async def _read(response: httpx.Response, deadline: float, max_bytes: int) -> tuple[bytes, bool]:
    """The body as it came over the wire, up to the limit; the status counts even without it."""
    body, pieces, cut = bytearray(), 0, False
    try:
        async with asyncio.timeout(max(0.0, deadline - monotonic())):
            async for piece in response.aiter_raw():
                body += piece
                pieces += 1
                cut = len(body) > max_bytes or pieces > MAX_ANSWER_PIECES
                if cut:
                    break
    except (TimeoutError, httpx.TransportError):
        cut = True
    return bytes(body[:max_bytes]), cut
