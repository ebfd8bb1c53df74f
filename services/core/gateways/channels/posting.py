"""Posts one request to a platform and reads its answer: what all channels over HTTP have in common.

A channel says what to send and what an answer means; addresses, time, size and failures are here.
"""

import math
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from services.core.gateways.channels.port import Answer, ChannelGateway, Failure, Parcel
from services.core.kit.clock import host_now, monotonic
from services.core.kit.http import (
    BlockedAddressError,
    DeadlineError,
    GuardedClient,
    HttpAnswer,
    LostAnswerError,
    OutgoingError,
    UnreachableError,
)

DETAIL_CHARACTERS: Final = 200
JSON: Final = {"content-type": "application/json"}
_FAILURES: Final[Mapping[type[OutgoingError], Failure]] = {
    DeadlineError: Failure.TIMEOUT,
    LostAnswerError: Failure.LOST,
    UnreachableError: Failure.UNREACHABLE,
}
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\uf900-\ufffc]+")
# What is shorter than this is a word that may stand anywhere, not a secret.
_SHORTEST_SECRET: Final = 8


@dataclass(frozen=True, slots=True)
class Posting:
    """One request: where to, under which headers, what."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class PostingGateway(ChannelGateway):
    """A channel over HTTP. The client is the caller's to close.

    `base_url` is the address of the installation, before which links that are paths are put.
    """

    def __init__(self, client: GuardedClient, base_url: str = "") -> None:
        self._client = client
        self._base_url = base_url

    @abstractmethod
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        """The request. Raises ValueError, in words for people, when the channel lacks something."""
        ...

    def read(self, answer: HttpAnswer) -> Answer:
        """What an answer means; by its status unless a channel knows better."""
        return by_status(answer)

    @override
    async def send(self, parcel: Parcel) -> Answer:
        started = monotonic()
        answer = await self._post(parcel)
        return replace(
            answer,
            detail=redact(answer.detail, parcel),
            took_ms=round((monotonic() - started) * 1000),
        )

    async def _post(self, parcel: Parcel) -> Answer:
        try:
            posting = self.write(parcel, host_now())
            headers = dict(posting.headers)
            if parcel.request_id:
                headers["x-request-id"] = parcel.request_id
            answer = await self._client.post(posting.url, content=posting.body, headers=headers)
        except BlockedAddressError as error:
            return Answer(failure=Failure.BLOCKED, detail=error.detail)
        except OutgoingError as error:
            return Answer(failure=_FAILURES[type(error)], detail=str(error))
        except ValueError as error:
            return Answer(failure=Failure.MISCONFIGURED, detail=str(error))
        read = self.read(answer)
        asked = read_retry_after(answer.headers.get("retry-after"), host_now())
        return read if asked is None else replace(read, retry_after=asked)


def by_status(answer: HttpAnswer) -> Answer:
    return Answer(status_code=answer.status_code, detail=printable(answer.body))


def text_of(parcel: Parcel, name: str) -> str:
    """A setting of the channel. Raises ValueError when it is missing."""
    value = parcel.config.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"The channel has no {name}.")
    return value


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from now, from seconds or a date; None for everything else, never negative."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(value: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(value) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return math.nan


def printable(body: bytes) -> str:
    """A line of the answer for the delivery log: no control characters, no colours, no novels."""
    text = body[: DETAIL_CHARACTERS * 4].decode("utf-8", "replace")
    return _UNPRINTABLE.sub(" ", text).strip()[:DETAIL_CHARACTERS]


def redact(detail: str, parcel: Parcel) -> str:
    """Take the channel's own secrets out of what the other side said: some repeat the address."""
    for secret in sorted(_secrets_of(parcel), key=len, reverse=True):
        detail = detail.replace(secret, "***")
    return detail


def _secrets_of(parcel: Parcel) -> set[str]:
    found = set(parcel.secrets)
    for name, value in parcel.config.items():
        if not isinstance(value, str):
            continue
        if name in {"password", "token", "routing_key"}:
            found.add(value)
        if name == "url":
            parts = urlsplit(value)
            found |= {piece.partition("=")[2] for piece in parts.query.split("&")}
            found.add(parts.path.rpartition("/")[2])
    found |= {unquote(secret) for secret in found}
    return {secret for secret in found if len(secret) >= _SHORTEST_SECRET}
