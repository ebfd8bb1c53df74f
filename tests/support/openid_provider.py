"""An OpenID provider on this machine: real HTTP, real keys, and every lie a test wants told."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID = "warmline"
CLIENT_SECRET = "a secret of the test"
ALICE = {"sub": "alice-1", "email": "alice@example.com", "email_verified": True, "name": "Alice"}


@dataclass(slots=True)
class OpenIdProvider:
    """`claims` are said of whoever signs in next; `header` and `key` are how it is signed."""

    port: int = 0
    keys: list[RSAKey] = field(default_factory=lambda: [_new_key()])
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: RSAKey | OctKey | None = None
    discovery: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def rotate(self) -> None:
        """A new key, and the old one is gone."""
        self.keys = [_new_key()]

    def authorize(self, location: str) -> str:
        """What the provider's page does once somebody said yes: where it sends the browser."""
        asked = dict(parse_qsl(urlsplit(location).query))
        assert asked["code_challenge_method"] == "S256"
        assert {"openid", "email"} <= set(asked["scope"].split())
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(each.lower().split(": ", 1) for each in lines if each)
            raw = {each.split(": ", 1)[0].lower(): each.split(": ", 1)[1] for each in lines if each}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status, answer = self._answer(line.split(" ")[1], raw, body.decode())
            content = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\n\r\n"
            writer.write(head.encode() + content)
            await writer.drain()
        finally:
            writer.close()

    def _answer(self, path: str, headers: Mapping[str, str], body: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            } | self.discovery
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        return self._redeem(headers, body)

    def _redeem(self, headers: Mapping[str, str], body: str) -> tuple[int, Any]:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(form["code"], None)
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET.replace(' ', '%20')}".encode())
        in_head = headers.get("authorization") == f"Basic {known.decode()}"
        in_body = form.get("client_secret") == CLIENT_SECRET
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or not (in_head or in_body) or proof != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"id_token": self._sign(asked["nonce"])}

    def _sign(self, nonce: str) -> str:
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        claims = {
            name: value for name, value in (said | ALICE | self.claims).items() if value is not None
        }
        key = self.key or self.keys[0]
        header = {"alg": "RS256", "kid": self.keys[0].kid} | self.header
        return jwt.encode(header, claims, key, algorithms=["RS256", "HS256"])


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


@asynccontextmanager
async def openid_provider() -> AsyncIterator[OpenIdProvider]:
    """Listen on a free port of this machine until the block ends."""
    provider = OpenIdProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        await server.wait_closed()
