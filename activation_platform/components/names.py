"""Names of things in the workspace, which become asset keys, folders and words on the command line; and names of owners."""

from typing import Annotated

from pydantic import StringConstraints

__all__ = ["ForeignKey", "Name", "Owner"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=63)]
"""Lower-case letters and digits in words joined by single underscores, at most 63, beginning with a letter."""

# What Dagster itself accepts; it would refuse others later, without file and line.
Owner = Annotated[
    str, StringConstraints(pattern=r"^(team:.+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7})$")
]
"""An e-mail address, or `team:name`."""

ForeignKey = Annotated[str, StringConstraints(pattern=r"^[^/\s]+(/[^/\s]+)*$")]
"""The key of an asset that is none of ours, its parts joined by slashes, as Dagster shows it."""
