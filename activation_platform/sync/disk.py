"""The disk: what it means when the storage root cannot be used, told apart from every other error of the system."""

import errno
import os
import re

from activation_platform.contracts.errors import StorageFailed

__all__ = ["storage_failure"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
_CLOSED = frozenset(
    {errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}
)
_SAID = re.compile(r"\(os error (\d+)\)")


def storage_failure(error: BaseException, where: object) -> StorageFailed | None:
    """The error as one of ours where a disk raised it, else None; `where`: the folder that was used."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None:  # Polars passes on the system's words, not always its class or number
        said = _SAID.search(str(error))
        number = int(said.group(1)) if said else None
    if number is None or number not in _FULL | _CLOSED:
        return None
    if number in _FULL:
        return StorageFailed(
            f"{where} cannot be written ({os.strerror(number)})",
            remedy="Make room there and run again: what was remembered is kept, and what was in flight is sent again.",
        )
    return StorageFailed(
        f"{where} cannot be used ({os.strerror(number)})",
        remedy="Check that ACTIVATION_STORAGE names a folder that the user who runs the platform may read and write.",
    )
