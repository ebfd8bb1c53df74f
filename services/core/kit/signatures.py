"""Standard Webhooks v1 signatures: checks deliveries that come in, signs webhooks that go out.

The signed content is `id.timestamp.body`, the signature `v1,` and the base64 of its HMAC-SHA256.
Checking is our own because the reference library raises on malformed signatures and lets padded and
fractional timestamps through.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import token_bytes
from typing import Self

from services.core.kit.errors import DomainError, ErrorKind

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret, not one of them
# The specification allows 24 to 64 bytes; ours are 32.
SECRET_BYTES = 32
SHORTEST_SECRET_BYTES = 24
LONGEST_SECRET_BYTES = 64

# A rotation needs two signatures; the limits only keep a hostile header cheap.
MAX_SIGNATURE_HEADER_BYTES = 4096
MAX_SIGNATURES = 8

# The specification's replay window.
TOLERANCE_SECONDS = 300

_TIMESTAMP = re.compile(rb"[0-9]{1,12}")
_VERSION = b"v1,"


class Refusal(StrEnum):
    """Why a signature was refused; for logs and counters, never for the sender."""

    MISSING_HEADER = "missing_header"
    REPEATED_HEADER = "repeated_header"
    MALFORMED_TIMESTAMP = "malformed_timestamp"
    TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"
    OVERSIZED_HEADER = "oversized_header"
    UNKNOWN_SOURCE = "unknown_source"
    NO_MATCH = "no_match"


class SignatureRefusedError(DomainError):
    """The delivery is not proven to come from its source; the answer never says why."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "bad_signature"

    def __init__(self, reason: Refusal) -> None:
        super().__init__("The signature is missing, wrong or expired.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SignatureHeaders:
    """The three headers as raw bytes, each as often as it was sent."""

    webhook_id: tuple[bytes, ...] = ()
    timestamp: tuple[bytes, ...] = ()
    signature: tuple[bytes, ...] = ()

    @classmethod
    def from_raw(cls, headers: Iterable[tuple[bytes, bytes]]) -> Self:
        """Pick them out of a request's headers, whose names are lower case as ASGI has them."""
        found: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            found.setdefault(name, []).append(value)
        return cls(
            webhook_id=tuple(found.get(b"webhook-id", ())),
            timestamp=tuple(found.get(b"webhook-timestamp", ())),
            signature=tuple(found.get(b"webhook-signature", ())),
        )


def generate_secret() -> str:
    """Make a new secret. It is shown once; whoever stores it can sign in the source's name."""
    return SECRET_PREFIX + base64.b64encode(token_bytes(SECRET_BYTES)).decode()


def decode_secret(secret: str) -> bytes:
    """Turn `whsec_<base64>` into the key; the prefix may be missing, as in the specification.

    Raises ValueError, without the secret in its text, on anything else.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("A webhook secret is whsec_ and base64.") from None
    if not SHORTEST_SECRET_BYTES <= len(key) <= LONGEST_SECRET_BYTES:
        raise ValueError("A webhook secret holds 24 to 64 bytes.")
    return key


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Sign one webhook. `timestamp` is in unix seconds and belongs into `webhook-timestamp`."""
    digest = _open_digest(decode_secret(secret), webhook_id.encode(), str(timestamp).encode())
    digest.update(body)
    return _signature_of(digest).decode()


class SignatureCheck:
    """Checks a body that arrives in pieces; the headers are judged before the first piece.

    Build one, `update` it with every piece in order, then `finish`. Both ends raise
    SignatureRefusedError and nothing else, whatever the bytes are.
    """

    def __init__(
        self,
        *,
        secrets: Sequence[str],
        headers: SignatureHeaders,
        now: datetime,
        tolerance_seconds: float = TOLERANCE_SECONDS,
    ) -> None:
        webhook_id = _only(headers.webhook_id)
        timestamp = _only(headers.timestamp)
        self._offered = _offered_signatures(_only(headers.signature))
        _require_fresh(timestamp, now=now, tolerance_seconds=tolerance_seconds)
        self._has_secret = bool(secrets)
        # An unknown source is hashed against a throw-away key: it must not answer sooner.
        keys = [decode_secret(secret) for secret in secrets] or [token_bytes(SECRET_BYTES)]
        self._digests = [_open_digest(key, webhook_id, timestamp) for key in keys]

    def update(self, piece: bytes) -> None:
        for digest in self._digests:
            digest.update(piece)

    def finish(self) -> None:
        matches = False
        for digest in self._digests:
            expected = _signature_of(digest)
            for offered in self._offered:
                # No early way out: the time taken must not tell which secret or entry matched.
                matches |= hmac.compare_digest(expected, offered)
        if not self._has_secret:
            raise SignatureRefusedError(Refusal.UNKNOWN_SOURCE)
        if not matches:
            raise SignatureRefusedError(Refusal.NO_MATCH)


def verify(
    *,
    secrets: Sequence[str],
    headers: SignatureHeaders,
    body: bytes,
    now: datetime,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> None:
    """Return when one live secret signed exactly these header bytes and this body, recently enough.

    `secrets` are the source's live ones, none for an unknown source; `now` must be aware. Raises
    SignatureRefusedError and nothing else, whatever the headers and the body are.
    """
    check = SignatureCheck(
        secrets=secrets, headers=headers, now=now, tolerance_seconds=tolerance_seconds
    )
    check.update(body)
    check.finish()


def _only(values: tuple[bytes, ...]) -> bytes:
    """Return the single value. Two are refused: intermediaries disagree on which one counts."""
    if not values or not values[0]:
        raise SignatureRefusedError(Refusal.MISSING_HEADER)
    if len(values) > 1:
        raise SignatureRefusedError(Refusal.REPEATED_HEADER)
    return values[0]


def _require_fresh(timestamp: bytes, *, now: datetime, tolerance_seconds: float) -> None:
    # On bytes and by fullmatch: int() would also take spaces, signs, underscores and other digits.
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefusedError(Refusal.MALFORMED_TIMESTAMP)
    if abs(now.timestamp() - int(timestamp)) > tolerance_seconds:
        raise SignatureRefusedError(Refusal.TIMESTAMP_OUT_OF_RANGE)


def _offered_signatures(header: bytes) -> list[bytes]:
    if len(header) > MAX_SIGNATURE_HEADER_BYTES:
        raise SignatureRefusedError(Refusal.OVERSIZED_HEADER)
    entries = [entry for entry in header.split(b" ") if entry]
    if len(entries) > MAX_SIGNATURES:
        raise SignatureRefusedError(Refusal.OVERSIZED_HEADER)
    # Other versions are passed over as the specification wants: they equal no `v1,` of ours.
    return entries


def _open_digest(key: bytes, webhook_id: bytes, timestamp: bytes) -> hmac.HMAC:
    return hmac.new(key, b"%b.%b." % (webhook_id, timestamp), hashlib.sha256)


def _signature_of(digest: hmac.HMAC) -> bytes:
    return _VERSION + base64.b64encode(digest.digest())
