"""Google's endpoint for tokens: https://developers.google.com/identity/protocols/oauth2/service-account.

An assertion (a JWT, RFC 7523) must be signed by the key of a service account that is known here. The key was made for this
stand-in alone: it opens nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.firestore.errors import ungranted

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPES = ("https://www.googleapis.com/auth/datastore", "https://www.googleapis.com/auth/cloud-platform")
EDITOR = "activation@sandbox-project.iam.gserviceaccount.com"
VIEWER = "viewer@sandbox-project.iam.gserviceaccount.com"
LIFETIME = 3599
KEY_ID = "sandbox-firestore-key-1"

_PEM = """\
-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDZipdp7JoqKO6d
kGO0HmYUX2I64BUiXPgrxt3QoRugJSCUBNsbYGotVb+/UhlHBQLF4f7MUkxZcmgL
S4vYSglslFAzf+OWxMoAiPGV3vHSm+WMzU9H6JiJtGlBgsmWk/dktLhJiSAzVdIk
5fQrLPux152d9fN9HDlJjpANPv0mtEqpsVNfabRMwUfTd7gtxyoC2PHmcYVtxS2v
fC0OSXN19mwzR36w/FzZLJ/q5a3OtH+N5p9x1cC+IDwJMrHBct6G28GhdWsQ7GEn
2I+4qgMwJrde7Z9STLWDt6UDs7gb4+8D/VnS6C4EyjuFgIa/jbG0X4T3l9VgLKcd
8qaYYQqJAgMBAAECggEAAh522tvohQZcy6ldRUMCCssCj5EA97KY4sFHRhnZpWnT
K0nwUfASnLIwAda0gxP2CtQomZgoIPtrrsd7u12+QYHg1Z2Wa5CraI2s78EqERt+
ZQyXa/uEp9u7Zj1WRhqXH3KgtGuq5gEdIMmiIx0HLxxq7z/W8TYqCzDBr7VYPS0i
Dy2p0179Xca/uFvTSA2ZhtMjMuC70Y8MPqwR80rpNTDOSup0HpMHRyVGIeqhuDTc
Lt9/ZPuncDRYunfzsr9u8s80xMEdRMvZk8Bb5LSpOumwg6sxZAdXRZ5pqt0rld8F
ZBPqI+jqL3uS4uiCC6Gk1/Tw9hCpwtb50/Xdal2oQQKBgQDyaqh4J84G8dXZvXMf
Xc4lMNwlYkVfVJ0G6ZYcQCMny/5eC6a7uapUZBvn2OhWkbE3q+svgDHoJH6HA4Lb
jj/Yy9HVJfOmniFAulPrveo5rVk2vA5HFnTDNL36/iI8hR4hdqfHFNVdDgFzs0//
DyKJnG/M++nsFE4OaUcmzU2swQKBgQDluxxN2DCPbDeszV2EQkKshrsSlovQKcCd
/Ny+M0/Z1ZMBYjpwC1y4Ijv3tKWdFJQK4nYKpPnYjn1KoEHXOQLr99TOxdetH/xa
LxXNG6k0mnHmJpLtRgbYaKqmJremYYuABANtav2S/2cI5LqZYNc9tUWenb24kk22
J+94rtMnyQKBgHnhMi6nJKjNMg21eIoOqbR9KlIJZIOXkROGoZg2jvZVU+CIzx2X
LZIcewNIRRgxS/6Hi0lolK74mjzbgRFOJb+kSi12VVgyLNnUVJkz9O1mwHIKfssy
+SWkANiOqTvwWcPNWnF3gga1Ifm/77p3K5AwfO18wpGVa+FHAST7F9CBAoGAEOq4
aNsUqFsVtnng+w5ODppVSEchwJByiK/IKZFpvebGToHHP9z2VPDgbZs13t1XEX4f
pyUC6PmFLGukrY6bMnkriJZ1DWCfmpyBBHuW+DKvVH1esG5JrsH2XwnW2D+yoBir
j/Ei/yIjmjoNq6G/9+FTYRzIjcDoTBOgxMhK8FECgYEAr+1VOIH6lBR2kwXCrNoh
d1KW4YLmyoOULkpa1L8vnC15dwN4LzB91LJ9q7NVwO/Z81XFPHbFh9IgoCcoO+eW
sfGHMNt6BTXZ3z8miydwCUDVosvk6FRT+fCH8eqvAMZMfnUzOZGo7yP5V03mDCCS
JkCvw3o3MoHMQT6pOY9jITk=
-----END PRIVATE KEY-----
"""
_MODULUS = int(
    "d98a9769ec9a2a28ee9d9063b41e66145f623ae015225cf82bc6ddd0a11ba025209404db1b606a2d55bfbf5219470502"
    "c5e1fecc524c5972680b4b8bd84a096c9450337fe396c4ca0088f195def1d29be58ccd4f47e89889b4694182c99693f7"
    "64b4b84989203355d224e5f42b2cfbb1d79d9df5f37d1c39498e900d3efd26b44aa9b1535f69b44cc147d377b82dc72a"
    "02d8f1e671856dc52daf7c2d0e497375f66c33477eb0fc5cd92c9feae5adceb47f8de69f71d5c0be203c0932b1c172de"
    "86dbc1a1756b10ec6127d88fb8aa033026b75eed9f524cb583b7a503b3b81be3ef03fd59d2e82e04ca3b858086bf8db1"
    "b45f84f797d5602ca71df2a698610a89",
    16,
)
_EXPONENT = 65537
_DIGEST = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 in a signature (RFC 8017, 9.2)."""


