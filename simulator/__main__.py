"""`python -m simulator`: serve one simulated tenant over HTTP until SIGTERM."""

import argparse
import asyncio
import gc
import sys
import time
from pathlib import Path

from simulator.server import serve
from simulator.service import Simulator
from simulator.tenant import DEFAULT_TENANT_ID
from simulator.tokens import signing_key


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--objects", type=int, default=5_000, help="how many objects to generate")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same tenant")
    parser.add_argument("--tenant", default=DEFAULT_TENANT_ID, help="tenant id")
    parser.add_argument("--from", dest="load_from", type=Path, help="folder of exported configuration to load as well")
    wish = parser.parse_args(arguments)
    if wish.load_from is not None and not wish.load_from.is_dir():
        print(f"simulator: {wish.load_from} is not a folder", file=sys.stderr)
        return 2
    if wish.objects < 0:
        print("simulator: --objects must not be negative", file=sys.stderr)
        return 2
    simulator = _made(wish)
    signing_key()
    try:
        asyncio.run(serve(simulator, host=wish.host, port=wish.port))
    except OSError as error:
        print(f"simulator: cannot listen on {wish.host}:{wish.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _made(wish: argparse.Namespace) -> Simulator:
    # A tenant of a million objects is many millions of small values that all stay: searching them for garbage, while
    # they are made and again at every page, took longer than the work itself.
    gc.disable()
    simulator = Simulator(
        clock=time.time, seed=wish.seed, objects=wish.objects, tenant_id=wish.tenant, load_from=wish.load_from
    )
    gc.freeze()
    gc.enable()
    return simulator


if __name__ == "__main__":
    sys.exit(main())
