"""Makes the permission table from the published permission lists: `python -m simulator.permitted.derive FILE`.

Prints the JSON of `table.json`. Kept are the paths a simulated tenant may answer, with every application permission
that opens them. Names are written once and referred to by number, which is what keeps the table small.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

STARTS = tuple(
    "/users /groups /applications /serviceprincipals /directoryobjects /directory/ /directoryroles /devices "
    "/identity/conditionalaccess /policies /rolemanagement/directory /organization /auditlogs/directoryaudits "
    "/oauth2permissiongrants /subscribedskus /groupsettings /groupsettingtemplates /domains".split()
)
SEGMENTS_MAX = 6
# Device management reads users as well; a backup never holds these, and they are a third of every list.
LEFT_OUT = ("DeviceManagement", "Sites.", "TeamsAppInstallation", "ResourceSpecific", "MailboxSettings", "Contacts.")


def table(published: Mapping[str, Any]) -> dict[str, Any]:
    """Return the compact table of the published lists."""
    names: dict[str, int] = {}
    paths: dict[str, dict[str, list[int]]] = {}
    for path, methods in published["paths"].items():
        if not path.startswith(STARTS) or path.count("/") > SEGMENTS_MAX:
            continue
        for method, lists in methods.items():
            opening = sorted({*lists.get("least", ()), *lists.get("other", ())})
            kept = [name for name in opening if not name.startswith(LEFT_OUT)]
            if kept:
                numbers = [names.setdefault(name, len(names)) for name in kept]
                paths.setdefault(path, {})[method] = numbers
    return {"source": published["source"], "names": list(names), "paths": paths}


def main(arguments: list[str]) -> int:
    """Print the table made of one file."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    made = table(msgspec.json.decode(Path(arguments[0]).read_bytes()))
    lines = [
        f"{msgspec.json.encode(path).decode()}:{msgspec.json.encode(row).decode()}"
        for path, row in made["paths"].items()
    ]
    source, names = (msgspec.json.encode(made[key]).decode() for key in ("source", "names"))
    print(f'{{"source":{source},\n"names":{names},\n"paths":{{\n' + ",\n".join(lines) + "\n}}")
    return 0


def _coded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
