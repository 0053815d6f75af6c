"""What `dg scaffold defs` does for our components: it writes a commented sample that loads once its references exist."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
from dagster.components.component_scaffolding import scaffold_component

from activation_platform.components import samples

__all__ = ["SampleScaffolder"]


class SampleScaffolder(dg.Scaffolder[Any]):
    """Writes the sample of a component, named after its folder; in Python format, Dagster's own stub."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write `defs.yaml` in the folder, or append a document to the file."""
        if request.scaffold_format == "python":
            scaffold_component(request)
            return
        word = request.type_name.rpartition(".")[2].removesuffix("Component").lower()
        sample = (files(samples) / f"{word}.yaml").read_text().format(name=_name(request.target_path, word))
        if request.append:
            with request.target_path.open("a") as file:
                file.write(f"---\n{sample}")
        else:
            (request.target_path / "defs.yaml").write_text(sample)


def _name(path: Path, word: str) -> str:
    """The folder's name as a name of the workspace."""
    words = re.findall(r"[a-z0-9]+", path.stem.lower())
    name = "_".join(words).lstrip("0123456789_")
    return name if name and name != "defs" else f"my_{word}"
