"""Which application permissions reading each type, and setting it back, takes: the file the command line carries.

Pure but for writing that file: `python -m shared.catalogue.permissions`. A test compares the two, so `tidemark
permissions` answers without a server and cannot lag. Names: "Microsoft Graph permissions reference".
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from shared.catalogue.types import TYPES

FILE = Path(__file__).parents[2] / "cli" / "permissions.json"
# Of no type; where one is not granted, a job says so and goes on ("List directoryAudits", "List recovery jobs").
BESIDE = {
    "audit log (who changed what, owners, sponsors)": ("AuditLog.Read.All",),
    "recoveries of Microsoft's own feature": ("EntraBackup.Read.All",),
}


def permissions() -> bytes:
    """Return, by type, the permissions to read it and those that writing it takes besides; then those of no type."""
    rows = {entry.name: {"read": entry.read_permissions, "write": entry.write_permissions} for entry in TYPES}
    return msgspec.json.format(msgspec.json.encode({"types": rows, "beside": BESIDE}), indent=1) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(permissions())
