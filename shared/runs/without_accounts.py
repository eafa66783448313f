"""Ask the lock-out guard about a plan where no emergency accounts are configured.

Nothing proves then that somebody can still sign in. What is looked at is who would still be Global Administrator, and
which policies could lock everybody out. Reads only; a crash repeats the questions.
"""

from __future__ import annotations

from shared.catalogue.waves import Wave
from shared.domain.changes import Change
from shared.domain.errors import DirectoryError
from shared.ports import Directory
from shared.recover.lockout.guard import Refusal, last_administrators
from shared.recover.lockout.state import State
from shared.recover.lockout.unguarded import UNPROVEN, unproven
from shared.recover.lockout.walk import ASSIGNMENT, Outlook
from shared.runs.administrators import FORBIDDEN, administrators_of
from shared.runs.guarded_state import GuardedState, named_in
from shared.runs.watching import Plan, becoming, joined, members_of, people_among, with_links


class WithoutAccounts:
    """Judges the plan of a recovery for a deployment without emergency accounts."""

    def __init__(self, directory: Directory) -> None:
        self._directory, self._state = directory, GuardedState(directory, ())

    async def unproven(self, whole: Plan, plan: dict[Wave, list[Change]]) -> dict[str, str]:
        """Return the policies to be left alone where no emergency accounts are configured."""
        policies = await self._state.policies()
        deleted = await self._state.deleted(plan)
        named = named_in(policies, deleted, plan)
        excluded = named["excludeGroups"]
        links = await members_of(whole, lambda change: change.object_id.lower() in excluded)
        existing = await self._state.existing(named, with_links(plan, links))
        live = State(accounts={}, policies={known: (form,) for known, form in policies.items()})
        return dict.fromkeys(unproven(live, plan, Outlook(deleted=deleted), existing), UNPROVEN)

    async def last_administrators(
        self, whole: Plan, plan: dict[Wave, list[Change]], leaving: set[str]
    ) -> Refusal | None:
        """Return why too few administrators would be left; None too where roles may not be read, so none is removed."""
        is_about_roles = any(change.type == ASSIGNMENT for changes in plan.values() for change in changes)
        if not is_about_roles and not leaving:
            return None
        try:
            admins = await administrators_of(self._directory, becoming(plan))
        except DirectoryError as error:
            if error.status != FORBIDDEN:
                raise
            return None
        people = await people_among(whole, admins.people)
        roles = {wave: [change for change in changes if change.type == ASSIGNMENT] for wave, changes in plan.items()}
        live = State(
            accounts={},
            groups=admins.groups,
            links=admins.links,
            may=admins.links,
            admins={known: (form,) for known, form in admins.people.items()},
            assigned=admins.assigned,
        )
        links = await members_of(whole, lambda change: change.object_id.lower() in admins.groups)
        return last_administrators(live, with_links(joined(roles, people), links), Outlook())
