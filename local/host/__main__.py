"""Run one instance of a function app: `python -m local.host --app-root DIR --port PORT`."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from local.host import logs
from local.host.calls import end_process
from local.host.errors import CannotStartError
from local.host.process import Instance, serve
from local.host.settings import read_options, read_settings


def main() -> int:
    """Run until told to stop; 1 with one line on standard error when the app cannot start."""
    arguments = _arguments()
    app_root = arguments.app_root.resolve()
    try:
        settings_file = arguments.settings.resolve() if arguments.settings else None
        settings = read_settings(app_root, settings_file, os.environ)
        options = read_options(app_root, settings)
        os.environ.update(settings)
        logs.configure(arguments.name, options.log_level)
        asyncio.run(serve(Instance(app_root, arguments.name, arguments.port, settings, options)))
    except CannotStartError as error:
        print(f"cannot start: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description="Run one instance of a function app.")
    parser.add_argument("--app-root", type=Path, required=True, help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    parser.add_argument("--settings", type=Path, help="settings file; local.settings.json of the app by default")
    parser.add_argument("--name", default="instance-1", help="what this instance is called in logs")
    return parser.parse_args()


if __name__ == "__main__":
    # The worker's threads and the app's open clients would hold up an ordinary end; in Azure they just vanish.
    end_process(main())
