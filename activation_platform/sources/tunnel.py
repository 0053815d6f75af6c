"""A way to a warehouse through an SSH server: a port of this machine, open for as long as one read lasts."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    TimedOut,
)
from activation_platform.contracts.source import Ssh
from activation_platform.contracts.ssh import library, private_keys, public_keys

__all__ = ["LOOPBACK", "tunnelled"]

LOOPBACK = "127.0.0.1"
T = TypeVar("T")


_TURNS = 3
"""Of the loop: a close calls the protocol, which may close in turn."""


@contextmanager
def tunnelled(ssh: Ssh | None, host: str, port: int) -> Iterator[tuple[str, int]]:
    """Where to connect to: the warehouse itself, or with `ssh` a port of this machine that leads to it from the SSH server.

    A connection that fails while the tunnel is down is the tunnel's failure, and told as such.
    """
    if ssh is None:
        yield host, port
        return
    tunnel = _Tunnel(ssh)
    with _loop() as loop:

        def done(work: Coroutine[Any, Any, T]) -> T:
            return asyncio.run_coroutine_threadsafe(work, loop).result()

        try:
            here = done(tunnel.opened(host, port))
            try:
                yield LOOPBACK, here
            except ConnectionFailed as error:
                raise tunnel.broken() or error from None
        finally:
            done(tunnel.closed())


class _Tunnel:
    """One SSH connection and the port that it forwards; everything here runs in the loop's thread."""

    def __init__(self, ssh: Ssh) -> None:
        self._ssh = ssh
        self._name = f"{ssh.host}:{ssh.port}"
        self._library = library("An SSH tunnel", "ssh")
        self._connection: Any = None
        self._shown: Any = None
        self._lost: str | None = None

    async def opened(self, host: str, port: int) -> int:
        """Connect, see that the SSH server reaches the warehouse, and forward; returns the port of this machine."""
        try:
            self._connection = await self._library.connect(
                self._ssh.host,
                self._ssh.port,
                username=self._ssh.user,
                password=self._ssh.password or None,
                client_keys=private_keys(self._ssh.private_key, self._name),
                known_hosts=(public_keys(self._ssh.known_host_key), [], []),
                client_factory=self._client(),
                config=None,
                agent_path=None,
                connect_timeout=10,
                login_timeout=30,
                keepalive_interval=10,
            )
        except (self._library.Error, OSError, TimeoutError) as error:
            raise self._refusal(error) from None
        try:
            _, knock = await self._connection.open_connection(host, port)
            knock.close()
            listener = await self._connection.forward_local_port(LOOPBACK, 0, host, port)
        except (self._library.Error, OSError) as error:
            raise ConnectionFailed(
                f"{self._name} does not reach {host}:{port} ({type(error).__name__})",
                remedy="Check the source's `host` and `port` as the SSH server sees them, and that it may forward ports.",
            ) from None
        return int(listener.get_port())

    async def closed(self) -> None:
        """Close the port and the connection."""
        if self._connection is not None:
            self._connection.close()
            with suppress(Exception):
                async with asyncio.timeout(5):
                    await self._connection.wait_closed()

    def broken(self) -> ActivationError | None:
        """The error to tell if the connection was lost; None while it stands."""
        if self._lost is None:
            return None
        return ConnectionFailed(
            f"The SSH tunnel through {self._name} broke ({self._lost})",
            remedy="Nothing was taken; check the SSH server and the network, the next run reads everything anew.",
        )

    def _client(self) -> Any:
        tunnel = self

        class Client(self._library.SSHClient):  # type: ignore[name-defined,misc]  # the library comes late
            def validate_host_public_key(self, host: str, address: str, port: int, key: Any) -> bool:
                """Only pinned keys get here unasked; remember the other for the message."""
                del host, address, port
                tunnel._shown = key
                return False

            def connection_lost(self, exc: Exception | None) -> None:
                """Remember why, unless we closed it."""
                if exc is not None:
                    tunnel._lost = type(exc).__name__

        return Client

    def _refusal(self, error: BaseException) -> ActivationError:
        if isinstance(error, self._library.HostKeyNotVerifiable):
            return self._unknown_key()
        if isinstance(error, self._library.PermissionDenied):
            return CredentialsRefused(
                f"The SSH server {self._name} refuses {self._ssh.user}",
                remedy="Check user, password or private_key under the source's `ssh`.",
            )
        kind = TimedOut if isinstance(error, TimeoutError) else ConnectionFailed
        return kind(
            f"The SSH server {self._name} cannot be reached ({type(error).__name__})",
            remedy="Check host and port under the source's `ssh`, and that a firewall lets us through.",
        )

    def _unknown_key(self) -> ActivationError:
        if self._shown is None:
            what, pin = "a key that cannot be read", "what ssh-keyscan prints for it"
        else:
            what = f"the key {self._shown.get_fingerprint()}"
            pin = " ".join(self._shown.export_public_key().decode().split()[:2])
        return ConnectionFailed(
            f"The SSH server {self._name} shows {what}, which is not the pinned one",
            remedy="Ask who runs it whether that fingerprint is right; only then write under the source's `ssh`: "
            f"known_host_key: {pin}",
        )


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ssh-tunnel", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_ended())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _ended() -> None:
    """Let what is being closed close: a socket does so in a callback, and some are closed by tasks that nobody waits for."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