def service_account_key(address: str, email: str = EDITOR, pem: str = _PEM) -> str:
    """Return the key file of a service account, for the sandbox whose Firestore is at `address`."""
    key = {
        "type": "service_account",
        "project_id": "sandbox-project",
        "private_key_id": KEY_ID,
        "private_key": pem,
        "client_email": email,
        "client_id": "100000000000000000001",
        "token_uri": f"{address}/token",
    }
    return json.dumps(key)


@dataclass(frozen=True, slots=True)
class Token:
    """Who has it, what it is good for, and until when (seconds since 1970)."""

    email: str
    scopes: frozenset[str]
    until: float


class Tokens:
    """The tokens that were given, by their texts."""

    def __init__(self) -> None:
        self._given: dict[str, Token] = {}

    def grant(self, call: Call) -> Answer:
        """Exchange an assertion for a token."""
        form = dict(parse_qsl(call.body.decode("latin-1")))
        if form.get("grant_type") != GRANT:
            raise ungranted(
                400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}"
            )
        claims = _claims(form.get("assertion", ""))
        if claims.get("iss") not in (EDITOR, VIEWER):
            raise ungranted(400, "invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") != AUDIENCE:
            raise ungranted(400, "invalid_grant", "Invalid JWT: Failed audience check.")
        if not _is_now(claims.get("iat"), claims.get("exp"), call.wall):
            raise ungranted(
                400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)"
            )
        scopes = frozenset(str(claims.get("scope") or "").split())
        if not scopes:
            raise ungranted(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.sandbox-{len(self._given) + 1}"
        self._given[token] = Token(str(claims["iss"]), scopes, call.wall + LIFETIME)
        return Answer(200, {"access_token": token, "expires_in": LIFETIME, "token_type": "Bearer"})

    def find(self, text: str, now: float) -> Token | None:
        """Return a token that is good still."""
        token = self._given.get(text)
        return token if token is not None and now < token.until else None


def _is_now(issued: Any, ends: Any, now: float) -> bool:
    """Whether an assertion is good for an hour at most, and now; clocks may differ by five minutes."""
    whole = isinstance(issued, int) and isinstance(ends, int)
    return whole and issued < ends <= issued + 3600 and issued - 300 <= now < ends


def _claims(assertion: str) -> Mapping[str, Any]:
    """Return what an assertion says, once its signature is found to be the key's."""
    try:
        signed, _, signature = assertion.rpartition(".")
        header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        if header["alg"] != "RS256" or not isinstance(claims, dict):
            raise ValueError("another algorithm")
        given = _decoded(signature)
    except (ValueError, KeyError, TypeError):
        raise ungranted(400, "invalid_grant", "Bad Request") from None
    size = (_MODULUS.bit_length() + 7) // 8
    found = pow(int.from_bytes(given), _EXPONENT, _MODULUS).to_bytes(size)
    ending = b"\x00" + _DIGEST + hashlib.sha256(signed.encode()).digest()
    if found != b"\x00\x01".ljust(size - len(ending), b"\xff") + ending:
        raise ungranted(400, "invalid_grant", "Invalid JWT Signature.")
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
