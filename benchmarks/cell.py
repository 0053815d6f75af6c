"""A cell: one function called in a process of its own, with what it cost in time, CPU and memory.

The process is started and its modules are imported before the clock starts. Memory is watched from outside, so that watching
costs the cell nothing.
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

__all__ = ["Call", "Cell", "call", "interleaved", "measure", "middle"]

_EVERY = 0.01
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class Cell:
    """What a call returned and cost: seconds of wall and of CPU (user and system, children included), peaks in GiB.

    `resident` is VmHWM, which counts memory-mapped files; `anonymous` is the part of it that is not given back on demand.
    """

    value: Any
    wall: float
    cpu: float
    resident: float
    anonymous: float

    def __str__(self) -> str:
        return f"{self.wall:.3f} s, CPU {self.cpu:.3f} s, {self.anonymous:.2f} GiB anonymous, {self.resident:.2f} GiB resident"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a module, and arguments that JSON can hold. `prepare` runs before every call, outside of it."""

    module: str
    function: str
    arguments: tuple[Any, ...] = ()
    prepare: Callable[[], object] = object


def call(function: Callable[..., Any], *arguments: Any, prepare: Callable[[], object] = object) -> Call:
    """A call of a module's function; paths become text."""
    plain = tuple(str(one) if isinstance(one, Path) else one for one in arguments)
    return Call(function.__module__, function.__name__, plain, prepare)


def measure(order: Call) -> Cell:
    """Call in a new process; raises CalledProcessError where the call fails."""
    order.prepare()
    said = json.dumps([order.module, order.function, order.arguments])
    command = [sys.executable, "-m", "benchmarks.cell", said]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        anonymous = 0
        while process.poll() is None:
            anonymous = max(anonymous, _anonymous(process.pid))
            time.sleep(_EVERY)
        assert process.stdout is not None
        answer = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cell(**json.loads(answer.splitlines()[-1]), anonymous=anonymous / _GIB)


def interleaved(calls: Mapping[str, Call], times: int = 3) -> dict[str, list[Cell]]:
    """Measure A B A B …, each in its own process, so that what disturbs one disturbs the other."""
    cells: dict[str, list[Cell]] = {name: [] for name in calls}
    for _ in range(times):
        for name, order in calls.items():
            cells[name].append(measure(order))
            print(f"  {name}: {cells[name][-1]}", file=sys.stderr, flush=True)
    return cells


def middle(cells: list[Cell]) -> Cell:
    """The median of what the cells cost, each cost by itself, with the value of the cell in the middle of CPU."""
    ordered = sorted(cells, key=lambda cell: cell.cpu)
    costs = {name: median(getattr(cell, name) for cell in cells) for name in list(asdict(cells[0]))[1:]}
    return Cell(ordered[len(ordered) // 2].value, **costs)


def _anonymous(process: int) -> int:
    """Bytes that the process holds and no file backs, now; 0 once it has ended."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return (int(pages[1]) - int(pages[2])) * resource.getpagesize()


def _resident() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _answer(order: str) -> None:
    module, function, arguments = json.loads(order)
    called = getattr(importlib.import_module(module), function)
    started, before = time.perf_counter(), _cpu()
    value = called(*arguments)
    wall, cpu = time.perf_counter() - started, _cpu() - before
    print(json.dumps({"value": value, "wall": wall, "cpu": cpu, "resident": _resident()}))


if __name__ == "__main__":
    _answer(sys.argv[1])
