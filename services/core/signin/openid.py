"""Talks to an OpenID provider: what it says of itself, a code for a token, and is the token true.

Everything is asked anew for every sign-in: a key the provider changed a second ago is known, and
one it withdrew is not.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.core.kit.http import BlockedAddressError, GuardedClient, HttpAnswer, OutgoingError
from services.core.signin.errors import IdentityRefusedError, ProviderUnavailableError
from services.core.signin.types import Flow, Identity, Metadata, Provider

# Signed with a key of the provider's; a shared secret or no signature at all proves nothing.
ALGORITHMS: Final = ("RS256", "PS256", "ES256")
LEEWAY_SECONDS: Final = 60
MAX_TEXT_CHARACTERS: Final = 254
_OK: Final = 200
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_BASIC: Final = "client_secret_basic"


async def discover(client: GuardedClient, issuer: str) -> Metadata:
    """What the issuer says of itself. Raises ProviderUnavailableError."""
    found = await _get(client, issuer.rstrip("/") + _WELL_KNOWN)
    methods = found.get("token_endpoint_auth_methods_supported", [_BASIC])
    if found.get("issuer") != issuer or not isinstance(methods, list):
        raise ProviderUnavailableError
    return Metadata(
        _text(found, "authorization_endpoint"),
        _text(found, "token_endpoint"),
        _text(found, "jwks_uri"),
        secret_in_body=_BASIC not in methods,
    )


async def redeem(
    client: GuardedClient, metadata: Metadata, provider: Provider, flow: Flow, code: str
) -> str:
    """The id_token for a code. Raises IdentityRefusedError, ProviderUnavailableError."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if metadata.secret_in_body:
        form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    else:
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        answer = await client.post(
            metadata.token_endpoint, content=urlencode(form).encode(), headers=headers
        )
    except (OutgoingError, BlockedAddressError) as error:
        raise ProviderUnavailableError from error
    if 400 <= answer.status_code < 500:  # noqa: PLR2004 - the provider refuses the code
        raise IdentityRefusedError("code")
    return _text(_document(answer), "id_token")


async def believe(
    client: GuardedClient,
    metadata: Metadata,
    provider: Provider,
    token: str,
    *,
    nonce: str,
    now: int,
) -> Identity:
    """Who the token says somebody is, if it is of this provider, for us, for this flow, and alive.

    `now` is in seconds since 1970. Raises IdentityRefusedError, ProviderUnavailableError.
    """
    keys = await _get(client, metadata.jwks_uri)
    try:
        read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]  # it checks the document itself
        _registry(provider, nonce, now).validate(read.claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise IdentityRefusedError(type(error).__name__) from error
    claims = read.claims
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1:
        _require(claims.get("azp") == provider.client_id, "azp")
    subject = claims["sub"]
    _require(isinstance(subject, str) and 0 < len(subject) <= MAX_TEXT_CHARACTERS, "sub")
    return Identity(provider.issuer, subject, _verified_email(claims), _said(claims, "name"))


def _registry(provider: Provider, nonce: str, now: int) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
    )


def _verified_email(claims: Mapping[str, Any]) -> str | None:
    """An address anybody may claim to have is none."""
    return _said(claims, "email") if claims.get("email_verified") is True else None


def _said(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    is_usable = isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARACTERS
    return value if is_usable and str(value).isprintable() else None


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise IdentityRefusedError(reason)


async def _get(client: GuardedClient, url: str) -> dict[str, Any]:
    try:
        answer = await client.get(url, headers={"accept": "application/json"})
    except (OutgoingError, BlockedAddressError) as error:
        raise ProviderUnavailableError from error
    return _document(answer)


def _document(answer: HttpAnswer) -> dict[str, Any]:
    if answer.status_code != _OK or answer.cut:
        raise ProviderUnavailableError
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProviderUnavailableError from error
    if not isinstance(found, dict):
        raise ProviderUnavailableError
    return found


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise ProviderUnavailableError
    return value
