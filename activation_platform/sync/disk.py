"""The disk: what it means when the storage root cannot be written, told apart from every other error of the system."""

import errno
import os
import re

from activation_platform.contracts.errors import StorageFailed

__all__ = ["storage_failure"]

_OF_A_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE}
)
_SAID = re.compile(r"\(os error (\d+)\)")


def storage_failure(error: BaseException, where: object) -> StorageFailed | None:
    """The error as one of ours where a disk raised it, else None; `where`: the folder that was written."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None:  # Polars passes on the system's words, not always its class or number
        said = _SAID.search(str(error))
        number = int(said.group(1)) if said else None
    if number not in _OF_A_DISK:
        return None
    return StorageFailed(
        f"{where} cannot be written ({os.strerror(number)})",
        remedy="Make room there, or let the user that runs the platform write it, and run again: what was remembered is kept, "
        "and what was in flight is sent again.",
    )
