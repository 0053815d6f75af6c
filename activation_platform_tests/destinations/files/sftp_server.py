"""An SFTP server on the loopback, in a folder of the test, that can be told to misbehave."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from activation_platform.destinations.files.destination import Files

USER, PASSWORD = "partner", "a-secret-password"


@dataclass
class Server:
    """What the server does. Names in `refuses` are refused, `hangs_up` closes the connection at so many next writes."""

    folder: Path
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    user_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    posix_rename: bool = True
    refuses: set[str] = field(default_factory=set)
    full: bool = False
    hangs_up: int = 0
    port: int = 0
    renamed: list[str] = field(default_factory=list)
    logins: int = 0
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    @property
    def public_key(self) -> str:
        """The host key, as `ssh-keyscan` prints it."""
        return f"[127.0.0.1]:{self.port} {self.host_key.export_public_key().decode()}"

    def files(self, path: str = "in", **changes: Any) -> Files:
        """A folder of the server as a destination."""
        settings = {
            "url": f"sftp://127.0.0.1:{self.port}/{path}",
            "user": USER,
            "password": PASSWORD,
            "known_host_key": self.public_key,
        }
        return Files(**{**settings, **changes})


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run it in a thread of its own."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()

    async def serve() -> None:
        acceptor = await asyncssh.create_server(
            lambda: _Door(server),
            "127.0.0.1",
            0,
            server_host_keys=[server.host_key],
            sftp_factory=lambda channel: _Folder(channel, server),
        )
        server.port = acceptor.get_port()
        ready.set()
        await stop.wait()
        acceptor.close()
        for connection in server.connections:
            connection.abort()
        await acceptor.wait_closed()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


class _Door(asyncssh.SSHServer):
    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._server.logins += 1
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.export_public_key() == self._server.user_key.convert_to_public().export_public_key()


class _Folder(asyncssh.SFTPServer):
    def __init__(self, channel: Any, server: Server) -> None:
        self._server = server
        super().__init__(channel, chroot=str(server.folder).encode())

    def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
        if Path(path.decode()).name in self._server.refuses:
            raise asyncssh.SFTPPermissionDenied("no")
        return super().open(path, pflags, attrs)

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        if self._server.full:
            raise OSError(28, "No space left on device")
        if self._server.hangs_up:
            self._server.hangs_up -= 1
            self.channel.get_connection().abort()
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if not self._server.posix_rename:
            raise asyncssh.SFTPOpUnsupported("not here")
        self._server.renamed.append(newpath.decode())
        super().posix_rename(oldpath, newpath)
