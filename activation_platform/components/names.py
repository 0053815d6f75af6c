"""Names of things in the workspace: they become asset keys, folders and words on the command line."""

from typing import Annotated

from pydantic import StringConstraints

__all__ = ["Name"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""Lower-case letters, digits and underscores, at most 63, beginning with a letter."""
