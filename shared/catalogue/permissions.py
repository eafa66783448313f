"""Which application permissions reading each type, and setting it back, takes: the file the command line carries.

Pure but for writing that file: `python -m shared.catalogue.permissions`. A test compares the two, so `tidemark
permissions` answers without a server and cannot lag. Names: "Microsoft Graph permissions reference".
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from shared.catalogue.entry import plain
from shared.catalogue.types import TYPES

FILE = Path(__file__).parents[2] / "cli" / "permissions.json"
# Of no type; where one is not granted, a job says so and goes on ("List directoryAudits", "List recovery jobs").
BESIDE = {
    "audit log (who changed what, owners, sponsors)": ("AuditLog.Read.All",),
    "recoveries of Microsoft's own feature": ("EntraBackup.Read.All",),
}


def permissions() -> bytes:
    """Return, by type, the permissions to read it and those that writing it takes besides; then those of no type.

    At the end the other names that a type is known by: the API's, and those of the derived types that it is read with.
    """
    rows = {entry.name: {"read": entry.read_permissions, "write": entry.write_permissions} for entry in TYPES}
    others = {entry.wire_name: entry.name for entry in TYPES} | {
        plain(kind): entry.name for entry in TYPES for kind in entry.kinds
    }
    names = {other: name for other, name in others.items() if other not in rows}
    content = msgspec.json.encode({"types": rows, "beside": BESIDE, "names": names})
    return msgspec.json.format(content, indent=1) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(permissions())
