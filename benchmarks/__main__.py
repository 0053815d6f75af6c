"""The command: measure all figures, or those named, and put them into the report."""

import argparse
import sys

from benchmarks import (
    duckdb_peers,
    engine,
    first_load,
    many,
    postgres_peers,
    reading,
    segments,
    sending,
    starting,
    unchanged,
    warehouse,
)
from benchmarks.registry import FIGURES
from benchmarks.report import keep

MODULES = (
    engine,
    first_load,
    unchanged,
    postgres_peers,
    duckdb_peers,
    sending,
    reading,
    starting,
    many,
    warehouse,
    segments,
)
"""Each registers its figures as it is imported, in the order of the table."""


def main() -> None:
    """Measure; what is measured is kept at once, so that a long series can be broken off."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure figures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(FIGURES)} (default: all)")
    names = parser.parse_args().names or list(FIGURES)
    if unknown := set(names) - set(FIGURES):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    for measure in dict.fromkeys(FIGURES[name] for name in names):
        print(", ".join(name for name, one in FIGURES.items() if one is measure), file=sys.stderr)
        results = measure()
        keep(results)
        for result in results:
            print(f"{result.name}: {result.value:g} {result.unit} ({result.detail})")


if __name__ == "__main__":
    main()
