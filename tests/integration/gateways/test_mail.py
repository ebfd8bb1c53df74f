"""E-mail against a real server: to the right people, escaped, and honest about what became."""

import asyncio
import ipaddress
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from services.core.alerts.answers import judge
from services.core.alerts.types import Outcome
from services.core.gateways.channels.mail import MailGateway
from services.core.gateways.channels.port import Answer, Failure, Parcel
from services.core.kit import ids
from services.core.kit.addresses import Address
from tests.support.parcels import ALERT_ID, EVIL, FIRING, digest
from tests.support.platforms import MailServer, mail_server

# Enough to say all that comes before, on a busy machine too: the whole conversation is timed.
SLOW = 4.0
# For mail.desk.example, signed by itself.
CERTIFICATE = Path(__file__).parents[2] / "fixtures" / "mail" / "server.pem"


async def home(_: str, __: int) -> list[Address]:
    return [ipaddress.ip_address("127.0.0.1")]


def gateway(**more: Any) -> MailGateway:
    options: dict[str, Any] = {
        "allow_private": True,
        "timeout_seconds": 10.0,
        "base_url": "https://desk.example",
    }
    return MailGateway(**(options | more))


def parcel(server: MailServer, message: dict[str, Any] = FIRING, **config: Any) -> Parcel:
    return Parcel(ids.new_id(), message, {**server.config, **config})


async def delivered(
    server: MailServer, message: dict[str, Any] = FIRING, **config: Any
) -> tuple[Answer, EmailMessage]:
    async with mail_server(server):
        answer = await gateway().send(parcel(server, message, **config))
    (envelope,) = server.letters
    content = envelope.original_content
    assert content is not None
    return answer, message_from_bytes(content, policy=policy.default)


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert found is not None
    return str(found.get_content())


async def test_one_letter_goes_to_those_the_channel_names() -> None:
    server = MailServer()
    answer, letter = await delivered(server)
    assert judge(answer).outcome is Outcome.SENT
    assert server.letters[0].rcpt_tos == ["ops@desk.example", "night@desk.example"]
    assert letter["To"] == "ops@desk.example, night@desk.example"
    assert letter["From"] == "Warmline <warmline@desk.example>"
    assert letter["Subject"].startswith("[Warmline] 超时 / Breach: 有人还在等 ＠all")
    assert "https://desk.example/v1/cases/1" in part(letter, "plain")


async def test_the_people_of_the_parcel_go_before_those_of_the_channel() -> None:
    people = [
        {"name": "Lin", "contacts": {"email": "lin@desk.example"}},
        {"name": "Evil", "contacts": {"email": "x@y.example\r\nRCPT TO:<z@y.example>"}},
        {"name": "Lin again", "contacts": {"email": "lin@desk.example"}},
    ]
    server = MailServer()
    _, letter = await delivered(server, FIRING | {"people": people})
    assert server.letters[0].rcpt_tos == ["lin@desk.example"]
    assert letter["To"] == "lin@desk.example"


async def test_a_name_full_of_markup_is_a_name() -> None:
    _, letter = await delivered(MailServer())
    shown = part(letter, "html")
    assert "<at id" not in shown
    assert "&lt;at id=all&gt;" in shown
    assert "<!channel>" not in shown
    assert "javascript" not in shown
    # No header was begun by it, and no line of its own.
    assert letter["Subject"].count("\n") == 0
    assert "\u202e" not in part(letter, "plain")
    assert EVIL not in part(letter, "plain")


async def test_a_repeat_has_the_same_message_id_and_says_so() -> None:
    server = MailServer()
    async with mail_server(server):
        one = parcel(server)
        again = Parcel(one.id, {**one.message, "repeat": True}, one.config)
        for each in (one, again):
            await gateway().send(each)
    letters = [
        message_from_bytes(envelope.original_content or b"", policy=policy.default)
        for envelope in server.letters
    ]
    assert {letter["Message-ID"] for letter in letters} == {f"<{one.id}@desk.example>"}
    assert {letter["References"] for letter in letters} == {f"<{ALERT_ID}.alert@desk.example>"}
    assert ["may repeat" in part(letter, "plain") for letter in letters] == [False, True]


async def test_a_digest_names_every_alert() -> None:
    message = digest(150)
    _, letter = await delivered(MailServer(), message)
    for kind in ("plain", "html"):
        said = part(letter, kind)
        assert all(alert["id"] in said for alert in message["alerts"])


