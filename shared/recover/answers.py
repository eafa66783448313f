"""What Graph's answer to a write means for the changes it carried.

Pure. Graph says "already there" and "not there any more" with error statuses; both mean that the change is true.
Source of the words matched here: "Microsoft Graph: facts and rules", sections 4 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from shared.domain.changes import Action
from shared.domain.writes import Answer

ALREADY_LINKED = "added object references already exist"
NOT_LINKED = "removed object references do not exist"
THERE_ALREADY = ("already exist", "conflicting object")
NO_LICENCE = "does not have a corresponding license"
ON_PREMISES = "on-premises mastered"

DENIED, QUOTA = "Authorization_RequestDenied", "Directory_QuotaExceeded"

ADVICE = {
    DENIED: "grant the recovery identity the permission or directory role the message names",
    QUOTA: "free directory quota, then run the recovery again",
    "ObjectConflict": "another object took its name or address; rename that one, then run the recovery again",
    "Request_MultipleObjectsWithSameKeyValue": "another object took its name; rename that one, then run again",
}


class Verdict(StrEnum):
    """What to do about an answer."""

    APPLIED = "applied"
    ALREADY = "already"
    SPLIT = "split"
    FAILED = "failed"


def verdict(answer: Answer, action: Action, *, links: int = 0) -> Verdict:
    """Return what `answer` means for a write of `action` that carried `links` links (0 for object changes)."""
    if 200 <= answer.status < 300:
        return Verdict.APPLIED
    text = answer.message.lower()
    if action in {Action.RECREATE, Action.UPDATE}:
        return Verdict.ALREADY if _is_true_already(answer, action, text) else Verdict.FAILED
    if action is Action.LINK:
        if links > 1 and answer.status in {400, 404}:
            return Verdict.SPLIT
        return Verdict.ALREADY if answer.status == 400 and ALREADY_LINKED in text else Verdict.FAILED
    gone = answer.status == 404 or (answer.status == 400 and NOT_LINKED in text)
    if gone and action in {Action.UNLINK, Action.SOFT_DELETE, Action.REMOVE}:
        return Verdict.ALREADY
    return Verdict.FAILED


def _is_true_already(answer: Answer, action: Action, text: str) -> bool:
    """Tell whether an earlier try, whose answer was lost, made or took away what this one was to."""
    if action is Action.RECREATE:
        return is_taken(answer)
    return answer.status == 400 and NO_LICENCE in text


def is_taken(answer: Answer) -> bool:
    """Tell whether Graph refuses a creation because something of that name is there."""
    return answer.status in {400, 409} and any(words in answer.message.lower() for words in THERE_ALREADY)


def explanation(answer: Answer, permissions: Sequence[str] = ()) -> str:
    """Return Graph's message with a plain sentence of what to do, where one is known.

    `permissions` are those that the write takes; Graph's own refusal names none.
    """
    message = answer.message or f"Graph answered {answer.status}"
    advice = ADVICE.get(answer.code, "")
    if answer.code == DENIED and permissions:
        takes = ", ".join(permissions)
        advice = f"grant the recovery identity what writing this type takes: {takes}; or the role that protects it"
    if ON_PREMISES in message.lower():
        advice = "correct it in Active Directory"
    return f"{message} ({advice})" if advice else message
