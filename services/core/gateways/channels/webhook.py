"""The signed outgoing webhook: Standard Webhooks headers over the guarded client."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from typing_extensions import override

from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.posting import JSON, Posting, PostingGateway
from services.core.kit import signatures, tracing


class WebhookGateway(PostingGateway):
    """Posts `{"type", "timestamp", "data"}`; the config holds `url`.

    The id of the parcel is the `webhook-id` of every attempt.
    """

    @override
    def write(self, parcel: Parcel, now: datetime) -> Posting:
        url = parcel.config.get("url")
        if not isinstance(url, str) or not parcel.secrets:
            raise ValueError("No address or no secret is set.")
        body = write_body(parcel.message)
        timestamp = int(now.timestamp())
        webhook_id = str(parcel.id)
        signed = (signatures.sign(one, webhook_id, timestamp, body) for one in parcel.secrets)
        headers = {
            **JSON,
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signed),
        }
        if span := tracing.current():
            headers["traceparent"] = span.traceparent
        return Posting(url, body, headers)


def write_body(message: Mapping[str, Any]) -> bytes:
    """The message in the envelope the specification recommends."""
    envelope = {
        "type": message["type"],
        "timestamp": message["at"],
        "data": message,
    }
    return orjson.dumps(envelope)
