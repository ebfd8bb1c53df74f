"""How a link is written so that nobody can write one: fields of fixed length, and a signature."""

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from services.core.actions.types import Action, Link, Linked

# As long as anybody answers for an alert; what is older is looked at where people sign in.
LIFETIME: Final = timedelta(days=3)
# How long the acts last that end by themselves.
ACKNOWLEDGED_FOR: Final = timedelta(minutes=30)
SILENT_FOR: Final = timedelta(hours=1)
SHORT_ID: Final = 6

_VERSION: Final = 1
_FIELDS: Final = struct.Struct(">BB16s16s16sI")
# 72 bytes together: no padding, and no two spellings of one token.
_MAC_BYTES: Final = 18
_TOKEN_CHARACTERS: Final = (_FIELDS.size + _MAC_BYTES) * 4 // 3
_PURPOSE: Final = b"warmline link\0"
_NOBODY: Final = UUID(int=0)
_CODES: Final = {Action.ACKNOWLEDGE: 1, Action.RESOLVE: 2, Action.ASSIGN: 3, Action.SILENCE: 4}
_ACTIONS: Final = {code: action for action, code in _CODES.items()}


def write_token(link: Link, secret: bytes) -> str:
    """The link as letters of an address; whoever holds the secret can tell that it is ours."""
    packed = _FIELDS.pack(
        _VERSION,
        _CODES[link.action],
        link.workspace_id.bytes,
        link.alert_id.bytes,
        (link.person_id or _NOBODY).bytes,
        int(link.expires_at.timestamp()),
    )
    return base64.urlsafe_b64encode(packed + _sign(packed, secret)).decode()


def read_token(token: str) -> Link | None:
    """What a token says, not yet believed; None when it cannot be one."""
    raw = _decode(token)
    if raw is None:
        return None
    version, code, workspace, alert, person, expires = _FIELDS.unpack(raw[: _FIELDS.size])
    if version != _VERSION or code not in _ACTIONS:
        return None
    return Link(
        workspace_id=UUID(bytes=workspace),
        alert_id=UUID(bytes=alert),
        action=_ACTIONS[code],
        person_id=UUID(bytes=person) if person != _NOBODY.bytes else None,
        expires_at=datetime.fromtimestamp(expires, UTC),
    )


def is_genuine(token: str, secret: bytes | None) -> bool:
    """Whether this secret signed it. Without a secret as much is computed, and nothing is."""
    raw = _decode(token)
    if raw is None:
        return False
    packed, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
    matches = hmac.compare_digest(mac, _sign(packed, secret or b""))
    return matches and bool(secret)


def links_of(
    alert: Linked, workspace_id: UUID, *, secret: bytes, now: datetime, person_id: UUID | None
) -> dict[str, str]:
    """Paths by action. Without a case there is nothing to assign."""
    actions = [Action.ACKNOWLEDGE, Action.RESOLVE, Action.SILENCE]
    if alert.case_id is not None:
        actions.append(Action.ASSIGN)
    expires_at = now + LIFETIME
    return {
        action.value: "/a/"
        + write_token(Link(workspace_id, alert.id, action, person_id, expires_at), secret)
        for action in actions
    }


def short_id_of(alert_id: UUID) -> str:
    """What a person types: the end of an id. Its beginning is the time, which neighbours share."""
    return alert_id.hex[-SHORT_ID:]


def _decode(token: str) -> bytes | None:
    # Python reads the other alphabet's "+" and "/" beside ours: a second spelling of one link.
    if len(token) != _TOKEN_CHARACTERS or not token.isascii() or "+" in token or "/" in token:
        return None
    try:
        return base64.b64decode(token, b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _sign(packed: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, _PURPOSE + packed, hashlib.sha256).digest()[:_MAC_BYTES]
