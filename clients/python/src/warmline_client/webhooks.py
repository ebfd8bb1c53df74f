"""Standard Webhooks, both ways: what Warmline sends is verified, what a source sends is signed."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from warmline_client.errors import BadSignatureError

TOLERANCE: Final = 300.0
_PREFIX: Final = "whsec_"


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
    tolerance: float = TOLERANCE,
) -> Any:
    """The JSON of a webhook that is genuine and no older than five minutes.

    Give the body as it came, byte for byte. Raises BadSignatureError. The same webhook may come
    twice: keep the `webhook-id`s you have seen.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        key, stamp = given["webhook-id"], given["webhook-timestamp"]
        sent_at = int(stamp)
        signatures = given["webhook-signature"].split()
    except (KeyError, ValueError) as error:
        raise BadSignatureError("The webhook's headers are not whole.") from error
    if abs((time.time() if now is None else now) - sent_at) > tolerance:
        raise BadSignatureError("The webhook is too old, or a clock is wrong.")
    wanted = _signature(secret, key, stamp, body).encode()
    # Two secrets are good while one replaces the other, so there may be several signatures.
    if not any(hmac.compare_digest(wanted, each.encode()) for each in signatures):
        raise BadSignatureError("No signature fits the body.")
    try:
        return json.loads(body)
    except ValueError as error:
        raise BadSignatureError("The webhook's body is no JSON.") from error


def sign(secret: str, key: str, body: bytes, *, now: float | None = None) -> dict[str, str]:
    """The headers of a webhook to a source; `key` stays the same when it is sent again."""
    stamp = str(int(time.time() if now is None else now))
    return {
        "content-type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": stamp,
        "webhook-signature": _signature(secret, key, stamp, body),
    }


def _signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    try:
        raw = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("The secret is `whsec_` and base64.") from error
    mac = hmac.new(raw, f"{key}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"
