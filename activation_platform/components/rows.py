"""Rows that a test gives: a list in the YAML, or a .csv or .yaml file beside it, each row with the place where it stands."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dagster_shared.yaml_utils import DagsterYamlLoader

from activation_platform.components.workspace import Fault

__all__ = ["Row", "rows_of"]

_SHOWN = "{id: 1, country: FR}"


@dataclass(frozen=True, slots=True)
class Row:
    """Values by column. `path`: where they stand in the YAML; `place`: `orders.csv:3: ` where they stand in a file.

    `quoted`: whether every value is text, as in a CSV file.
    """

    values: Mapping[Any, Any]
    path: tuple[str | int, ...]
    place: str = ""
    quoted: bool = False

    def fault(self, message: str, *below: str) -> Fault:
        """What is wrong with the row, or with what stands below it."""
        return Fault((*self.path, *(() if self.place else below)), self.place + message)


def rows_of(given: Any, folder: Path | None, path: tuple[str | int, ...]) -> Iterator[Row | Fault]:
    """Every row, and a fault for everything that is none.

    `folder`: where files are looked for, None where the segment is declared in Python; `path`: where `given` stands.
    """
    if isinstance(given, list):
        for number, values in enumerate(given):
            yield _row(values, (*path, number))
    elif isinstance(given, str):
        yield from _in_file(given, folder, path)
    else:
        told = f"takes a list of rows such as {_SHOWN}, or the name of a .csv or .yaml file beside this one"
        yield Fault(path, told)


def _row(values: Any, path: tuple[str | int, ...], place: str = "") -> Row | Fault:
    if isinstance(values, Mapping):
        return Row(values, path, place)
    return Fault(path, f"{place}a row is a mapping of columns and values: {_SHOWN}")


def _in_file(name: str, folder: Path | None, path: tuple[str | int, ...]) -> Iterator[Row | Fault]:
    read = {".csv": _csv, ".yaml": _yaml, ".yml": _yaml}.get(Path(name).suffix)
    if read is None:
        yield Fault(
            path, f'"{name}" is neither a .csv nor a .yaml file, which are the ones that people review'
        )
    elif folder is None:
        yield Fault(path, "a file stands beside a YAML file, and this segment is declared in Python")
    else:
        try:
            # Spreadsheets begin a file with a mark of its byte order. Line breaks within cells are theirs.
            text = (folder / name).read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            yield Fault(path, f'"{name}" is not text in UTF-8')
        except OSError as error:
            why = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
            yield Fault(path, f'"{name}" cannot be read beside the YAML: {why}')
        else:
            yield from read(name, text, path)


def _csv(name: str, text: str, path: tuple[str | int, ...]) -> Iterator[Row | Fault]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = next(lines, [])
        if not head or len({*head}) < len(head):
            yield Fault(path, f"{name}:1: the first line names the columns, each once")
            return
        begun = lines.line_num + 1
        for cells in lines:
            place, begun = f"{name}:{begun}: ", lines.line_num + 1
            if len(cells) == len(head):
                yield Row(dict(zip(head, cells, strict=True)), path, place, quoted=True)
            elif cells:
                yield Fault(
                    path, f"{place}has {len(cells)} cells, and the first line names {len(head)} columns"
                )
    except csv.Error as error:
        yield Fault(path, f"{name}:{lines.line_num}: {error}")


def _yaml(name: str, text: str, path: tuple[str | int, ...]) -> Iterator[Row | Fault]:
    try:
        loader = DagsterYamlLoader(text)  # as everything beside it is read: days are text
        tree = loader.get_single_node()
        if not isinstance(tree, yaml.SequenceNode):
            yield Fault(path, f"{name}: takes a list of rows such as {_SHOWN}")
            return
        for node in tree.value:
            values = loader.construct_document(node)
            yield _row(values, path, f"{name}:{node.start_mark.line + 1}: ")
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        yield Fault(path, f"{name}:{line}: {error.problem}")
    except yaml.YAMLError as error:
        yield Fault(path, f"{name}: is no YAML: {error}")
