"""Platforms alerts are sent to, played on this machine: what they say in good days and in bad.

HTTP ones are scripts for `tests.support.sinks`; the mail server is a real one in the test's loop.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.core.alerts.types import ChannelKind, Outcome
from services.core.gateways.channels.port import Parcel
from services.core.kit import ids
from services.core.kit.http import MAX_ANSWER_BYTES
from services.core.kit.signatures import generate_secret
from tests.support.sinks import Script, drops, says, waits_for

ROUTING_KEY: Final = "0123456789abcdef0123456789abcdef"
MAIL_CONFIG: Final[Mapping[str, Any]] = {
    "host": "127.0.0.1",
    "security": "none",
    "sender": "warmline@desk.example",
    "recipients": ["ops@desk.example", "night@desk.example"],
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a platform does, what that means for an alert, and the wait it asks for."""

    script: Script
    outcome: Outcome
    retry_after: float | None = None


def body(**said: Any) -> Script:
    """A 200 with this JSON in it."""
    return says("200 OK", "content-type: application/json", body=orjson.dumps(said))


def _never(**said: Any) -> Behaviour:
    return Behaviour(body(**said), Outcome.PERMANENT)


def _again(retry_after: float | None = None, **said: Any) -> Behaviour:
    return Behaviour(body(**said), Outcome.RETRYABLE, retry_after)


ACCEPTS: Final[Mapping[ChannelKind, Script]] = {
    ChannelKind.WEBHOOK: says("204 No Content"),
    ChannelKind.FEISHU: body(StatusCode=0, StatusMessage="success", code=0, data={}, msg="success"),
    ChannelKind.DINGTALK: body(errcode=0, errmsg="ok"),
    ChannelKind.WECOM: body(errcode=0, errmsg="ok"),
    ChannelKind.SLACK: says("200 OK", body=b"ok"),
    ChannelKind.PAGERDUTY: says(
        "202 Accepted", body=b'{"status":"success","message":"Event processed","dedup_key":"a"}'
    ),
    ChannelKind.ALERTMANAGER: says("200 OK"),
}
# Kinds whose 200 alone says nothing.
SPEAKING: Final = frozenset(ACCEPTS) - {ChannelKind.WEBHOOK, ChannelKind.ALERTMANAGER}

OF_EACH: Final[Mapping[ChannelKind, Mapping[str, Behaviour]]] = {
    ChannelKind.FEISHU: {
        "accepts in its old spelling": Behaviour(body(StatusCode=0), Outcome.SENT),
        "says 0 and means no": _never(StatusCode=0, code=19021),
        "is asked too often": _again(code=9499, msg="too many request", data={}),
        "is asked at the full hour": _again(60.0, code=11232, msg="frequency limited"),
        "finds the signature wrong": _never(code=19021, msg="sign match fail"),
        "does not know the robot": _never(code=19001, msg="token is invalid"),
        "says something new": _again(code=123456, msg="?"),
        "refuses as it should": Behaviour(
            says("400 Bad Request", body=b'{"code":19024,"msg":"Key Words Not Found"}'),
            Outcome.PERMANENT,
        ),
        "is busy behind a 400": Behaviour(
            says("400 Bad Request", body=b'{"code":9499}'), Outcome.RETRYABLE
        ),
    },
    ChannelKind.DINGTALK: {
        "bans for ten minutes": _again(600.0, errcode=130101, errmsg="send too fast"),
        "is busy itself": _again(errcode=-1, errmsg="system busy"),
        "finds the signature wrong": _never(errcode=310000, errmsg="sign not match"),
        "does not know the robot": _never(errcode=300001, errmsg="token is not exist"),
    },
    ChannelKind.WECOM: {
        "is asked too often": _again(60.0, errcode=45009, errmsg="api freq out of limit"),
        "does not know the robot": _never(errcode=93000, errmsg="invalid webhook url"),
        "finds the text too long": _never(errcode=40058, errmsg="markdown.content exceed"),
    },
    ChannelKind.SLACK: {
        "accepts as its API does": Behaviour(body(ok=True), Outcome.SENT),
        "is asked too often": _again(ok=False, error="ratelimited"),
        "finds no channel": _never(ok=False, error="channel_not_found"),
        "has no such webhook": Behaviour(
            says("404 Not Found", body=b"no_service"), Outcome.PERMANENT
        ),
    },
    ChannelKind.PAGERDUTY: {
        "finds the call wrong": Behaviour(
            says("400 Bad Request", body=b'{"status":"invalid event","errors":["no"]}'),
            Outcome.PERMANENT,
        ),
    },
    ChannelKind.ALERTMANAGER: {
        "finds the alert wrong": Behaviour(says("400 No", body=b'"bad"'), Outcome.PERMANENT),
    },
    ChannelKind.WEBHOOK: {},
}


