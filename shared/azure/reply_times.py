"""The storage service's own time, taken from its replies: the machine's clock must not decide how old anything is."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from shared.domain.errors import TransientError


class ReplyTime:
    """The service's own time of its last reply, in whole seconds. Give `note` to the SDK as `raw_response_hook`."""

    def __init__(self) -> None:
        self._header = ""

    def note(self, response: Any) -> None:
        """Remember the Date header of a pipeline response of the SDK."""
        self._header = response.http_response.headers.get("Date", "")

    def at(self) -> datetime:
        """Return the time the service wrote on its last reply; raise TransientError when it wrote none."""
        try:
            return parsedate_to_datetime(self._header)
        except ValueError as error:
            raise TransientError("the storage service answered without a Date header") from error
