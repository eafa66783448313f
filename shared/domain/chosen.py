"""The rows of a report that a recovery was told to bring back, and what of each.

Pure values, kept in the options of a job. What is not named here is left alone.
"""

from __future__ import annotations

import msgspec

Rows = dict[str, dict[str, tuple[str, ...]]]


class Chosen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of one report: by type and object id, the properties and references to bring back, none for all of them.

    `report` is the job whose rows they are; `others` is how many rows that report has besides.
    """

    report: str
    rows: Rows
    others: int = 0

    def names_of(self, type_name: str, object_id: str) -> tuple[str, ...] | None:
        """Return what was chosen of a row: nothing named means all of it; None when the row was not chosen."""
        return self.rows.get(type_name, {}).get(object_id)

    def has_reference(self, type_name: str, object_id: str, reference: str) -> bool:
        """Tell whether links of this reference of the object may be written."""
        names = self.names_of(type_name, object_id)
        return names is not None and (not names or reference in names)
