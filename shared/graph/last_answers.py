"""What each write of one call has been through, up to its last answer.

Nothing here sends a write. A crash loses only what was known of tries: whoever sends the writes again begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.domain.errors import TransientError
from shared.domain.writes import Answer, Write
from shared.graph import retry, settling
from shared.graph.answers.faults import fault_of
from shared.graph.exchange import NO_ANSWER, Reply, Request
from shared.graph.retry import Tries
from shared.graph.sending import Sender

NO_CLEAR_ANSWER = "noClearAnswer"
CREATED = 201
RESTORED_EARLIER = "restored by an earlier try that had no clear answer"


class LastAnswers:
    """The requests of one call's writes, by their places, how often each was tried, and the last answers so far."""

    def __init__(self, sender: Sender, writes: Sequence[Write]) -> None:
        self._sender, self._writes = sender, writes
        self.requests = [
            Request(method=write.method, tail=write.path, body=write.body, headers=_headers(write)) for write in writes
        ]
        self._tries = [Tries()] * len(writes)
        self._unclear: set[int] = set()
        self._looks: dict[int, int] = {}
        self.answers: dict[int, Answer] = {}

    async def take(self, place: int, reply: Reply, sender: Sender) -> float | None:
        """Keep the last answer and return None, or return the seconds after which the write is to be repeated.

        A restore that may have been made by an earlier try is repeated until the live object shows, or patience ends.
        """
        tries = self._tries[place]
        if self._writes[place].makes_another and reply.status in retry.UNCLEAR:
            known = self._writes[place].write_id
            self.answers[place] = Answer(write_id=known, status=0, code=NO_CLEAR_ANSWER, request_id=reply.request_id)
            return None
        seconds = sender.wait_before_repeat(self.requests[place], reply, tries)
        if seconds is not None:
            self._tries[place] = retry.counted(tries, reply.status)
            if reply.status in retry.UNCLEAR:
                self._unclear.add(place)
            return seconds
        if reply.status == NO_ANSWER:
            raise TransientError(f"write {self._writes[place].write_id}: Graph could not be reached: {reply.cut}")
        write = self._writes[place]
        if reply.status == 404 and place in self._unclear and settling.is_restore(write.path):
            if await self._is_live(write.path):
                told = {"message": RESTORED_EARLIER, "request_id": reply.request_id}
                self.answers[place] = Answer(write_id=write.write_id, status=200, **told)
                return None
            looks = self._looks[place] = self._looks.get(place, 0) + 1
            if looks <= len(settling.LOOK_AGAIN_SECONDS):
                return settling.LOOK_AGAIN_SECONDS[looks - 1]
        self.answers[place] = self._last_answer(write, reply)
        return None

    @staticmethod
    def _last_answer(write: Write, reply: Reply) -> Answer:
        if reply.is_success:
            made = _made(reply)
            return Answer(
                write_id=write.write_id,
                status=reply.status,
                request_id=reply.request_id,
                made_id=made.id.lower(),
                made_app_id=made.app_id.lower(),
            )
        fault = fault_of(reply)
        return Answer(
            write_id=write.write_id,
            status=reply.status,
            code=fault.code,
            message=fault.message,
            request_id=fault.request_id,
        )

    async def _is_live(self, tail: str) -> bool:
        request = settling.question(tail)
        return settling.is_yes(request, await self._sender.send(request))


def _headers(write: Write) -> dict[str, str]:
    headers = {"content-type": "application/json"} if write.body else {}
    return headers | ({"prefer": write.prefer} if write.prefer else {})


class _Made(msgspec.Struct, rename={"app_id": "appId"}):
    id: str = ""
    app_id: str = ""


def _made(reply: Reply) -> _Made:
    """Return what the answer to a creation says of the new object; a cut or strange one says nothing."""
    if reply.status != CREATED or reply.cut:
        return _Made()
    try:
        return msgspec.json.decode(reply.body, type=_Made)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Made()
