"""What the optional Apprise library reaches: it says only yes or no, in a thread of its own.

Not for what has a channel here: the library sleeps between requests, hides what the other side
said, and cannot tell a refusal for good from one that passes.
"""

import asyncio
import importlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import ModuleType
from typing import Final

import structlog
from typing_extensions import override

from services.core.gateways.channels.port import Answer, ChannelGateway, Failure, Parcel, Verdict
from services.core.gateways.channels.telling import Language, Telling, tell
from services.core.kit.clock import monotonic

log = structlog.get_logger(__name__)

KIND: Final = "apprise"
THREADS: Final = 2
MAX_ADDRESSES: Final = 10
MISSING: Final = "Apprise is not installed here: install Warmline with its extra 'apprise'."
# Services with addresses of their own. Others name a host, which the library would call without
# looking whose it is.
PUBLIC_SERVICES: Final = frozenset(
    {
        "tgram",
        "discord",
        "pover",
        "pbul",
        "twilio",
        "sendgrid",
        "opsgenie",
        "line",
        "sinch",
        "msg91",
    }
)
# What may follow the question mark. The library knows many more, and some of them read a file of
# this machine or fetch an address of its network: `template` does either.
_OPTION: Final = (
    "(?:to|from|silent|preview|topic|thread|priority|sound|region|tags|entity|country|route)"
    r"=[A-Za-z0-9_.,@:-]*"
)
_ADDRESS: Final = re.compile(
    rf"([a-z0-9]+)://[^?;#]*(?:\?{_OPTION}(?:&{_OPTION})*)?", re.IGNORECASE
)
# By it some services choose what to do: nothing at all for what is mere news to them.
_NEWS: Final = {
    "alert.acknowledged": "info",
    "alert.resolved": "success",
    "channel.test": "warning",
}


def load_library(name: str = "apprise") -> ModuleType | None:
    """The library, when the extra is installed. Loading it takes long: not for the loop."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class AppriseGateway(ChannelGateway):
    """The config holds `addresses` in the library's own spelling. Waiting for a thread counts."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout_seconds: float = 10.0,
        load: Callable[[], ModuleType | None] = load_library,
    ) -> None:
        self._load = load
        self._allow_private = allow_private
        self._seconds = timeout_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")

    def close(self) -> None:
        """Begin nothing more; what is on its way ends by the library's own time limits."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @override
    async def send(self, parcel: Parcel) -> Answer:
        started = monotonic()
        answer = await self._send(parcel)
        return replace(answer, took_ms=round((monotonic() - started) * 1000))

    async def _send(self, parcel: Parcel) -> Answer:
        addresses = parcel.config.get("addresses")
        if not isinstance(addresses, list) or not addresses:
            return Answer(failure=Failure.MISCONFIGURED, detail="The channel has no addresses.")
        if not self._allow_private and not all(is_public_service(str(one)) for one in addresses):
            return Answer(failure=Failure.BLOCKED, detail="Such a service names its own host.")
        telling = tell(parcel, default=Language.BOTH)
        running = self._threads.submit(self._notify, [str(one) for one in addresses], telling)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(running)
        except TimeoutError:
            # What never got a thread certainly was not sent.
            failure = Failure.UNREACHABLE if running.cancel() else Failure.TIMEOUT
            detail = f"Apprise was not done within {self._seconds:g} seconds."
            return Answer(failure=failure, detail=detail)

    def _notify(self, addresses: list[str], telling: Telling) -> Answer:
        library = self._load()
        if library is None:
            return Answer(failure=Failure.MISCONFIGURED, detail=MISSING)
        try:
            return notify(library, addresses, telling)
        except Exception:
            # The code of a hundred services: whatever one raises, it may have sent before.
            log.exception("apprise.broke")
            return Answer(failure=Failure.LOST, detail="Apprise broke while it was sending.")


def is_public_service(address: str) -> bool:
    """Whether it leads to its vendor and nowhere else, by no option either."""
    found = _ADDRESS.fullmatch(address)
    return found is not None and found[1].lower() in PUBLIC_SERVICES


def notify(library: ModuleType, addresses: list[str], telling: Telling) -> Answer:
    notifier = library.Apprise()
    # As a list: a text would be cut at its commas into more addresses, which nobody looked at.
    if not notifier.add(addresses):
        detail = "Apprise does not know one of the addresses."
        return Answer(failure=Failure.MISCONFIGURED, detail=detail)
    parts = [telling.sentence, telling.excerpt, *telling.lines(0)]
    parts += [f"{label}: {url}" for label, url in telling.links]
    body = "\n".join(part for part in [*parts, telling.repeat] if part)
    done = notifier.notify(
        body=body or telling.title,
        title=telling.title,
        body_format="text",
        notify_type=_NEWS.get(telling.type, "failure"),
    )
    if done:
        return Answer(200, detail="Apprise says it was sent.", verdict=Verdict.ACCEPTED)
    detail = "Apprise says it was not sent; it does not say why."
    return Answer(502, detail=detail, verdict=Verdict.AGAIN)
