"""A place for files: a folder, a bucket of an object store, a folder on an SFTP server."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.contracts.writes import Place, Probe
from activation_platform.destinations.files.address import Address, address_problems
from activation_platform.destinations.files.export import Export
from activation_platform.destinations.files.folder import Folder
from activation_platform.destinations.files.objects import google_bucket, s3_bucket
from activation_platform.destinations.files.sftp import Login, RemoteFolder

__all__ = ["Files"]

_TAKEN = {
    "file": set[str](),
    "s3": {"base_url", "access_key_id", "secret_access_key", "session_token", "region"},
    "gs": {"base_url", "service_account"},
    "sftp": {"user", "password", "private_key", "known_host_key"},
}
"""The settings beside `url` that a kind of place takes."""


class Files(Destination):
    """A place for files.

    `url` says where: `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or `sftp://host:port/folder`.

    S3 takes `access_key_id`, `secret_access_key`, `session_token` and `region`; Google Cloud Storage `service_account`, the
    JSON of a key. Without credentials, the identity of the machine is used. `base_url` is the address of a store that is not
    the vendor's own. SFTP takes `user`, `password` or `private_key`, and `known_host_key`: what `ssh-keyscan` prints for the
    server. A server that shows another key is not talked to.
    """

    platform: ClassVar[str] = "files"
    docs: ClassVar[str] = "https://developmentseed.org/obstore/latest/"
    services: ClassVar[tuple[type[Service], ...]] = (Export,)
    verified: ClassVar[tuple[str, ...]] = ("a folder, moto (S3), an SFTP server of asyncssh",)
    secrets: ClassVar[tuple[str, ...]] = (
        "access_key_id",
        "secret_access_key",
        "session_token",
        "service_account",
        "password",
        "private_key",
    )
    carrier: ClassVar[str] = "file"
    conversations: ClassVar[int] = 8

    url: str
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    region: str = ""
    service_account: str = ""
    user: str = ""
    password: str = ""
    private_key: str = ""
    known_host_key: str = ""

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """What the address cannot be, and the settings that its kind of place lacks or does not take."""
        url = str(settings.get("url", ""))
        problems = [] if url.startswith("env:") else list(address_problems(url))
        yield from problems
        if problems or url.startswith("env:"):
            return
        scheme = url.partition(":")[0]
        given = {name for name, value in settings.items() if value and name != "url"}
        for name in sorted(given - _TAKEN[scheme]):
            words = ", ".join(sorted(_TAKEN[scheme])) or "no other setting"
            yield f'{scheme}:// takes no "{name}"; it takes {words}'
        if scheme == "sftp":
            yield from (f'sftp:// needs "{name}"' for name in ("user", "known_host_key") if name not in given)
            if not given & {"password", "private_key"}:
                yield 'sftp:// needs "password" or "private_key"'
        if scheme == "s3" and len(given & {"access_key_id", "secret_access_key"}) == 1:
            yield 's3:// takes "access_key_id" and "secret_access_key" together, or neither'

    @property
    def root_url(self) -> str:
        """Where the files go."""
        return self.url.rstrip("/")

    @property
    def host(self) -> str:
        """The folder, the bucket or the server; with the store that a bucket is at, where it is not the vendor's own."""
        address = Address.of(self.url)
        place = f"{address.scheme}://{address.host or address.path}"
        return f"{place} at {urlsplit(self.base_url).netloc}" if self.base_url else place

    def account(self) -> Inquiry:
        """See whether the place is there and lets us in. Returns its name: nothing else names it."""
        return (yield Probe())

    def place(self) -> Place:
        """The place that `url` leads to."""
        settings = {name: getattr(self, name) for name in type(self).model_fields}
        problems = list(self.objections(settings))
        if problems:
            raise DeclarationError("; ".join(problems), remedy="Correct the destination's settings.")
        address = Address.of(self.url)
        prefix = address.path.strip("/")
        if address.scheme == "file":
            return Folder(Path(address.path or "/"))
        if address.scheme == "s3":
            return s3_bucket(
                address.host,
                prefix,
                self.base_url,
                access_key_id=self.access_key_id,
                secret_access_key=self.secret_access_key,
                session_token=self.session_token,
                region=self.region,
            )
        if address.scheme == "gs":
            return google_bucket(address.host, prefix, self.base_url, self.service_account)
        login = Login(self.user, self.known_host_key, self.password, self.private_key)
        return RemoteFolder(address.host, address.port or 22, address.path, login)
