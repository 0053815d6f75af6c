"""DuckDB as its readers and its writers both know it: how a file is opened, and what is said when something is wrong."""

import re
from pathlib import Path

from activation_platform.contracts.errors import CredentialsRefused, NotFound
from activation_platform.contracts.redaction import HIDDEN, mask_text

__all__ = ["LOCKED_DOWN", "complaint", "require_file"]

LOCKED_DOWN: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",  # no file but this one, no network: https://duckdb.org/docs/stable/operations_manual/securing_duckdb
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
_ABOUT_VALUES = ("Conversion", "Out of Range", "Invalid Input")


def require_file(path: Path, remedy: str) -> None:
    """Raise what it means that there is no such file, or that its folder is closed to us. DuckDB would make a new one."""
    try:
        there = path.is_file()
    except PermissionError:
        raise CredentialsRefused(
            f"the folder of {path} is closed to us",
            remedy="Let the account that runs the platform enter it, and read the file.",
        ) from None
    if not there:
        raise NotFound(f"There is no file {path}", remedy=remedy)


def complaint(error: Exception) -> tuple[str, str]:
    """The word that the message begins with (`Catalog`, `IO`, …), and its first line without values of a row."""
    said = re.split(r"\n+LINE \d+:", str(error).strip())[0]
    kind = said.partition(" Error:")[0]
    if kind in _ABOUT_VALUES:  # a value may hold quotes and line breaks of its own
        said = re.sub(r"""(?<!\w)(['"])(?:.*\1|.*$)""", HIDDEN, said, flags=re.DOTALL)
        said = re.sub(r"(with value )\S+", rf"\g<1>{HIDDEN}", said)
    if kind == "Constraint":
        said = re.sub(r'key "([^:"]*): .*"', r'key "\1"', said, flags=re.DOTALL)
    return kind, mask_text(said.partition("\n")[0])
