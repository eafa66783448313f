"""What has to be read back around the stage that switches policies on, and what is said when it is not as planned.

Pure. Rule 7: a policy lands report-only first, and is switched on in a stage of its own. That stage begins only from
what the first one was to leave, and its end is read back and compared with the plan.

Promises (tests/unit/recover/lockout/test_switching.py):
  W1  a policy is switched on only where it has landed as planned, but for its state
  W2  what is read back otherwise than planned is an outcome of that name
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.domain.changes import Change, Json, Outcome, Result
from shared.recover.decide import Look, still_differing
from shared.recover.lockout.policies import ENABLED, REPORT_ONLY
from shared.recover.refusals import LOCK_OUT, NOT_AS_PLANNED, SWITCHED_ON

NOT_LANDED = "not-landed"  # error code: the first stage is not to be seen, so the second was not sent
STATE = "state"


def not_landed(change: Change, look: Look) -> str:
    """Return why a policy may not be switched on yet, empty when it may; one that is on already is not held up."""
    body = look.body
    if body is None or look.is_deleted or body.get(STATE) == ENABLED:
        return ""  # what is gone fails by that; nothing is switched on here that somebody has switched on
    others = sorted(still_differing(change, body, CONDITIONAL_ACCESS_POLICY).keys() - {STATE})
    if body.get(STATE) != REPORT_ONLY:
        others = [STATE, *others]
    if not others:
        return ""
    return f"not switched on: its first stage is not to be seen in the tenant ({', '.join(others)})"


def otherwise(change: Change, look: Look) -> list[str]:
    """Return the properties in which a policy that was switched on is not as planned; all when it is not there."""
    if look.body is None or look.is_deleted:
        return sorted(change.target)
    return sorted(still_differing(change, look.body, CONDITIONAL_ACCESS_POLICY))


def read_back(outcome: Outcome, differing: Sequence[str], danger: str = "", failure: str = "") -> Outcome:
    """Return the outcome of a switch once the policy was read back.

    `danger` is why the guard would not have what was found in force; it is report-only again then, unless `failure`
    says why that could not be done.
    """
    if not differing:
        return msgspec.structs.replace(outcome, message=SWITCHED_ON)
    code, said = NOT_AS_PLANNED, f"switched on, and read back otherwise than planned: {', '.join(differing)}"
    if danger and not failure:
        code, said = LOCK_OUT, f"{said}; made report-only again: {danger}"
    elif danger:
        said = f"{said}; SWITCH IT OFF BY HAND: {danger}; Tidemark could not: {failure}"
    return msgspec.structs.replace(outcome, result=Result.FAILED, error_code=code, message=said)


def as_found(change: Change, body: Json) -> Change:
    """Return the change that would make of the policy what was read back of it."""
    return msgspec.structs.replace(change, target=dict(body), expected={})
