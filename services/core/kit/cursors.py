"""Keyset cursors: where a page ended, signed so that nobody can send us another place."""

import base64
import binascii
import hashlib
import hmac
import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.kit.errors import DomainError, ErrorKind

CursorValue = str | int | float | datetime | UUID | None

# A quarter of the digest: a guess is one in 2**128, and the cursor stays short.
_SIGNATURE_BYTES: Final = 16
# Longer than any cursor of ours; a longer one is refused before it is decoded.
MAX_CURSOR_CHARACTERS: Final = 2_048

_READERS: Final[dict[type, Callable[[Any], Any]]] = {
    datetime: datetime.fromisoformat,
    UUID: UUID,
}


class InvalidCursorError(DomainError):
    """Not a cursor of this list, or one of an installation with another key."""

    kind = ErrorKind.INVALID
    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("The cursor is not one this list has given out; start without one.")


class CursorCodec:
    """Packs the last row's sort values. One key for all processes of an installation.

    `purpose` keeps the cursors of two lists apart even if their values have the same types.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32).digest()

    def encode(self, values: Sequence[CursorValue], *, purpose: str = "") -> str:
        # A name of any script is spelled out: escaped, the longest would make too long a cursor.
        packed = json.dumps(
            [_pack(value) for value in values], ensure_ascii=False, separators=(",", ":")
        )
        payload = packed.encode()
        return base64.urlsafe_b64encode(self._sign(payload, purpose) + payload).decode().rstrip("=")

    def decode(self, cursor: str, *types: type, purpose: str = "") -> tuple[Any, ...]:
        """Return the values, each of its type or None. Raises InvalidCursorError."""
        if not cursor.isascii() or len(cursor) > MAX_CURSOR_CHARACTERS:
            raise InvalidCursorError
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidCursorError from None
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(payload, purpose)):
            raise InvalidCursorError
        values = json.loads(payload)
        if len(values) != len(types):
            raise InvalidCursorError
        return tuple(_unpack(value, wanted) for value, wanted in zip(values, types, strict=True))

    def _sign(self, payload: bytes, purpose: str) -> bytes:
        message = purpose.encode() + b"\0" + payload
        return hmac.new(self._key, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _pack(value: CursorValue) -> str | int | float | None:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("A cursor holds finite numbers.")
    return value


def _unpack(value: Any, wanted: type) -> Any:
    if value is None:
        return None
    if reader := _READERS.get(wanted):
        try:
            return reader(value)
        except (TypeError, ValueError, AttributeError):
            raise InvalidCursorError from None
    if type(value) is not wanted:
        raise InvalidCursorError
    return value
