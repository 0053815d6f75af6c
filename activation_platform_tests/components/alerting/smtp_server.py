"""A real SMTP server on loopback, with TLS by a certificate of its own and logins."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["SmtpServer", "certificate", "smtp_server"]


@dataclass
class SmtpServer:
    """What it took, oldest first; whom it refuses."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refused: tuple[str, ...] = ()
    loop: Any = None
    stop: Any = None

    async def handle_RCPT(  # noqa: N802 -- so aiosmtpd calls it
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _: Any
    ) -> str:
        """Called by aiosmtpd."""
        if address in self.refused:
            return f"550 5.1.1 no {address} here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- so aiosmtpd calls it
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        """Called by aiosmtpd."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.content))
        return "250 OK"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alerts")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, secret


def _lets_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"alerts", b"the-password"), handled=False)


@contextmanager
def smtp_server(pem: Path, key: Path, security: str) -> Iterator[SmtpServer]:
    """A running one; a login is needed but without TLS."""
    made, ready, context = SmtpServer(), threading.Event(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    options: dict[str, Any] = {"hostname": "127.0.0.1", "authenticator": _lets_in}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True}
    elif security == "tls":
        options |= {"auth_require_tls": False}  # aiosmtpd does not count TLS from the first byte

    async def serve() -> None:
        made.loop, made.stop = asyncio.get_running_loop(), asyncio.Event()
        at = {"host": "127.0.0.1", "port": 0, "ssl": context if security == "tls" else None}
        talks: list[SMTP] = []

        def talk() -> SMTP:
            talks.append(SMTP(made, loop=made.loop, **options))
            return talks[-1]

        server = await made.loop.create_server(talk, **at)
        made.port = server.sockets[0].getsockname()[1]
        ready.set()
        await made.stop.wait()
        server.close()
        for one in talks:
            if one.transport is not None:
                one.transport.abort()
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield made
    finally:
        made.loop.call_soon_threadsafe(made.stop.set)
        thread.join()
