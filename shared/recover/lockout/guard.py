"""Walk a plan and refuse it at the first step that could lock the emergency accounts out.

Pure. What is wrong in the tenant already is not the plan's doing, or else no recovery could mend it: a finding counts
only when the live tenant does not have it, about the same form of the policy and at least the same accounts. Rule 1
has to hold at the end all the same, because nothing else can be proven without it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.domain.changes import Change
from shared.recover.lockout.rules import Finding, rule_1, rule_2, rule_3, rule_4, rule_5, rule_6, rule_7, usable
from shared.recover.lockout.state import State, between
from shared.recover.lockout.walk import Outlook, Stretch, Waves, stretches


class Refusal(msgspec.Struct, frozen=True):
    """Why a plan is refused: what is wrong, and at which step of the plan."""

    finding: Finding
    step: str

    def subject(self) -> str:
        """Name what it is about, with its id."""
        found = self.finding
        if found.form is not None:
            return f"policy {found.name!r} ({found.subject})".strip()
        return f"{found.name} {found.subject}".strip()

    def said(self) -> str:
        """Say it to the operator: rule, subject, step and fact."""
        found = self.finding
        return f"lock-out guard, rule {found.rule}: {self.subject()}, at {self.step}: {found.fact}"


def refusal(live: State, waves: Waves, outlook: Outlook) -> Refusal | None:
    """Return the first reason to refuse the plan, None when it never locks anybody out that could sign in before."""
    walked = list(stretches(live, waves, outlook))
    final = walked[-1].after
    known = [*rule_1(live), *rule_2(live), *rule_4(live), *rule_6(live)]
    for stretch in walked:
        span = between(stretch.before, stretch.after)
        fresh = [*rule_3(live, final, stretch), *rule_7(stretch)]
        is_weaker = not usable(span) >= usable(live)
        found = (*rule_1(span), *rule_2(span), *rule_4(span), *rule_6(span))
        fresh += [one for one in found if not _is_old(one, known, is_weaker)]
        fresh += rule_5(live, span)
        if fresh:
            return Refusal(fresh[0], _step(stretch, fresh[0]))
    return next((Refusal(finding, "the end of the plan") for finding in rule_1(final)), None)


def last_administrators(live: State, waves: Waves, outlook: Outlook) -> Refusal | None:
    """Return the first step at which too few Global Administrators would be left: all that needs no configuration."""
    for stretch in stretches(live, waves, outlook):
        for finding in rule_5(live, between(stretch.before, stretch.after)):
            return Refusal(finding, _step(stretch, finding))
    return None


def _is_old(finding: Finding, known: Sequence[Finding], is_weaker: bool) -> bool:
    """Tell whether the live tenant has the finding already, and the plan has not made it worse."""
    if is_weaker and finding.rule != 1:
        known = [one for one in known if one.rule in {4, 6}]
    return any(
        (one.rule, one.subject, one.form) == (finding.rule, finding.subject, finding.form)
        and one.endangered >= finding.endangered
        and (one.rule != 4 or one.fact == finding.fact)
        for one in known
    )


def _step(stretch: Stretch, finding: Finding) -> str:
    """Name the wave, and the change that causes the finding where one is about its subject."""
    ours = next((change for change in stretch.changes if finding.subject in _about(change)), None)
    first = ours or (stretch.changes[0] if stretch.changes else None)
    wave = f"wave {stretch.wave.name.lower()}"
    return f"{wave}, {first.change_id}" if first is not None else wave


def _about(change: Change) -> set[str]:
    return {*change.object_id.lower().split("/"), change.other_id.lower()} - {""}
