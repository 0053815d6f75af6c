"""An SSH server on the loopback that forwards ports, as a bastion does, and can hang up."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncssh

USER, PASSWORD = "tunneller", "an-ssh-secret"


@dataclass
class Bastion:
    """The server; `forwarded` is where it was asked to lead to."""

    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    user_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    forwarded: list[tuple[str, int]] = field(default_factory=list)
    open: int = 0
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    connections: list[Any] = field(default_factory=list)

    def ssh(self, **changes: Any) -> dict[str, Any]:
        """Settings that let in with the password."""
        known = self.host_key.export_public_key().decode()
        settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "password": PASSWORD,
            "known_host_key": known,
        }
        return settings | changes

    def hang_up(self) -> None:
        """Break every connection."""
        for connection in self.connections:
            self.loop.call_soon_threadsafe(connection.abort)


class _Door(asyncssh.SSHServer):
    def __init__(self, bastion: Bastion) -> None:
        self._bastion = bastion

    def connection_made(self, conn: Any) -> None:
        self._bastion.connections.append(conn)
        self._bastion.open += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._bastion.open -= 1

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.export_public_key() == self._bastion.user_key.convert_to_public().export_public_key()

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self._bastion.forwarded.append((dest_host, dest_port))
        return True


@contextmanager
def serving() -> Iterator[Bastion]:
    """Run it in a thread of its own."""
    bastion = Bastion()
    loop = bastion.loop

    async def listening() -> Any:
        return await asyncssh.create_server(
            lambda: _Door(bastion), "127.0.0.1", 0, server_host_keys=[bastion.host_key]
        )

    async def ended(acceptor: Any) -> None:
        acceptor.close()
        for connection in bastion.connections:
            connection.abort()
        await acceptor.wait_closed()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(listening(), loop).result(10)
    bastion.port = acceptor.get_port()
    try:
        yield bastion
    finally:
        asyncio.run_coroutine_threadsafe(ended(acceptor), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
