"""The address of a place for files: file:///folder, s3://bucket/prefix, gs://bucket/prefix, sftp://host:port/folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from activation_platform.contracts.fields import nearest

__all__ = ["Address", "address_problems"]

SCHEMES = ("file", "s3", "gs", "sftp")


@dataclass(frozen=True, slots=True)
class Address:
    """An address in its parts. `host` is the bucket's or server's name; `path` has no slash at its end."""

    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """The parts of an address that `address_problems` finds nothing wrong with."""
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port, unquote(parts.path).rstrip("/"))


def address_problems(url: str) -> Iterator[str]:
    """What is wrong with an address, without ever repeating it: somebody may have written a password into it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        yield '"url" is no address; a port is a number up to 65535'
        return
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        yield f'"url" starts with one of {known}.{nearest(parts.scheme, SCHEMES)}'
        return
    if "@" in parts.netloc:
        yield '"url" holds a user or password; they are settings of their own (user, password)'
        return
    if parts.query or parts.fragment:
        yield '"url" ends with the path: "?" and "#" lead nowhere; write %3F and %23 for names that hold them'
    if ".." in unquote(parts.path).split("/"):
        yield '"url" holds "..", say where it leads'
    if parts.scheme == "file" and (parts.netloc or not parts.path.startswith("/")):
        yield '"url" names a folder of this machine by its whole path: file:///folder, with three slashes'
    if parts.scheme != "file" and not parts.hostname:
        yield f'"url" names no {"host" if parts.scheme == "sftp" else "bucket"}: {parts.scheme}://NAME/folder'
    if port is not None and parts.scheme != "sftp":
        yield '"url" has a port, which only sftp:// takes; the address of a store is base_url'
