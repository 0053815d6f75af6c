"""A folder on an SFTP server as a place for files."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    TimedOut,
)
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.ssh import library, private_keys, public_keys
from activation_platform.contracts.writes import Place

if TYPE_CHECKING:
    import asyncssh

__all__ = ["Login", "RemoteFolder"]

_BLOCK = 4 * 1024 * 1024
"""Bytes that are under way at a time; asyncssh parts them into requests that need not wait for each other."""
_CONNECT_WITHIN, _ANSWER_WITHIN = 10.0, 30.0
"""Seconds for a connection, and for a block, or any other request."""
_HOME = re.compile(r"^/~(?:/|$)")
_PROBE = ".activation.part"


@dataclass(frozen=True, slots=True)
class Login:
    """How to get in. `known_host_key`: the server's public keys, one a line, as `ssh-keyscan` prints them."""

    user: str
    known_host_key: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


class RemoteFolder(Place):
    """Drafts are written beside the file, as `.name.part`, and renamed.

    A server with `posix-rename` (OpenSSH and most others) puts the new file in the place of the old one at once. On one
    without, the old file is removed first: for a moment there is none, but never half of one. A `folder` that is empty or
    begins with `/~` is taken from where the login leads.
    """

    def __init__(self, host: str, port: int, folder: str, login: Login) -> None:
        self._host, self._port, self._login = host, port, login
        self._folder = PurePosixPath(_HOME.sub("", folder))
        self.name = f"sftp://{host}:{port}/{folder.lstrip('/')}".rstrip("/")
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    async def probe(self) -> None:
        """Make an empty file in the folder, and remove it."""
        async with self._understood():
            sftp = await self._opened()
            path = str(self._folder / _PROBE)
            async with asyncio.timeout(_ANSWER_WITHIN), sftp.open(path, "wb"):
                pass
            async with asyncio.timeout(_ANSWER_WITHIN):
                await sftp.remove(path)

    async def has(self, path: str) -> bool:
        """Whether something is there under this name."""
        async with self._understood():
            sftp = await self._opened()
            async with asyncio.timeout(_ANSWER_WITHIN):
                return await sftp.lexists(str(self._folder / path))

    async def publish(self, draft: Path, path: str) -> None:
        """Send the draft beside the file, then rename it."""
        file = self._folder / path
        beside = str(file.with_name(f".{file.name}.part"))
        async with self._understood():
            sftp = await self._opened()
            if file.parent != self._folder:
                await sftp.makedirs(str(file.parent), exist_ok=True)
            try:
                await self._send(sftp, draft, beside)
                await self._rename(sftp, beside, str(file))
            except BaseException:
                with suppress(Exception):
                    async with asyncio.timeout(1):
                        await sftp.remove(beside)
                raise

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            with suppress(Exception):
                async with asyncio.timeout(5):
                    await self._connection.wait_closed()
        self._connection = self._client = None

    async def _send(self, sftp: "asyncssh.SFTPClient", draft: Path, beside: str) -> None:
        import asyncssh

        async with sftp.open(beside, "wb") as remote:
            with draft.open("rb") as local:
                while block := local.read(_BLOCK):
                    async with asyncio.timeout(_ANSWER_WITHIN):
                        await remote.write(block)
            with suppress(asyncssh.SFTPOpUnsupported):
                async with asyncio.timeout(_ANSWER_WITHIN):
                    await remote.fsync()

    async def _rename(self, sftp: "asyncssh.SFTPClient", beside: str, file: str) -> None:
        import asyncssh

        try:
            await sftp.posix_rename(beside, file)
        except asyncssh.SFTPOpUnsupported:
            with suppress(asyncssh.SFTPNoSuchFile):
                await sftp.remove(file)
            await sftp.rename(beside, file)

    async def _opened(self) -> "asyncssh.SFTPClient":
        if self._client is None:
            asyncssh = _asyncssh()
            self._connection = await asyncssh.connect(
                self._host,
                self._port,
                username=self._login.user,
                password=self._login.password or None,
                client_keys=private_keys(self._login.private_key, self.name),
                known_hosts=(self._known_keys(), [], []),
                config=None,
                agent_path=None,
                connect_timeout=_CONNECT_WITHIN,
                login_timeout=_ANSWER_WITHIN,
                keepalive_interval=10,
            )
            self._client = await self._connection.start_sftp_client()
        return self._client

    def _known_keys(self) -> list[Any]:
        keys = public_keys(self._login.known_host_key)
        if not keys:
            raise DeclarationError(
                f"the known host key of {self.name} cannot be read",
                remedy="known_host_key holds what ssh-keyscan prints for the server: ssh-ed25519 AAAA…",
            )
        return keys

    @asynccontextmanager
    async def _understood(self) -> AsyncIterator[None]:
        """What server and network say, as an error that says what to do. A broken connection is opened anew next time."""
        asyncssh = _asyncssh()
        try:
            yield
        except (asyncssh.Error, OSError, TimeoutError) as error:
            refused = self._refusal(error)
            if refused is not None:
                raise refused from None
            await self.close()
            raise Interrupted(self._passing(error)) from None

    def _refusal(self, error: BaseException) -> ActivationError | None:
        """What a refusal means that will not pass; None for one that may."""
        asyncssh = _asyncssh()
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return ConnectionFailed(
                f"{self.name} shows another host key than the one declared",
                remedy="If the server's key was changed on purpose, correct known_host_key; else somebody stands in between.",
            )
        if isinstance(error, (asyncssh.PermissionDenied, asyncssh.SFTPPermissionDenied)):
            return CredentialsRefused(
                f"{self.name} refuses {self._login.user} ({type(error).__name__})",
                remedy="Check user, password or key, and that the user may write and rename in the folder.",
            )
        if isinstance(error, (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)):
            return NotFound(
                f"{self.name} is no folder of the server",
                remedy="Create the folder, or correct the destination's url.",
            )
        if isinstance(error, asyncssh.SFTPError) and not isinstance(
            error, (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
        ):
            return ConnectionFailed(
                f"{self.name} cannot be written ({type(error).__name__})",
                remedy="What is there stays as it was. Is there room, and no folder of this name? The next run writes the file.",
            )
        return None

    def _passing(self, error: BaseException) -> ActivationError:
        remedy = "Check the network and the server; the next run writes the file."
        if isinstance(error, TimeoutError):
            return TimedOut(f"{self.name} did not answer in time", remedy=remedy)
        return ConnectionFailed(f"{self.name} cannot be reached ({type(error).__name__})", remedy=remedy)


def _asyncssh() -> Any:
    return library("sftp://", "sftp")
