"""A file or folder that is closed to us, not even open to a test that runs as root: it is another user for a moment."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that every user may enter; tmp_path belongs to one alone."""
    folder = Path(tempfile.mkdtemp(prefix="activation-sealed-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def another_user() -> Iterator[None]:
    """Whoever root is not."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
