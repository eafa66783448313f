"""`python -m simulator`: serve one simulated tenant over HTTP, and HTTPS if wished, until SIGTERM."""

import argparse
import asyncio
import gc
import json
import re
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from simulator import certificates, tunnel
from simulator.faults import Faults, Rule
from simulator.measuring import UNLIMITED, measure
from simulator.referee.published import MissingSliceError
from simulator.server import Endpoint, serve
from simulator.service import Simulator
from simulator.switches import Lag, Switches
from simulator.tenant import DEFAULT_TENANT_ID
from simulator.throttle import Limits
from simulator.tokens import signing_key

PORT_MAX = 65_535
_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


class WrongLineError(Exception):
    """The command line cannot be used; the message says why."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other one."""

    def error(self, message: str) -> NoReturn:
        """Leave the program with the complaint."""
        self.exit(2, f"simulator: {message}\n")


class _FaultFile(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[Rule] = msgspec.field(default_factory=list)
    seed: int = 0


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return the exit status."""
    wish = _parser().parse_args(arguments)
    try:
        _check(wish)
        began = time.perf_counter()
        simulator = _made(wish)
        if wish.measure:
            print(json.dumps(measure(simulator, made_seconds=time.perf_counter() - began)))
            return 0
        endpoints = _endpoints(wish)
    except (WrongLineError, MissingSliceError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    signing_key()
    try:
        asyncio.run(serve(simulator, host=wish.host, endpoints=endpoints, proxy_port=wish.proxy_port))
    except OSError as error:
        print(f"simulator: cannot listen on {wish.host}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--https-port", type=int, help="port for HTTPS beside it; 0 takes a free one")
    parser.add_argument("--cert", type=Path, help="certificate for HTTPS; without one, a self-signed is made")
    parser.add_argument("--key", type=Path, help="key of that certificate")
    parser.add_argument("--proxy-port", type=int, help="port of a proxy for clients that know only Microsoft's hosts")
    parser.add_argument("--trust-file", type=Path, help="where to write the certificate, for clients to trust")
    parser.add_argument("--objects", type=int, default=5_000, help="how many objects to generate")
    parser.add_argument("--links", type=int, help="about how many links; without it, what groups of real sizes give")
    parser.add_argument("--plain", action="store_true", help="no agents, licences and role-assignable groups")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same tenant")
    parser.add_argument("--tenant", default=DEFAULT_TENANT_ID, help="tenant id")
    parser.add_argument("--from", dest="load_from", type=Path, help="folder of exported configuration to load as well")
    parser.add_argument("--virtual-time", action="store_true", help="the clock moves only when /_sim/clock says so")
    parser.add_argument("--faults", type=Path, help="JSON file of fault rules, as for /_sim/faults")
    parser.add_argument("--switches", help="JSON, or a file of it: behaviours to switch on, as for /_sim/switches")
    parser.add_argument("--lag", help="JSON, or a file of it: the switch `lag` alone")
    parser.add_argument("--validate", type=Path, help="folder of the published slice to check every exchange against")
    parser.add_argument("--measure", action="store_true", help="print how fast the tenant is as JSON, and end")
    return parser


def _check(wish: argparse.Namespace) -> None:
    if wish.load_from is not None and not wish.load_from.is_dir():
        raise WrongLineError(f"{wish.load_from} is not a folder")
    if wish.objects < 0 or (wish.links or 0) < 0:
        raise WrongLineError("--objects and --links must not be negative")
    for option in ("port", "https_port", "proxy_port"):
        if not 0 <= (getattr(wish, option) or 0) <= PORT_MAX:
            raise WrongLineError(f"--{option.replace('_', '-')} must be from 0 to {PORT_MAX}")
    if not _GUID.match(wish.tenant):
        raise WrongLineError("--tenant must be a GUID")
    if (wish.cert is None) != (wish.key is None):
        raise WrongLineError("--cert and --key belong together")
    if wish.https_port is None and wish.proxy_port is not None:
        raise WrongLineError("--proxy-port needs --https-port")
    if wish.https_port is None and (wish.cert or wish.trust_file):
        raise WrongLineError("a certificate needs --https-port")


def _made(wish: argparse.Namespace) -> Simulator:
    switches: Switches = _read("--switches", wish.switches, Switches) if wish.switches else Switches()
    if wish.lag:
        switches.lag = _read("--lag", wish.lag, Lag)
    faults: _FaultFile = _read("--faults", str(wish.faults), _FaultFile) if wish.faults else _FaultFile()
    try:
        rules = Faults(faults.rules, faults.seed)
    except re.error as error:
        raise WrongLineError(f"--faults: no regular expression: {error}") from error
    # A tenant of a million objects is many millions of small values that all stay: searching them for garbage, while
    # they are made and again at every page, took longer than the work itself.
    gc.disable()
    simulator = Simulator(
        clock=_clock(is_virtual=wish.virtual_time),
        seed=wish.seed,
        objects=wish.objects,
        links=wish.links,
        is_mixed=not wish.plain,
        tenant_id=wish.tenant,
        limits=UNLIMITED if wish.measure else Limits(),
        faults=rules,
        switches=switches,
        validate=wish.validate,
        load_from=wish.load_from,
    )
    gc.freeze()
    gc.enable()
    return simulator


def _clock(*, is_virtual: bool) -> Callable[[], float]:
    if not is_virtual:
        return time.time
    started_at = float(int(time.time()))
    return lambda: started_at


def _read(option: str, given: str, shape: type[Any]) -> Any:
    """Return what an option holds: JSON itself, or a file of it."""
    try:
        content = given.encode() if given.lstrip().startswith("{") else Path(given).read_bytes()
        return msgspec.json.decode(content, type=shape)
    except OSError as error:
        raise WrongLineError(f"{option}: cannot read {given}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise WrongLineError(f"{option}: {error}") from error


def _endpoints(wish: argparse.Namespace) -> list[Endpoint]:
    endpoints = [Endpoint(wish.port)]
    if wish.https_port is not None:
        names = tunnel.HOSTS if wish.proxy_port is not None else ()
        try:
            settings = certificates.context(wish.cert, wish.key, wish.trust_file, names)
        except (OSError, ssl.SSLError) as error:
            raise WrongLineError(f"the certificate cannot be used: {error}") from error
        endpoints.append(Endpoint(wish.https_port, settings))
    return endpoints


if __name__ == "__main__":
    sys.exit(main())
