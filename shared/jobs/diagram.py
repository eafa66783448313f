"""Print the table of job states as the Mermaid diagram that docs/jobs.md carries."""

from __future__ import annotations

import sys

from shared.domain.jobs import State
from shared.jobs.states import ENDS, TRANSITIONS


def diagram() -> str:
    """Return the state diagram in Mermaid's notation, one line per transition, in the table's order."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.INITIALIZED}"]
    lines += [f"    {state} --> {goal}: {event}" for (state, event), goal in TRANSITIONS.items()]
    lines += [f"    {state} --> [*]" for state in State if state in ENDS]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(diagram() + "\n")
