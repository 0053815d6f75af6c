"""The report: `results.json` and the table of figures in the README."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.registry import FIGURES, Result

__all__ = ["README", "RESULTS", "keep", "table"]

RESULTS = Path(__file__).with_name("results.json")
README = RESULTS.parents[1] / "README.md"
_BETWEEN = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)


def keep(results: Sequence[Result]) -> None:
    """Put results beside those that are there, in the place of older ones of the same names; then the table in the README."""
    kept = {one["name"]: one for one in _read()}
    for result in results:
        command = f"python -m benchmarks {result.name}"
        kept[result.name] = asdict(result) | {"machine": machine(), "command": command}
    ordered = [kept[name] for name in FIGURES if name in kept]
    RESULTS.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    README.write_text(_BETWEEN.sub(lambda found: found[1] + table(ordered) + found[2], README.read_text()))


def table(results: Sequence[dict[str, Any]]) -> str:
    """The figures as a Markdown table, with the machine below."""
    rows = [
        f"| `{one['name']}` | {one['value']:g} {one['unit']}".rstrip() + f" | {one['detail']} |"
        for one in results
    ]
    machines = sorted({one["machine"] for one in results})
    measured = [f"Measured on: {'; '.join(machines)}."] if machines else []
    return "\n".join(["| figure | value | what |", "|---|---|---|", *rows, "", *measured]) + "\n"


def machine() -> str:
    """Processor, cores and memory."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = processor[1] if processor else "unknown processor"
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GiB"


def _read() -> list[dict[str, Any]]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []
