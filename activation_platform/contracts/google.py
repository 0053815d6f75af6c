"""Google's identities, as `httpx.Auth` flows: a service account with a key, or the application default credentials.

Source: https://developers.google.com/identity/protocols/oauth2/service-account. Tokens are asked for on the way that the requests
themselves take, so that the loader has its patience with Google's token endpoint, too.
"""

import base64
import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from typing import Any

import httpx

from activation_platform.contracts.auth import AccessToken
from activation_platform.contracts.errors import ConnectionFailed, CredentialsRefused, DeclarationError
from activation_platform.contracts.redaction import Redactor

__all__ = ["ApplicationDefault", "ServiceAccount", "google_identity", "key_secrets", "service_account_key"]

_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom every assertion is for, by Google's page and in its own library, wherever the key says that tokens are given."""
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 3600


def service_account_key(text: str, whose: str) -> dict[str, Any]:
    """The key of a service account: its JSON, as it is or in base64; empty where the text is.

    Raises `DeclarationError`, without a word of the text, for anything else. `whose`: "The source's".
    """
    text = text.strip()
    if not text:
        return {}
    with suppress(ValueError):
        key = json.loads(text if text.startswith("{") else base64.b64decode(text))
        if isinstance(key, dict) and "client_email" in key:
            return key
    raise DeclarationError(
        f"{whose} credentials are no service account's key",
        remedy="Give the JSON file that Google made with the key, as it is or in base64.",
    )


def key_secrets(text: str) -> list[str]:
    """What of a key must be shown nowhere, for the redactor; nothing where the text is no key."""
    with suppress(DeclarationError):
        key = service_account_key(text, "")
        return [str(key[name]) for name in ("private_key", "private_key_id") if key.get(name)]
    return []


def google_identity(credentials: str, scope: str, whose: str) -> httpx.Auth:
    """Whoever `credentials` say, allowed what `scope` names: a service account's key; empty, the application default."""
    key = service_account_key(credentials, whose)
    return ServiceAccount(key, scope) if key else ApplicationDefault(scope)


class ServiceAccount(AccessToken):
    """A service account that signs for itself: a token is given for an assertion (RFC 7523)."""

    remedy = (
        "Check the key: it may have been deleted, its account disabled, or the clock of this machine be off."
    )

    def __init__(self, key: Mapping[str, Any], scope: str, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self._key = key
        self._scope = scope

    def asking(self) -> httpx.Request:
        """An assertion that is good for an hour."""
        assertion = _signed(self._key, self._scope, int(self._now()))
        form = {"grant_type": _GRANT, "assertion": assertion}
        return httpx.Request("POST", str(self._key.get("token_uri") or _AUDIENCE), data=form)

    def words(self, told: Mapping[str, object]) -> str:
        """`invalid_grant: Invalid JWT Signature.`"""
        found = ": ".join(str(told[name]) for name in ("error", "error_description") if told.get(name))
        return Redactor(key_secrets(json.dumps(self._key)))(found)


class ApplicationDefault(httpx.Auth):
    """Whoever this machine is to Google: https://cloud.google.com/docs/authentication/application-default-credentials.

    Found, and refreshed once an hour, by Google's own library, which waits for it in place.
    """

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._credentials: Any = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with its token."""
        self._refresh()
        request.headers["Authorization"] = f"Bearer {self._credentials.token}"
        yield request

    def _refresh(self) -> None:
        auth = _library()
        from google.auth.transport.requests import Request

        try:
            if self._credentials is None:
                self._credentials = auth.default(scopes=[self._scope])[0]
            if not self._credentials.valid:
                self._credentials.refresh(Request())
        except auth.exceptions.TransportError as error:
            raise ConnectionFailed(
                f"Google's token endpoint cannot be reached ({type(error).__name__})",
                remedy="Check the network; on a machine outside of Google Cloud, give a service account's key.",
            ) from None
        except auth.exceptions.GoogleAuthError as error:
            raise CredentialsRefused(
                f"there are no application default credentials that Google takes ({type(error).__name__})",
                remedy="Give a service account's key as credentials, or set GOOGLE_APPLICATION_CREDENTIALS.",
            ) from None


def _library() -> Any:
    try:
        import google.auth
        import google.auth.exceptions
    except ImportError:
        raise DeclarationError(
            "Google's identities need google-auth, which is not installed",
            remedy="pip install 'activation_platform[google]'",
        ) from None
    return google.auth


def _signed(key: Mapping[str, Any], scope: str, now: int) -> str:
    """An assertion, signed with the key."""
    _library()
    from google.auth import crypt, jwt

    claims = {
        "iss": key["client_email"],
        "scope": scope,
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + _LIFETIME,
    }
    try:  # Google's library says nothing of its types
        signer = crypt.RSASigner.from_string(str(key["private_key"]), key.get("private_key_id"))  # type: ignore[no-untyped-call]
        return str(jwt.encode(signer, claims), "ascii")  # type: ignore[no-untyped-call]
    except (KeyError, ValueError):
        raise CredentialsRefused(
            "the service account's key holds no private key that can sign",
            remedy="Make a key of the type JSON in Google Cloud, and give the whole file.",
        ) from None
