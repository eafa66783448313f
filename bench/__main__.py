"""Measurements: `python -m bench NAME [options]` prints one JSON object and nothing else (docs/bench.md).

Each measurement is one module with `add_options(parser)` and `measure(options)`; this is the list of them.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

MEASUREMENTS: Mapping[str, str] = MappingProxyType(
    {
        "snapshot": "bench.snapshot",
        "compare": "bench.compare",
        "capture": "bench.capture",
        "recover": "bench.recover",
        "delta": "bench.delta",
        "tamper": "bench.tamper",
    }
)


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Return the figures of the measurement that `arguments` name; SystemExit for a wrong command line."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure, and print one JSON object.")
    names = parser.add_subparsers(dest="name", required=True)
    for name, place in MEASUREMENTS.items():
        module = importlib.import_module(place)
        summary = (module.__doc__ or "").partition("\n")[0]
        module.add_options(names.add_parser(name, help=summary, description=summary))
    options = parser.parse_args(arguments)
    figures: dict[str, float] = importlib.import_module(MEASUREMENTS[options.name]).measure(options)
    return figures


def main() -> None:
    """Run what the command line asks for and print its figures."""
    import sys

    print(msgspec.json.encode(run(sys.argv[1:])).decode())


if __name__ == "__main__":
    main()
