"""The decisions of tenancy: what a key looks like, when it opens, what a name becomes."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.core.workspaces.types import KeyRecord, Role, Scope

PREFIX_CHARACTERS: Final = 8
RANDOM_CHARACTERS: Final = 40
# Base 32 without the letters that are taken for digits: 40 of them are 200 bits.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz023456789"
MAX_SLUG_CHARACTERS: Final = 48
USED_EVERY: Final = timedelta(minutes=1)
# From more alerts a minute than that on, nobody reads them one by one.
MOST_STORM_PER_MINUTE: Final = 6_000

# What each role may do, in this one place. Creators see everything and answer for their own posts,
# so they work as moderators do; who sets things up is a manager, who lets others in an admin.
SCOPES_OF: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.CREATOR: frozenset({Scope.READ, Scope.WORK}),
    Role.MODERATOR: frozenset({Scope.READ, Scope.WORK}),
    Role.MANAGER: frozenset({Scope.READ, Scope.WORK, Scope.MANAGE, Scope.METRICS}),
    Role.ADMIN: frozenset(Scope),
}

# On ASCII alone and by fullmatch: \d and \w would also take other scripts' digits and letters.
_KEY: Final = re.compile(r"wl_([a-z0-9]{8})_([a-z0-9]{40})")
# Of nothing that could be a key.
_NOBODYS_HASH: Final = hashlib.sha256(b"").digest()
_NOT_A_SLUG: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class KeyParts:
    """A key taken apart: what it is found by, what it is believed by."""

    prefix: str
    secret_hash: bytes


def write_key(random_bytes: Callable[[int], bytes]) -> str:
    """Return a new key; `random_bytes(n)` gives n unpredictable bytes."""
    count = PREFIX_CHARACTERS + RANDOM_CHARACTERS
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in random_bytes(count))
    return f"wl_{letters[:PREFIX_CHARACTERS]}_{letters[PREFIX_CHARACTERS:]}"


def read_key(raw: str) -> KeyParts | None:
    """Take a key apart; None when it cannot be one, whatever its length or alphabet."""
    match = _KEY.fullmatch(raw)
    if match is None:
        return None
    return KeyParts(prefix=match[1], secret_hash=hash_key(raw))


def hash_key(raw: str) -> bytes:
    """SHA-256 of the whole key: 200 random bits need no slow hash."""
    return hashlib.sha256(raw.encode()).digest()


def is_right(stored: bytes | None, secret_hash: bytes) -> bool:
    """Compare with what is stored, or with nothing of nobody's: the time taken tells neither."""
    matches = hmac.compare_digest(stored or _NOBODYS_HASH, secret_hash)
    return matches and stored is not None


def opens(record: KeyRecord, secret_hash: bytes, now: datetime) -> bool:
    """True when the key is the right one and neither revoked nor expired at `now`."""
    matches = hmac.compare_digest(record.secret_hash, secret_hash)
    return matches and is_alive(record, now)


def may_appoint(scopes: frozenset[Scope], *roles: Role) -> bool:
    """Whether whoever holds `scopes` may make somebody one of `roles`, or touch who is one.

    Who may set things up may not let themself in further: only admins make admins.
    """
    return Scope.ADMIN in scopes or Role.ADMIN not in roles


def is_alive(record: KeyRecord, now: datetime) -> bool:
    return record.revoked_at is None and (record.expires_at is None or record.expires_at > now)


def is_worth_touching(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether the last use is worth writing: nobody asks for it to the second."""
    return last_used_at is None or now - last_used_at >= USED_EVERY


def slug_of(name: str) -> str:
    """A short ASCII name for addresses and commands; empty when nothing of `name` is ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_A_SLUG.sub("-", plain).strip("-")[:MAX_SLUG_CHARACTERS].rstrip("-")