CASES = {
    "has no such person": ({"RCPT": "550 Unknown"}, 550, Outcome.PERMANENT),
    "has a full mailbox": ({"RCPT": "452 Full"}, 452, Outcome.RETRYABLE),
    "does not like the sender": ({"MAIL": "553 No"}, 553, Outcome.PERMANENT),
    "makes the sender wait": ({"MAIL": "450 Greylisted"}, 450, Outcome.RETRYABLE),
    "refuses the letter": ({"DATA": "554 Spam"}, 554, Outcome.PERMANENT),
    "cannot take the letter now": ({"DATA": "451 Later"}, 451, Outcome.RETRYABLE),
}


@pytest.mark.parametrize("behaviour", CASES)
async def test_a_server_is_taken_at_its_word(behaviour: str) -> None:
    replies, code, outcome = CASES[behaviour]
    async with mail_server(MailServer(replies)) as server:
        answer = await gateway().send(parcel(server))
    assert (answer.status_code, judge(answer).outcome) == (code, outcome)
    assert str(code) in answer.detail


async def test_some_refused_is_delivered_and_says_so() -> None:
    server = MailServer(refuses=frozenset({"night@desk.example"}))
    answer, _ = await delivered(server)
    assert judge(answer).outcome is Outcome.SENT
    assert answer.detail.startswith("1 of 2 recipients refused.")


@pytest.mark.parametrize(
    ("command", "waiting", "broken"),
    [
        ("MAIL", Failure.UNREACHABLE, Failure.UNREACHABLE),
        ("RCPT", Failure.UNREACHABLE, Failure.UNREACHABLE),
        ("DATA", Failure.TIMEOUT, Failure.LOST),
    ],
)
async def test_only_a_letter_handed_over_is_in_doubt(
    command: str, waiting: Failure, broken: Failure
) -> None:
    async with mail_server(MailServer(waits=frozenset({command}))) as slow:
        said = await gateway(timeout_seconds=SLOW).send(parcel(slow))
    assert said.failure is waiting
    async with mail_server(MailServer(cuts=frozenset({command}))) as cut:
        said = await gateway().send(parcel(cut))
    assert said.failure is broken


async def test_a_busy_server_is_asked_again() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 Busy\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        answer = await gateway().send(parcel(MailServer(port=port)))
    assert (answer.status_code, judge(answer).outcome) == (421, Outcome.RETRYABLE)


async def test_nobody_listening_is_tried_again() -> None:
    answer = await gateway().send(parcel(MailServer(port=1)))
    assert answer.failure is Failure.UNREACHABLE


async def test_a_wrong_password_is_refused_with_the_reason_and_without_the_password() -> None:
    async with mail_server(MailServer()) as server:
        wrong = await gateway().send(parcel(server, username="warmline", password="wrong-one"))
        right = await gateway().send(parcel(server, username="warmline", password="right"))
    assert (wrong.status_code, judge(wrong).outcome) == (535, Outcome.PERMANENT)
    assert "wrong-one" not in wrong.detail
    assert judge(right).outcome is Outcome.SENT
    assert server.logins[-1] == (b"warmline", b"right")


async def test_a_server_without_tls_gets_no_letter_that_asks_for_it() -> None:
    async with mail_server(MailServer()) as server:
        answer = await gateway().send(parcel(server, security="starttls"))
    assert answer.failure is Failure.MISCONFIGURED
    assert server.letters == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_letter_goes_under_tls_to_the_name_it_was_meant_for_only(security: str) -> None:
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(CERTIFICATE)
    trusting = gateway(trust=ssl.create_default_context(cafile=str(CERTIFICATE)), resolver=home)
    under: dict[str, Any] = {"identity": identity, "starttls": security == "starttls"}
    async with mail_server(MailServer(), **under) as server:
        named = parcel(server, security=security, host="mail.desk.example")
        said = [
            await trusting.send(named),
            # The same server under another name, and one whose certificate nobody signed.
            await trusting.send(parcel(server, security=security)),
            await gateway(resolver=home).send(named),
        ]
    assert judge(said[0]).outcome is Outcome.SENT
    assert [one.failure for one in said[1:]] == [Failure.UNREACHABLE] * 2
    assert len(server.letters) == 1


async def test_an_inward_server_is_never_called() -> None:
    async with mail_server(MailServer()) as server:
        answer = await gateway(allow_private=False).send(parcel(server))
    assert answer.failure is Failure.BLOCKED


@pytest.mark.parametrize("sender", ["warmline@..desk", ".a@desk.example", "a@b@c"])
async def test_a_sender_that_is_no_address_is_named_and_breaks_nobody(sender: str) -> None:
    answer = await gateway().send(parcel(MailServer(port=1), sender=sender))
    assert answer.failure is Failure.MISCONFIGURED
