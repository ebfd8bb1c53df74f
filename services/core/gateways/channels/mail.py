"""E-mail over SMTP: one letter to the people a parcel is for, or to whom the channel names."""

import asyncio
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from email.errors import MessageError
from email.message import EmailMessage
from typing import Any, Final

import aiosmtplib
from typing_extensions import override

from services.core.gateways.channels.letters import write_letter
from services.core.gateways.channels.port import Answer, ChannelGateway, Failure, Parcel, Verdict
from services.core.gateways.channels.posting import printable, redact, text_of
from services.core.gateways.channels.telling import Language, Told, tell
from services.core.kit.clock import host_now, monotonic
from services.core.kit.dialing import dial
from services.core.kit.http import BlockedAddressError, Resolver, UnreachableError, resolve

KIND: Final = "email"
MAX_RECIPIENTS: Final = 50
# Replies of this class ask for another try; everything above is a refusal.
_PERMANENT: Final = 500
# What an address may be on the wire; quoted and international ones are nobody's alert address.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
ADDRESS: Final = re.compile(
    rf"(?=[^@]{{1,64}}@.{{1,253}}\Z){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*"
)
# Time left for a polite end; the letter is accepted by then.
_QUIT_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Talk:
    """How far a talk came: `handed_over` once the server may have the letter."""

    handed_over: bool = False


class MailGateway(ChannelGateway):
    """The config holds `host`, `port`, `security` (starttls, tls, none), `sender`, `recipients`.

    And `username` with `password` where the server wants them. `trust` replaces the system's
    certificates.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout_seconds: float = 10.0,
        base_url: str = "",
        resolver: Resolver = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._seconds = timeout_seconds
        self._base_url = base_url
        self._resolve = resolver
        self._trust = trust

    @override
    async def send(self, parcel: Parcel) -> Answer:
        started = monotonic()
        answer = await self._deliver(parcel)
        took = round((monotonic() - started) * 1000)
        return replace(answer, detail=redact(answer.detail, parcel), took_ms=took)

    async def _deliver(self, parcel: Parcel) -> Answer:
        talk = _Talk()
        try:
            letter, recipients = self._write(parcel)
            async with asyncio.timeout(self._seconds):
                return await self._talk(parcel, letter, recipients, talk)
        except BlockedAddressError as error:
            return Answer(failure=Failure.BLOCKED, detail=error.detail)
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code, error.message)
        except MessageError:
            detail = "The sender or a recipient is no e-mail address."
            return Answer(failure=Failure.MISCONFIGURED, detail=detail)
        except (OSError, ValueError, UnreachableError, aiosmtplib.SMTPException) as error:
            return self._broken(error, talk)

    def _write(self, parcel: Parcel) -> tuple[EmailMessage, list[str]]:
        telling = tell(parcel, default=Language.BOTH, base_url=self._base_url)
        recipients = recipients_of(telling.people, parcel.config.get("recipients"))
        if not recipients:
            raise ValueError("The channel has no recipients.")
        sender = text_of(parcel, "sender")
        letter = write_letter(parcel, telling, sender=sender, recipients=recipients, now=host_now())
        return letter, recipients

    async def _talk(
        self, parcel: Parcel, letter: EmailMessage, recipients: list[str], talk: _Talk
    ) -> Answer:
        server = await self._connect(parcel)
        try:
            await server.mail(text_of(parcel, "sender"))
            refusals = await _name_recipients(server, recipients)
            if len(refusals) == len(recipients):
                # While one of the refusals may pass, another try may reach somebody.
                code, words = min(refusals)
                return _refused(code, words)
            talk.handed_over = True
            code, words = await server.data(letter.as_bytes())
            said = printable(f"{code} {words}".encode())
            if refusals:
                said = f"{len(refusals)} of {len(recipients)} recipients refused. {said}"
            with suppress(Exception):
                await asyncio.wait_for(server.quit(), _QUIT_SECONDS)
            return Answer(code, detail=said[:200], verdict=Verdict.ACCEPTED)
        finally:
            server.close()

    async def _connect(self, parcel: Parcel) -> aiosmtplib.SMTP:
        host, security = text_of(parcel, "host"), parcel.config.get("security", "starttls")
        connection = await dial(
            host,
            _port(parcel.config.get("port")),
            allow_private=self._allow_private,
            resolver=self._resolve,
        )
        server = aiosmtplib.SMTP(
            hostname=host,
            sock=connection,
            use_tls=security == "tls",
            start_tls=False,
            tls_context=self._certificates(),
            timeout=self._seconds,
            # Asking for our own name may take a resolver's time.
            local_hostname=text_of(parcel, "sender").rpartition("@")[2] or "localhost",
        )
        try:
            await server.connect()
            if security == "starttls":
                await _require_tls(server)
            if username := parcel.config.get("username"):
                await server.login(username, parcel.config.get("password", ""))
        except BaseException:
            server.close()
            connection.close()
            raise
        return server

    def _broken(self, error: Exception, talk: _Talk) -> Answer:
        """Before the letter was handed over nothing was sent, whatever happened."""
        if isinstance(error, TimeoutError | aiosmtplib.SMTPTimeoutError):
            failure = Failure.TIMEOUT if talk.handed_over else Failure.UNREACHABLE
            return Answer(failure=failure, detail=f"No answer within {self._seconds:g} seconds.")
        if talk.handed_over:
            detail = "The connection broke before the server confirmed the letter."
            return Answer(failure=Failure.LOST, detail=detail)
        # Asked before ValueError, which a certificate nobody trusts is too.
        if any(isinstance(one, ssl.SSLError) for one in (error, error.__cause__)):
            detail = "The mail server's certificate is not trusted."
            return Answer(failure=Failure.UNREACHABLE, detail=detail)
        if isinstance(error, ValueError | aiosmtplib.SMTPNotSupported):
            return Answer(failure=Failure.MISCONFIGURED, detail=printable(str(error).encode()))
        detail = "No conversation with the mail server came about."
        return Answer(failure=Failure.UNREACHABLE, detail=detail)

    def _certificates(self) -> ssl.SSLContext:
        """Read once, and only by those who send e-mail: it takes a while."""
        self._trust = self._trust or ssl.create_default_context()
        return self._trust


def recipients_of(people: Sequence[Told], configured: object) -> list[str]:
    """The people of the parcel who have an address, else whom the channel names."""
    asked = [person.contacts.get(KIND, "") for person in people]
    listed = configured if isinstance(configured, list) else []
    found = [one for one in asked if ADDRESS.fullmatch(one)] or [str(one) for one in listed]
    return list(dict.fromkeys(found))[:MAX_RECIPIENTS]


def _port(value: Any) -> int:
    if not isinstance(value, int):
        raise ValueError("The channel has no port.")  # noqa: TRY004 - what a person set, not a bug
    return value


async def _require_tls(server: aiosmtplib.SMTP) -> None:
    """Go on under TLS, or not at all: an alert and a password are nobody else's to read."""
    await server.ehlo()
    if not server.supports_extension("starttls"):
        raise ValueError("The mail server offers no TLS.")
    await server.starttls()


async def _name_recipients(
    server: aiosmtplib.SMTP, recipients: Sequence[str]
) -> list[tuple[int, str]]:
    """Name each; what was said to those who were refused."""
    refusals = []
    for recipient in recipients:
        try:
            await server.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            refusals.append((error.code, error.message))
    return refusals


def _refused(code: int, words: str) -> Answer:
    verdict = Verdict.NEVER if code >= _PERMANENT else Verdict.AGAIN
    return Answer(code, detail=printable(f"{code} {words}".encode()), verdict=verdict)
