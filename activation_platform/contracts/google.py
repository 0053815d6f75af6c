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

from activation_platform.contracts.errors import ConnectionFailed, CredentialsRefused, DeclarationError
from activation_platform.contracts.redaction import Redactor
from activation_platform.contracts.service import UnreadableAnswer, said

__all__ = ["ApplicationDefault", "ServiceAccount", "google_identity", "key_secrets", "service_account_key"]

_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom every assertion is for, by Google's page and in its own library, wherever the key says that tokens are given."""
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 3600
_MARGIN = 60.0
"""Seconds before its end at which a token is replaced."""
_REFUSALS = (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


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


class ServiceAccount(httpx.Auth):
    """A service account that signs for itself: an assertion (RFC 7523) is exchanged for a token, which is kept for an hour."""

    requires_response_body = True

    def __init__(self, key: Mapping[str, Any], scope: str, now: Callable[[], float] = time.time) -> None:
        self._key = key
        self._scope = scope
        self._now = now
        self._token, self._until = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with a token that is good for a while; once more, with a new one, where it is not taken.

        Where Google gives no token and does not refuse either, its answer stands for that to the request.
        """
        for kept in (True, False):
            if not kept or self._now() >= self._until:
                answer = yield self._grant()
                if not answer.is_success and answer.status_code not in _REFUSALS:
                    return
                self._hear(answer)
                kept = False
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
            if not kept or response.status_code != httpx.codes.UNAUTHORIZED:
                return

    def _grant(self) -> httpx.Request:
        assertion = _signed(self._key, self._scope, int(self._now()))
        form = {"grant_type": _GRANT, "assertion": assertion}
        return httpx.Request("POST", str(self._key.get("token_uri") or _AUDIENCE), data=form)

    def _hear(self, answer: httpx.Response) -> None:
        if answer.status_code in _REFUSALS:
            hide = Redactor(key_secrets(json.dumps(self._key)))
            raise CredentialsRefused(
                f"Google gives the service account no token ({hide(_words(answer))})",
                remedy="Check the key: it may have been deleted, its account disabled, or this machine's clock be off.",
            )
        told = said(answer)
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not isinstance(told.get("expires_in"), int | float):
            raise UnreadableAnswer(f"{answer.status_code} without a token")
        self._token, self._until = token, self._now() + told["expires_in"] - _MARGIN

    def __repr__(self) -> str:
        return "ServiceAccount()"


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
    """An assertion, which is good for an hour."""
    _library()
    from google.auth import crypt, jwt

    claims = {
        "iss": key["client_email"],
        "scope": scope,
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + _LIFETIME,
    }
    try:
        signer = crypt.RSASigner.from_string(str(key["private_key"]), key.get("private_key_id"))  # type: ignore[no-untyped-call]
        return str(jwt.encode(signer, claims), "ascii")  # type: ignore[no-untyped-call]
    except (KeyError, ValueError):
        raise CredentialsRefused(
            "the service account's key holds no private key that can sign",
            remedy="Make a key of the type JSON in Google Cloud, and give the whole file.",
        ) from None


def _words(answer: httpx.Response) -> str:
    """What a refusal says: `invalid_grant: Invalid JWT Signature.`"""
    with suppress(ValueError, RecursionError):
        told = answer.json()
        if isinstance(told, dict):
            found = [told.get(name) for name in ("error", "error_description")]
            return ": ".join(one for one in found if isinstance(one, str)) or str(answer.status_code)
    return str(answer.status_code)
