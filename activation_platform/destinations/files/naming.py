"""The name of a file: a template whose variables are the moment of the run, its partition and the run itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from activation_platform.contracts.fields import nearest
from activation_platform.contracts.passes import Pass

__all__ = ["FileName"]

_MOMENT = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
VARIABLES = (*_MOMENT, "partition", "run")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_UNSAFE = re.compile(r"[^\w.+-]")
_FORMATS = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet"}
_COMPRESSIONS = {"gz": "gzip", "zst": "zstd"}


@dataclass(frozen=True, slots=True)
class FileName:
    """A template such as `customers/{YYYY}/{MM}/{DD}.csv`, relative to the destination's place."""

    template: str

    @property
    def varies(self) -> bool:
        """Whether two runs can have two names."""
        return _VARIABLE.search(self.template) is not None

    def problems(self) -> Iterator[str]:
        """What is wrong with the template."""
        for name in _VARIABLE.findall(self.template):
            if name not in VARIABLES:
                known = ", ".join(f"{{{one}}}" for one in VARIABLES)
                yield f"path has no variable {{{name}}}.{nearest(name, VARIABLES)} There is: {known}"
        plain = _VARIABLE.sub("x", self.template)
        if not plain:
            yield "path is empty"
        elif plain.startswith("/"):
            yield "path starts with a slash; it is relative to the destination's url"
        elif {"", ".", ".."} & set(plain.split("/")):
            yield 'path has a part that is empty, "." or ".."'
        if re.search(r"[{}\\\x00-\x1f\x7f]", plain):
            yield "path holds a brace without its other half, a backslash or a control character"
        if any(len(part.encode("utf-8", "replace")) > 150 for part in plain.split("/")):
            yield "path has a part of more than 150 bytes"

    def contradicts(self, format_: str, compression: str) -> Iterator[str]:
        """Endings that say something else than the options `format` and `compression`."""
        endings = self.template.rpartition("/")[2].lower().split(".")[1:]
        packed = _COMPRESSIONS.get(endings[-1]) if endings else None
        if packed is not None and packed != compression:
            yield f"path ends in .{endings[-1]}, but compression is {compression}"
        told = endings[:-1] if packed else endings
        meant = _FORMATS.get(told[-1]) if told else None
        if meant is not None and meant != format_:
            yield f"path ends in .{told[-1]}, but format is {format_}"

    def of(self, pass_: Pass, zone: ZoneInfo) -> str:
        """The name for one run."""
        moment = pass_.instant.astimezone(zone)
        values = {name: moment.strftime(directive) for name, directive in _MOMENT.items()}
        values["partition"] = _UNSAFE.sub("-", pass_.partition)
        values["run"] = _UNSAFE.sub("-", pass_.id)
        return _VARIABLE.sub(lambda found: values[found.group(1)], self.template)
