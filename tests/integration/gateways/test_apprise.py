"""What Apprise reaches is sent in a bounded time, and never to a host it was not allowed."""

import json
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from services.core.alerts import rules
from services.core.alerts.answers import judge
from services.core.alerts.types import Outcome
from services.core.gateways.channels.apprise import MISSING, AppriseGateway, load_library
from services.core.gateways.channels.port import Failure, Parcel
from services.core.kit import ids
from tests.support.alerts import NOON
from tests.support.sinks import says, sink

# The library asks for it on every Python that still has it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

MESSAGE = rules.build_greeting("ops", now=NOON)


def parcel(*addresses: str) -> Parcel:
    return Parcel(ids.new_id(), MESSAGE, {"addresses": list(addresses)})


@pytest.mark.parametrize(
    ("status", "outcome"), [("200 OK", Outcome.SENT), ("500 Oops", Outcome.RETRYABLE)]
)
async def test_the_library_says_yes_or_no(status: str, outcome: Outcome) -> None:
    gateway = AppriseGateway(allow_private=True, timeout_seconds=30)
    async with sink(says(status)) as server:
        answer = await gateway.send(parcel(f"json://127.0.0.1:{server.port}/a"))
    gateway.close()
    assert judge(answer).outcome is outcome
    assert len(server.requests) == 1
    assert "测试消息" in json.loads(server.requests[0][1])["message"]


async def test_a_service_that_names_its_host_is_not_called() -> None:
    gateway = AppriseGateway()
    async with sink(says("200 OK")) as server:
        answer = await gateway.send(parcel(f"json://127.0.0.1:{server.port}/a"))
    gateway.close()
    assert (answer.failure, server.requests) == (Failure.BLOCKED, [])


@pytest.mark.parametrize(
    "address",
    [
        "discord://1234567890/abcdefghij?template={url}/inside.json",
        "discord://1234567890/abcdefghij/#?TEMPLATE={url}/inside.json",
        "discord://1234567890/abcdefghij?to=x;template={url}/inside.json",
        "discord://1234567890/abcdefghij?to=x&%74emplate={url}/inside.json",
        "tgram://123456789:abcdefghijklmnopqrstuvwxyz012345678/1?template=/proc/self/environ",
    ],
)
async def test_no_option_of_a_public_service_leads_to_this_machine(address: str) -> None:
    gateway = AppriseGateway(timeout_seconds=30)
    async with sink(says("200 OK")) as server:
        answer = await gateway.send(parcel(address.format(url=server.url)))
    gateway.close()
    assert (answer.failure, server.requests) == (Failure.BLOCKED, [])


@pytest.mark.parametrize(
    ("purpose", "meant"),
    [("alert.firing", "failure"), ("alert.resolved", "success"), ("channel.test", "warning")],
)
async def test_a_service_that_leaves_mere_news_alone_is_told_it_is_none(
    purpose: str, meant: str
) -> None:
    told: list[str] = []

    class Watched:
        def add(self, _addresses: list[str]) -> bool:
            return True

        def notify(self, *, notify_type: str, **_: Any) -> bool:
            told.append(notify_type)
            return True

    library: Any = SimpleNamespace(Apprise=Watched)
    gateway = AppriseGateway(load=lambda: library, timeout_seconds=30)
    message = {**MESSAGE, "type": purpose}
    await gateway.send(Parcel(ids.new_id(), message, {"addresses": ["opsgenie://key"]}))
    gateway.close()
    assert told == [meant]


async def test_no_second_address_hides_behind_the_comma_of_a_public_one() -> None:
    real = load_library()
    assert real is not None
    told: list[str] = []

    class Watched(real.Apprise):  # type: ignore[misc, name-defined]  # found at run time
        def notify(self, **_: Any) -> bool:
            told.extend(one.url() for one in self)
            return True

    library: Any = SimpleNamespace(Apprise=Watched)
    gateway = AppriseGateway(load=lambda: library, timeout_seconds=30)
    await gateway.send(parcel("discord://1234567890/abcdefghij,json://127.0.0.1:9/a"))
    gateway.close()
    assert [one.partition("://")[0] for one in told] == ["discord"]


async def test_a_missing_extra_is_named() -> None:
    gateway = AppriseGateway(load=lambda: load_library("a_library_nobody_has"))
    answer = await gateway.send(parcel("tgram://a/b"))
    gateway.close()
    assert (answer.failure, answer.detail) == (Failure.MISCONFIGURED, MISSING)


async def test_an_address_the_library_does_not_know_is_refused() -> None:
    gateway = AppriseGateway(allow_private=True, timeout_seconds=30)
    answer = await gateway.send(parcel("pigeon://roof"))
    gateway.close()
    assert answer.failure is Failure.MISCONFIGURED


async def test_threads_that_hang_hold_up_nobody_else() -> None:
    release = threading.Event()

    class Hanging:
        def add(self, _: list[str]) -> bool:
            return True

        def notify(self, **_: Any) -> bool:
            return release.wait(60)

    library: Any = SimpleNamespace(Apprise=Hanging)

    def load() -> ModuleType:
        return library  # type: ignore[no-any-return] # the two names of it that are used

    gateway = AppriseGateway(timeout_seconds=0.2, load=load)
    answers = [await gateway.send(parcel("tgram://a/b")) for _ in range(3)]
    release.set()
    gateway.close()
    # Two began and may have arrived; the third never got a thread.
    assert [answer.failure for answer in answers] == [
        Failure.TIMEOUT,
        Failure.TIMEOUT,
        Failure.UNREACHABLE,
    ]


async def test_a_service_that_breaks_is_in_doubt() -> None:
    def broken() -> bool:
        raise KeyError("no")

    library: Any = SimpleNamespace(Apprise=broken)
    gateway = AppriseGateway(load=lambda: library, timeout_seconds=30)
    answer = await gateway.send(parcel("tgram://a/b"))
    gateway.close()
    assert judge(answer).outcome is Outcome.IN_DOUBT
