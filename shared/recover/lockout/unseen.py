"""What a recovery leaves alone because it could lock people or itself out in ways the guard does not see yet.

Pure. The guard knows accounts, groups, policies and locations; not who signs in by which method, what security
defaults would ask of whom, nor as which application the recovery itself runs.
"""

from __future__ import annotations

from shared.catalogue.application import APPLICATION
from shared.catalogue.authentication import AUTHENTICATION_METHOD
from shared.catalogue.service_principal import SERVICE_PRINCIPAL
from shared.catalogue.tenant_settings import SECURITY_DEFAULTS
from shared.domain.changes import Action, Difference

METHOD = "it would take a way to sign in from people, emergency accounts perhaps: set it back by hand"
DEFAULTS = "security defaults would ask every account for a second factor: switch them on by hand"
OURSELVES = "it would switch an application off, this recovery's own perhaps: switch it off by hand"
TARGETS = ("includeTargets", "excludeTargets")


def unseen(difference: Difference) -> str:
    """Return why an update of an object that is live is not for a recovery to make, empty when it is."""
    if difference.action is not Action.UPDATE:
        return ""
    target = difference.target
    if difference.type == AUTHENTICATION_METHOD.name:
        return METHOD if target.get("state") == "disabled" or any(name in target for name in TARGETS) else ""
    if difference.type == SECURITY_DEFAULTS.name:
        return DEFAULTS if target.get("isEnabled") is True else ""
    is_off = (difference.type == SERVICE_PRINCIPAL.name and target.get("accountEnabled") is False) or (
        difference.type == APPLICATION.name and target.get("isDisabled") is True
    )
    return OURSELVES if is_off else ""