def behaviours(kind: ChannelKind) -> dict[str, Behaviour]:
    """Everything this kind of platform is seen to do, well and badly."""
    speaks = kind in SPEAKING
    doubted = Outcome.IN_DOUBT if speaks else Outcome.SENT
    return {
        "accepts": Behaviour(ACCEPTS[kind], Outcome.SENT),
        "is throttled": Behaviour(
            says("429 Slow down", "retry-after: 30"), Outcome.RETRYABLE, 30.0
        ),
        "breaks": Behaviour(says("500 Oops", body=b"oops"), Outcome.RETRYABLE),
        "is behind a broken proxy": Behaviour(
            says("502 Bad Gateway", body=b"<html>"), Outcome.RETRYABLE
        ),
        "is slow": Behaviour(waits_for(asyncio.Event()), Outcome.IN_DOUBT),
        "hangs up": Behaviour(drops, Outcome.IN_DOUBT),
        "talks without end": Behaviour(says("200 OK", body=b"x" * 3 * MAX_ANSWER_BYTES), doubted),
        "is somebody else": Behaviour(says("200 OK", body=b"<html>Sign in</html>"), doubted),
        "sends elsewhere": Behaviour(
            says("302 Found", "location: http://127.0.0.1:1/"), Outcome.PERMANENT
        ),
        **OF_EACH[kind],
    }


def parcel_for(
    kind: ChannelKind, url: str, message: Mapping[str, Any], *secrets: str, **config: Any
) -> Parcel:
    """A parcel for a platform of this kind at `url`."""
    told: dict[str, Any] = {"url": url, **config}
    if kind is ChannelKind.PAGERDUTY:
        told["routing_key"] = ROUTING_KEY
    signed = secrets or ((generate_secret(),) if kind is ChannelKind.WEBHOOK else ())
    return Parcel(ids.new_id(), message, told, signed)


@dataclass  # without slots: early 3.11 stumbles over them when the library looks at the handler
class MailServer:
    """Takes letters, and says to each command what it is told to: {"RCPT": "550 no"}.

    `waits` and `cuts` name commands after which nothing, or the end, comes.
    """

    replies: dict[str, str] = field(default_factory=dict)
    refuses: frozenset[str] = frozenset()
    waits: frozenset[str] = frozenset()
    cuts: frozenset[str] = frozenset()
    letters: list[Envelope] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def config(self) -> dict[str, Any]:
        return {**MAIL_CONFIG, "port": self.port}

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._say("MAIL", server)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 No such person"
        said = await self._say("RCPT", server)
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, _: Session, envelope: Envelope
    ) -> str:
        self.letters.append(envelope)
        return await self._say("DATA", server)

    def authenticate(
        self, _: SMTP, __: Session, ___: Envelope, ____: str, given: LoginPassword
    ) -> AuthResult:
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == b"right", handled=False)

    async def _say(self, command: str, server: SMTP) -> str:
        if command in self.waits:
            await asyncio.Event().wait()
        if command in self.cuts and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return self.replies.get(command, "250 Taken")


@asynccontextmanager
async def mail_server(
    server: MailServer, *, identity: ssl.SSLContext | None = None, starttls: bool = False
) -> AsyncIterator[MailServer]:
    """Listen on a free port until the block ends; with an `identity` under TLS."""
    loop = asyncio.get_running_loop()
    talks: list[SMTP] = []

    def talk() -> SMTP:
        session = SMTP(
            server,
            hostname="mail.desk.example",
            loop=loop,
            tls_context=identity if starttls else None,
            authenticator=server.authenticate,
            auth_require_tls=False,
        )
        talks.append(session)
        return session

    listening = await loop.create_server(talk, "127.0.0.1", 0, ssl=None if starttls else identity)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        # A talk that was told to wait would keep its line open for ever.
        for each in talks:
            if isinstance(each.transport, asyncio.Transport):
                each.transport.abort()
