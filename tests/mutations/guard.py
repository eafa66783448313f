"""Faults of the lock-out guard, one at least for each of its rules, each with the tests that have to notice.

SEARCH is the generated search for a plan that the guard passes and that locks people out; what it looks for it has to
find by itself, without the rules' own tests.
"""

from __future__ import annotations

from tests.mutations.planting import Mutation

SEARCH = ("tests/properties/test_lockout.py",)
ROLES = ("tests/properties/test_lockout_of_administrators.py",)  # the same search, in tenants with roles and methods
RULES = ("tests/unit/recover/lockout",)
POLICIES, STATE = "shared/recover/lockout/policies.py", "shared/recover/lockout/state.py"
RULES_FILE, WALK = "shared/recover/lockout/rules.py", "shared/recover/lockout/walk.py"

GUARD = (
    Mutation(
        "rule 1: a disabled account counts as usable",
        RULES_FILE,
        'if form.get("accountEnabled") is not True:',
        'if form.get("accountEnabled") is None:',
        SEARCH,
    ),
    Mutation(
        "rule 1: the end of the plan is not looked at",
        "shared/recover/lockout/guard.py",
        'return next((Refusal(finding, "the end of the plan") for finding in rule_1(final)), None)',
        "return None",
        RULES,
    ),
    Mutation(
        "rule 2: a policy for all users is not taken for one of the accounts",
        POLICIES,
        'if named & {"all", account} or _ids(users, "includeRoles"):',
        'if named & {account} or _ids(users, "includeRoles"):',
        SEARCH,
    ),
    Mutation(
        "rule 2: a policy for a role is not taken for one of the accounts",
        POLICIES,
        'if named & {"all", account} or _ids(users, "includeRoles"):',
        'if named & {"all", account}:',
        SEARCH,
    ),
    Mutation(
        "rule 2: groups that include an account are not looked at",
        POLICIES,
        "return bool(groups if within is None else groups & within)",
        "return bool(groups if within is None else set())",
        SEARCH,
    ),
    Mutation(
        "rule 2: an exclusion counts that holds at one of two moments",
        STATE,
        "        links=before.links & after.links,\n",
        "        links=before.links | after.links,\n",
        SEARCH,
    ),
    Mutation(
        "rule 2: a membership is taken for gone before its link is",
        STATE,
        "        may=before.may | after.may,\n",
        "        may=before.may & after.may,\n",
        SEARCH,
    ),
    Mutation(
        "rule 2: a restored policy is not judged by what lies in the recycle bin",
        WALK,
        "forms = (body,) if body is not None else forms",
        "forms = forms if body is not None else ()",
        SEARCH,
    ),
    Mutation(
        "rule 2: a policy that blocks may spare one account only",
        POLICIES,
        '    if "block" in controls:\n        return True\n',
        "",
        RULES,
    ),
    Mutation(
        "rule 2: no account needs to be spared by all policies",
        RULES_FILE,
        "    if not free:\n",
        "    if free and False:\n",
        SEARCH,
    ),
    Mutation(
        "rule 3: the excluded group is not protected",
        RULES_FILE,
        "        fact = _harm(stretch, group)\n",
        '        fact = ""\n',
        RULES,
    ),
    Mutation(
        "rule 3: a deleted group still spares its members",
        STATE,
        "return {edge for edge in state.links if edge[0] in state.groups and edge[0] not in state.vague}",
        "return {edge for edge in state.links if edge[0] not in state.vague}",
        SEARCH,
    ),
    Mutation(
        "rule 3: a group that a rule fills anew still spares its members",
        STATE,
        "return {edge for edge in state.links if edge[0] in state.groups and edge[0] not in state.vague}",
        "return {edge for edge in state.links if edge[0] in state.groups}",
        ROLES,
    ),
    Mutation(
        "rule 4: a named location may be missing",
        RULES_FILE,
        "for missing in sorted(locations_named(form) - state.locations):",
        "for missing in sorted(locations_named(form) - locations_named(form)):",
        RULES,
    ),
    Mutation(
        "rule 4: a method to sign in is taken away",
        "shared/recover/lockout/unseen.py",
        "if difference.type == AUTHENTICATION_METHOD.name:",
        'if difference.type == "":',
        ROLES,
    ),
    Mutation(
        "rule 5: an application is switched off",
        "shared/recover/lockout/unseen.py",
        'return OURSELVES if is_off else ""',
        'return ""',
        RULES,
    ),
    Mutation(
        "rule 5: the application that a recovery runs as is in its plan",
        "shared/runs/ourselves.py",
        'if str(body.get("appId") or "").lower() in ours]',
        'if str(body.get("appId") or "") in ()]',
        ("tests/simulation/test_our_own_identity.py",),
    ),
    Mutation(
        "rule 6: security defaults are switched on",
        "shared/recover/lockout/unseen.py",
        "if difference.type == SECURITY_DEFAULTS.name:",
        'if difference.type == "":',
        ROLES,
    ),
    Mutation(
        "rule 7: a policy is switched on without being staged",
        RULES_FILE,
        "if change.type == POLICY and change.action is Action.UPDATE and stretch.wave is not Wave.POLICY_ENABLE:",
        'if change.type == "" and change.action is Action.UPDATE and stretch.wave is not Wave.POLICY_ENABLE:',
        RULES,
    ),
    Mutation(
        "rule 7: a policy is not staged by the plan",
        "shared/recover/plan.py",
        'staged = {**target, "state": REPORT_ONLY}',
        "staged = target",
        ("tests/properties/test_plan.py",),
    ),
    Mutation(
        "rule 7: the guard is not asked again before policies count",
        "shared/runs/enabling.py",
        "        if wave is None or not policies:\n            return {}\n        held",
        "        if wave is None or policies:\n            return {}\n        held",
        ("tests/simulation/test_lock_out.py",),
    ),
    Mutation(
        "rule 7: a policy that has not landed is switched on",
        "shared/recover/lockout/switching.py",
        "    if body.get(STATE) != REPORT_ONLY:\n",
        "    if body.get(STATE) is None:\n",
        RULES,
    ),
    Mutation(
        "rule 7: what was switched on is not read back",
        "shared/runs/enabling.py",
        "differing = {change.change_id: otherwise(change, looks[change.object_id]) for change in switched}",
        "differing = dict[str, list[str]]((change.change_id, []) for change in switched)",
        ("tests/unit/runs/test_enabling.py",),
    ),
    Mutation(
        "rule 7: who is in a group that came back is not asked",
        "shared/runs/judging_again.py",
        "        wanted |= await above_now(self._accounts, self._directory)\n",
        "",
        ("tests/simulation/test_lock_out.py",),
    ),
    Mutation(
        "rule 8: an unknown control does not block",
        POLICIES,
        "demands = [control not in SOFT_CONTROLS for control in sorted(controls)]",
        "demands = [control in HARD_MEMBERS for control in sorted(controls)]",
        RULES,
    ),
    Mutation(
        "rule 8: an unknown condition spares people",
        POLICIES,
        "if not isinstance(conditions, dict) or _stated(conditions) - CONDITIONS:",
        "if not isinstance(conditions, dict):",
        RULES,
    ),
    Mutation(
        "rule 1: an emergency account without the role is good enough",
        RULES_FILE,
        "    if state.assigned is not None and account not in administrators(state):",
        "    if state.assigned is None and account not in administrators(state):",
        ROLES,
    ),
    Mutation(
        "rule 1: an emergency account may be named in any domain",
        RULES_FILE,
        "    if not name.endswith(CLOUD_DOMAIN):",
        "    if not name:",
        RULES,
    ),
    Mutation(
        "rule 2: nobody unknown is feared in a group that comes back",
        STATE,
        "(group, account) for group in state.vague}",
        "(group, account) for group in state.vague & state.dynamic}",
        ROLES,
    ),
    Mutation(
        "rule 4: an authentication strength may be missing",
        RULES_FILE,
        "sorted(strengths_named(form) - state.strengths if state.strengths is not None else ())",
        "sorted(strengths_named(form) - strengths_named(form) if state.strengths is not None else ())",
        RULES,
    ),
    Mutation(
        "rule 1: a group's role reaches members of groups within it",
        STATE,
        "    return frozenset(known for known in enabled if known in assigned or known in holding)",
        "    return frozenset(known for known in enabled if known in assigned or surely_in(state, known) & assigned)",
        ROLES,
    ),
    Mutation(
        "rule 2: a rule that asks for groups chooses as before",
        WALK,
        "        state = msgspec.structs.replace(state, vague=state.vague | asking)\n",
        "        asking.clear()\n",
        ROLES,
    ),
    Mutation(
        "rule 1: a role that is removed stays",
        WALK,
        "    is_gone = change.action is Action.REMOVE\n",
        "    is_gone = False\n",
        ROLES,
    ),
    Mutation(
        "rule 5: one administrator is enough",
        RULES_FILE,
        "    if len(after) < ADMINISTRATORS_MIN and before - after:",
        "    if not after and before - after:",
        RULES,
    ),
    Mutation(
        "rule 5: an emergency account may lose a grant",
        "shared/runs/ourselves.py",
        "        kept |= dict.fromkeys(accounts, EMERGENCY)\n",
        "",
        ("tests/simulation/test_removed_grants.py",),
    ),
    Mutation(
        "rule 6: security defaults are not looked at",
        RULES_FILE,
        "    for policy, form in _enforced(state) if state.has_defaults else ():",
        "    for policy, form in _enforced(state) if state.has_defaults and not state.policies else ():",
        RULES,
    ),
)
