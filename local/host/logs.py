"""Write every log record as one JSON object per line on standard error: event first, facts as fields.

Records of the app and of the host look alike. A record written inside a call carries its invocation id; the fields a
record was given by `extra` become members.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import azure_functions_runtime as runtime
import msgspec

_STANDARD_MEMBERS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def __init__(self, instance: str) -> None:
        super().__init__()
        self._instance = instance

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a value JSON does not know is written as its text."""
        line: dict[str, Any] = {
            "event": record.getMessage(),
            "level": record.levelname,
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "instance": self._instance,
            "logger": record.name,
        }
        invocation_id = runtime.invocation_id_cv.get()
        if invocation_id is not None:
            line["invocation_id"] = invocation_id
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD_MEMBERS}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def configure(instance: str, level: str) -> None:
    """Send all logging of this process to standard error as JSON lines; Azure's own libraries from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(instance))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("azure", "aiohttp", "asyncio", "httpx", "httpcore", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
