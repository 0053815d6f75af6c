"""How a call to Emarsys proves who makes it: a WSSE digest at the second version, an access token at the third.

Vendor: https://dev.emarsys.com/docs/emarsys-core-api-guides/b3c3a1eba8515-authentication-in-v3-api,
https://github.com/emartech/Emarsys-postman-collection, whose script for WSSE hashes
nonce, creation and secret with SHA-1, and says the hexadecimal digits in base64. Tokens: OAuth 2.0, client credentials, with
ID and secret as Basic credentials. Unconfirmed: for how long a digest is good (here: for ever).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs

from activation_platform.sandbox.exchange import Answer, Call

USERNAME = "sandbox001"
SECRET = "sandbox secret"  # noqa: S105 - a password of nobody
CLIENT_ID = "sandbox client"
CLIENT_SECRET = "sandbox client secret"  # noqa: S105 - likewise
LIVES = 3_600

_PART = re.compile(r'(\w+)="([^"]*)"')


class Credentials:
    """The API users of an account (secrets by name), its clients (likewise), and the tokens that these were given."""

    def __init__(self, users: Mapping[str, str], clients: Mapping[str, str]) -> None:
        self._users = dict(users)
        self._clients = dict(clients)
        self._tokens: dict[str, tuple[str, float]] = {}

    def give_token(self, call: Call) -> Answer:
        """Answer a client that asks for a token."""
        name, secret = _basic(call.headers.get("authorization", ""))
        if not secret or self._clients.get(name) != secret:
            return Answer(401, {"error": "invalid_client"})
        if parse_qs(call.body.decode("utf-8", "replace")).get("grant_type") != ["client_credentials"]:
            return Answer(400, {"error": "unsupported_grant_type"})
        token = hashlib.sha256(f"{name} {len(self._tokens)}".encode()).hexdigest()
        self._tokens[token] = name, call.now + LIVES
        return Answer(200, {"access_token": token, "token_type": "bearer", "expires_in": LIVES, "scope": ""})

    def forget_tokens(self) -> None:
        """Let no token open anything any more."""
        self._tokens.clear()

    def proven(self, call: Call, version: str) -> str | None:
        """Return who makes a call at this version of the API; None where it does not prove that."""
        if version == "v3":
            kind, _, token = call.headers.get("authorization", "").partition(" ")
            name, until = self._tokens.get(token, ("", 0.0))
            return name if kind == "Bearer" and name and call.now < until else None
        kind, _, said = call.headers.get("x-wsse", "").partition(" ")
        parts = {name.lower(): value for name, value in _PART.findall(said)}
        secret = self._users.get(parts.get("username", ""))
        nonce, created = parts.get("nonce", ""), parts.get("created", "")
        if kind != "UsernameToken" or secret is None or not nonce or not _is_moment(created):
            return None
        digest = hashlib.sha1((nonce + created + secret).encode()).hexdigest()  # noqa: S324 - the vendor's choice
        right = base64.b64encode(digest.encode()).decode() == parts.get("passworddigest")
        return parts["username"] if right else None


def _basic(header: str) -> tuple[str, str]:
    kind, _, coded = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (name, secret) if kind == "Basic" else ("", "")


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
