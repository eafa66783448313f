"""What the guard cannot see is left alone, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.changes import Action
from shared.domain.jobs import Options
from shared.recover.lockout.unseen import DEFAULTS, METHOD, OURSELVES
from shared.recover.plan import left_alone, object_changes
from tests.support.builders import a_difference

THOROUGH = Options(soft_delete_newer=True)


@pytest.mark.parametrize(
    ("kind", "target", "reason"),
    [
        ("authenticationMethodConfiguration", {"state": "disabled"}, METHOD),
        ("authenticationMethodConfiguration", {"includeTargets": []}, METHOD),
        ("authenticationMethodConfiguration", {"excludeTargets": [{"id": "g"}]}, METHOD),
        ("identitySecurityDefaultsEnforcementPolicy", {"isEnabled": True}, DEFAULTS),
        ("servicePrincipal", {"accountEnabled": False, "notes": "x"}, OURSELVES),
        ("application", {"isDisabled": True}, OURSELVES),
    ],
)
def test_what_could_lock_out_unseen_is_left_alone_and_says_why(kind: str, target: Any, reason: str) -> None:
    row = a_difference(type=kind, target=target)
    assert left_alone(row, THOROUGH) == reason
    assert object_changes([row], THOROUGH) == {}


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("authenticationMethodConfiguration", {"state": "enabled", "isAttestationEnforced": True}),
        ("identitySecurityDefaultsEnforcementPolicy", {"isEnabled": False}),
        ("servicePrincipal", {"accountEnabled": True}),
        ("application", {"isDisabled": False}),
        ("user", {"accountEnabled": False}),
    ],
)
def test_the_other_way_round_is_set_back(kind: str, target: Any) -> None:
    row = a_difference(type=kind, target=target)
    assert left_alone(row, THOROUGH) == ""
    assert len(object_changes([row], THOROUGH)) == 1


def test_a_service_principal_in_the_recycle_bin_comes_back_switched_off_if_it_was() -> None:
    row = a_difference(type="servicePrincipal", action=Action.RESTORE, target={"accountEnabled": False})
    assert left_alone(row, THOROUGH) == ""
