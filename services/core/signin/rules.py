"""The decisions of signing in elsewhere: where one goes on to, who is welcome, under what name."""

import base64
import hashlib
import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from services.core.signin.types import Identity, Metadata, ProviderDraft
from services.core.workspaces.types import Role

FLOW_LASTS: Final = timedelta(minutes=10)
MAX_HANDLE_CHARACTERS: Final = 100
# Everything a browser takes for another host, or for a second line, stays out.
_LOCAL_PATH: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")
_NOT_IN_A_HANDLE: Final = re.compile(r"[^a-z0-9._-]+")


def flaw(draft: ProviderDraft) -> str | None:
    """Why a workspace cannot have such a provider; None when it can."""
    if draft.newcomer_role is Role.ADMIN:
        return "Newcomers cannot be admins."
    if draft.newcomer_role is not None and not draft.email_domains:
        return "Newcomers are let in by their e-mail domains; name at least one."
    return None


def read_return_to(wanted: str | None, origins: Collection[str]) -> str | None:
    """A path of ours, or an address of an origin that was let in; None for everything else."""
    if wanted is None or _LOCAL_PATH.fullmatch(wanted):
        return wanted or "/"
    parts = urlsplit(wanted)
    is_plain = (
        wanted.isascii() and wanted.isprintable() and " " not in wanted and "\\" not in wanted
    )
    return wanted if is_plain and f"{parts.scheme}://{parts.netloc}" in origins else None


def challenge(verifier: str) -> str:
    """PKCE's S256: what is told first of what is told later."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_url(
    metadata: Metadata, *, client_id: str, redirect_uri: str, state: str, nonce: str, verifier: str
) -> str:
    query = urlencode(
        {
            "response_type": "code",
            "scope": "openid email profile",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
    )
    glue = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
    return f"{metadata.authorization_endpoint}{glue}{query}"


def is_welcome(identity: Identity, domains: Sequence[str]) -> bool:
    """Whether their verified address is of a domain that may come in; without domains all are."""
    if not domains:
        return True
    _, at, domain = (identity.email or "").lower().rpartition("@")
    return bool(at) and domain in {each.lower() for each in domains}


def handle_of(email: str, taken: Collection[str]) -> str:
    """What a newcomer is called: as before the @, with a number if somebody is called so."""
    plain = _NOT_IN_A_HANDLE.sub("-", email.partition("@")[0].lower()).strip("-")
    base = plain[: MAX_HANDLE_CHARACTERS - 6] or "member"
    if base not in taken:
        return base
    return next(
        name for number in range(2, len(taken) + 3) if (name := f"{base}-{number}") not in taken
    )
