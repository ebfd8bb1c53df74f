"""The decisions of signing in: what a token is, who must wait, what no password may be."""

import hashlib
import hmac
import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from services.core.sessions.types import Guess, Guesses, Suspect

MIN_PASSWORD_CHARACTERS: Final = 10
MAX_PASSWORD_CHARACTERS: Final = 256
# A password of fewer different characters is a pattern on a keyboard.
MIN_DIFFERENT_CHARACTERS: Final = 5
TRUSTED_FOR: Final = timedelta(days=90)
# How exactly it is known when a session was last used.
SEEN_EVERY: Final = timedelta(minutes=1)
# Without a wrong guess for so long, all is forgotten.
FORGOTTEN_AFTER: Final = timedelta(hours=1)
# Guesses that cost no wait, and the longest wait in seconds. What strangers can bring on somebody
# (by account or address) is short; what only the same place can is long.
FREE: Final[Mapping[Suspect, int]] = {
    Suspect.PAIR: 5,
    Suspect.ADDRESS: 50,
    Suspect.ACCOUNT: 100,
}
LONGEST: Final[Mapping[Suspect, int]] = {
    Suspect.PAIR: 900,
    Suspect.ADDRESS: 60,
    Suspect.ACCOUNT: 60,
}
_NETWORK_BITS: Final = 64
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def normal_password(password: str) -> str:
    """One spelling for what looks the same, whatever keyboard wrote it."""
    return unicodedata.normalize("NFKC", password)


def normal_login(login: str) -> str:
    return unicodedata.normalize("NFC", login).strip().lower()


def weakness(password: str, *, of: tuple[str, ...] = ()) -> str | None:
    """Why this cannot be a password of somebody who is called `of`; None when it can."""
    if len(password) < MIN_PASSWORD_CHARACTERS:
        return f"A password has at least {MIN_PASSWORD_CHARACTERS} characters."
    if len(set(password)) < MIN_DIFFERENT_CHARACTERS:
        return f"A password has at least {MIN_DIFFERENT_CHARACTERS} different characters."
    if password.lower() in {name.lower() for name in of}:
        return "A password is not one's own name or address."
    return None


def read_token(raw: str) -> bytes | None:
    """The hash a session or an invitation is found by; None for what cannot be a token."""
    return hash_token(raw) if _TOKEN.fullmatch(raw) else None


def hash_token(token: str) -> bytes:
    """SHA-256: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token(token: str) -> str:
    """What a page must say beside the cookie; only who was told it, or has the cookie, knows it."""
    return hmac.new(token.encode(), b"warmline csrf", hashlib.sha256).hexdigest()


def is_csrf_token(token: str, sent: str | None) -> bool:
    return hmac.compare_digest(csrf_token(token).encode(), (sent or "").encode())


def place_of(address: str | None) -> str:
    """Whom guesses are counted for: an IPv6 household has 2**64 addresses and is still one."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if parsed.version == 4:  # noqa: PLR2004 - the version of the protocol
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))


def subjects(login: str, address: str | None) -> dict[Suspect, bytes]:
    """What one attempt is counted under, as hashes: no e-mail is kept of people who are none."""
    account, place = normal_login(login), place_of(address)
    named = {
        Suspect.PAIR: f"{account}\n{place}",
        Suspect.ACCOUNT: account,
        Suspect.ADDRESS: place,
    }
    return {
        suspect: hashlib.sha256(f"{suspect}\n{name}".encode()).digest()
        for suspect, name in named.items()
    }


def starts(address: str | None) -> dict[Suspect, bytes]:
    """What the beginnings of sign-ins elsewhere are counted under."""
    named = f"start\n{place_of(address)}"
    return {Suspect.ADDRESS: hashlib.sha256(named.encode()).digest()}


def wait_for(guesses: Guesses, now: datetime) -> float:
    """Seconds until the next attempt is heard; 0 when it is heard now.

    Where somebody came in before, only what is guessed there counts: strangers elsewhere cannot
    keep anybody out.
    """
    pair = guesses.get(Suspect.PAIR)
    trusted = pair is not None and pair.trusted_until is not None and pair.trusted_until > now
    heard = [pair] if trusted else guesses.values()
    return max(
        (max(0.0, (each.next_at - now).total_seconds()) for each in heard if each), default=0
    )


def after_attempt(guess: Guess | None, suspect: Suspect, now: datetime) -> Guess:
    """What is remembered while an attempt is being checked: that it was wrong."""
    if guess is None or now - guess.last_at >= FORGOTTEN_AFTER:
        trusted = guess.trusted_until if guess else None
        return Guess(1, now, now, trusted)
    failures = guess.failures + 1
    over = min(failures - FREE[suspect], 20)
    seconds = min(2**over, LONGEST[suspect]) if over >= 0 else 0
    return Guess(failures, now, now + timedelta(seconds=seconds), guess.trusted_until)
