"""Standard Webhooks signatures, written from the specification alone.

Independent of the product's own code on purpose: the two sides must agree because both follow
the contract, not because they share a bug.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of a secret, not one
TOLERANCE_SECONDS = 300  # WEBHOOK.md, Transport


class BadSignatureError(Exception):
    """The delivery is not proven to come from the holder of the secret; says which part failed."""


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` over `id.timestamp.body`; raises ValueError for what is no `whsec_…` secret."""
    signed = b".".join((webhook_id.encode(), str(timestamp).encode(), body))
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(secret: str, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, webhook_id, timestamp, body),
    }


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The proven webhook id, or BadSignatureError.

    `headers` have lower-case names, `now` is in seconds since 1970. Any live secret may have
    signed, and any of the header's space-separated signatures may match.
    """
    webhook_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    if not webhook_id:
        raise BadSignatureError("no webhook-id")
    if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > len("99999999999"):
        raise BadSignatureError("webhook-timestamp is no integer")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignatureError("webhook-timestamp is too far away")
    offered = headers.get("webhook-signature", "").encode().split()
    expected = [signature(s, webhook_id, int(stamp), body).encode() for s in secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in offered):
        raise BadSignatureError("no signature matches")
    return webhook_id


def _key(secret: str) -> bytes:
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError("a webhook secret starts with whsec_")
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as broken:
        raise ValueError("a webhook secret is base64 after whsec_") from broken
