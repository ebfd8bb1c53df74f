"""The signed outgoing webhook: Standard Webhooks headers over the guarded client."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson
from typing_extensions import override

from services.core.gateways.channels.port import Answer, ChannelGateway, Failure, Parcel
from services.core.kit import signatures
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
_FAILURES: Final[Mapping[type[OutgoingError], Failure]] = {
    DeadlineError: Failure.TIMEOUT,
    LostAnswerError: Failure.LOST,
    UnreachableError: Failure.UNREACHABLE,
}
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\uf900-\ufffc]+")


class WebhookGateway(ChannelGateway):
    """Posts `{"type", "timestamp", "data"}`; the config holds `url`.

    The id of the parcel is the `webhook-id` of every attempt. The client is the caller's to close.
    """

    def __init__(self, client: GuardedClient) -> None:
        self._client = client

    @override
    async def send(self, parcel: Parcel) -> Answer:
        started = monotonic()
        answer = await self._post(parcel)
        return _timed(answer, started)

    async def _post(self, parcel: Parcel) -> Answer:
        try:
            url, headers, body = write_request(parcel, host_now())
            answer = await self._client.post(url, content=body, headers=headers)
        except BlockedAddressError as error:
            return Answer(failure=Failure.BLOCKED, detail=error.detail)
        except OutgoingError as error:
            return Answer(failure=_FAILURES[type(error)], detail=str(error))
        except ValueError as error:
            return Answer(failure=Failure.MISCONFIGURED, detail=str(error))
        return read_answer(answer, host_now())


def write_request(parcel: Parcel, now: datetime) -> tuple[str, dict[str, str], bytes]:
    """Address, signed headers, body. Raises ValueError when the channel is not set up for it."""
    url = parcel.config.get("url")
    if not isinstance(url, str) or not parcel.secrets:
        raise ValueError("No address or no secret is set.")
    body = write_body(parcel.message)
    timestamp = int(now.timestamp())
    webhook_id = str(parcel.id)
    signed = (signatures.sign(one, webhook_id, timestamp, body) for one in parcel.secrets)
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
    return url, headers, body


def write_body(message: Mapping[str, Any]) -> bytes:
    """The message in the envelope the specification recommends."""
    envelope = {
        "type": message["type"],
        "timestamp": message["at"],
        "data": message,
    }
    return orjson.dumps(envelope)


def read_answer(answer: HttpAnswer, now: datetime) -> Answer:
    return Answer(
        status_code=answer.status_code,
        retry_after=read_retry_after(answer.headers.get("retry-after"), now),
        detail=_printable(answer.body),
    )


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


def _printable(body: bytes) -> str:
    """A line of the answer for the delivery log: no control characters, no colours, no novels."""
    text = body[: DETAIL_CHARACTERS * 4].decode("utf-8", "replace")
    return _UNPRINTABLE.sub(" ", text).strip()[:DETAIL_CHARACTERS]


def _timed(answer: Answer, started: float) -> Answer:
    return Answer(
        status_code=answer.status_code,
        failure=answer.failure,
        retry_after=answer.retry_after,
        detail=answer.detail,
        took_ms=round((monotonic() - started) * 1000),
    )
