"""The recovery API over HTTP, as far as the commands need it.

Every refusal becomes a CliError with the exit status that scripts rely on. Links in answers are never followed: paths
are built here, so a token goes nowhere but to the address it was meant for.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
import msgspec

from cli.errors import CliError, Exit
from cli.tokens import Tokens

ROOT = "/v1.0/directory/recovery"
TIMEOUT = httpx.Timeout(240.0, connect=10.0)  # a function app answers within 230 s or not at all
DAMAGED = "tidemark.integrity"
STATUSES = {
    400: Exit.USAGE,
    401: Exit.NOT_ALLOWED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    405: Exit.USAGE,
    409: Exit.BUSY,
}
Json = dict[str, Any]
UNKNOWN = "tidemark.unknownObjects"


class Api:
    """One session with the API at `url`."""

    def __init__(self, url: str, tokens: Tokens, transport: httpx.BaseTransport | None = None) -> None:
        self._tokens = tokens
        self._client = httpx.Client(base_url=url + ROOT, transport=transport, timeout=TIMEOUT)
        self._client.headers["Prefer"] = "include-unknown-enum-members"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, *segments: str, **options: object) -> Json:
        """Return the JSON object at the path of `segments`; `options` are query options without their `$`."""
        return self.ask(*segments, **{f"${name}": str(value) for name, value in options.items()})

    def ask(self, *segments: str, **params: str) -> Json:
        """Return the JSON object at the path of `segments`, with the query as it is given."""
        answer = self._send("GET", segments, params=params)
        body = _decoded(answer)
        if body is None:
            raise CliError(Exit.TROUBLE, f"the answer is not what Tidemark sends (status {answer.status_code})")
        return body

    def part(self, *segments: str, **params: str) -> tuple[bytes, str | None]:
        """Return the bytes of one part of an export, and what to skip for the next one, None after the last."""
        answer = self._send("GET", segments, params=params)
        return answer.content, answer.headers.get("Tidemark-Next-Skip")

    def fetch(self, *segments: str, **params: str) -> bytes:
        """Return the bytes at the path of `segments`."""
        return self._send("GET", segments, params=params).content

    def put(self, *segments: str, content: bytes) -> None:
        """Store bytes at the path of `segments`."""
        self._send("PUT", segments, content=content, media_type="application/octet-stream")

    def finish(self, *segments: str) -> Json:
        """Send a POST without a body that answers with a JSON object; return it."""
        body = _decoded(self._send("POST", segments))
        if body is None:
            raise CliError(Exit.TROUBLE, "the answer is not what Tidemark sends")
        return body

    def page(self, *segments: str, top: int, skip: int, **params: str) -> tuple[list[Json], int | None]:
        """Return one page of a collection and how many items to skip for the next one, None after the last."""
        body, next_skip = self.whole_page(*segments, top=top, skip=skip, **params)
        return body["value"], next_skip

    def whole_page(self, *segments: str, top: int, skip: int, **params: str) -> tuple[Json, int | None]:
        """Return the same with what stands beside the items: objects that a report was asked about and nobody has."""
        body = self.ask(*segments, **{"$top": str(top), "$skip": str(skip)}, **params)
        if not isinstance(body.get("value"), list) or not isinstance(body.setdefault(UNKNOWN, []), list):
            raise CliError(Exit.TROUBLE, "the answer is not a collection as Tidemark sends it")
        shown = max(len(body["value"]), len(body[UNKNOWN]))  # both are paged side by side
        return body, skip + shown if "@odata.nextLink" in body else None

    def send(self, *segments: str, body: Json) -> Json:
        """Send a request that changes a setting; return what stands now."""
        answer = _decoded(self._send("POST", segments, content=msgspec.json.encode(body)))
        if answer is None:
            raise CliError(Exit.TROUBLE, "the answer is not what Tidemark sends")
        return answer

    def post(self, *segments: str, body: Json | None = None) -> str:
        """Send a request that starts or stops a job; return the job's id."""
        answer = self._send("POST", segments, content=msgspec.json.encode(body or {}))
        location = answer.headers.get("Location", "")
        if answer.status_code != 202 or not location:
            raise CliError(Exit.TROUBLE, f"the answer names no job (status {answer.status_code})")
        return str(location.rstrip("/").rsplit("/", 1)[-1])

    def call(self, *segments: str, body: Json) -> Json:
        """Send a request that is done when it is answered; return the answer's JSON object."""
        answer = self._send("POST", segments, content=msgspec.json.encode(body))
        found = _decoded(answer)
        if found is None:
            raise CliError(Exit.TROUBLE, f"the answer is not what Tidemark sends (status {answer.status_code})")
        return found

    def _send(
        self,
        method: str,
        segments: tuple[str, ...],
        *,
        params: dict[str, str] | None = None,
        content: bytes | None = None,
        media_type: str = "application/json",
    ) -> httpx.Response:
        headers = {"Authorization": self._tokens.bearer()}
        if content is not None:
            headers["Content-Type"] = media_type
        path = "/".join(quote(segment, safe="") for segment in segments)
        try:
            answer = self._client.request(method, path, params=params, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise CliError(Exit.TROUBLE, f"the API cannot be reached: {str(error) or type(error).__name__}") from error
        if not answer.is_success:
            raise _refusal(answer)
        return answer


def _refusal(answer: httpx.Response) -> CliError:
    """Return the error that an answer stands for; one that is not in Graph's envelope is not Tidemark's."""
    error = (_decoded(answer) or {}).get("error")
    if not isinstance(error, dict):
        return CliError(Exit.TROUBLE, f"the server answered {answer.status_code}; is TIDEMARK_URL right?")
    if error.get("code") == DAMAGED:
        return CliError(Exit.FAILED, f"{error.get('message')}; tidemark snapshots shows what is known of each")
    status = STATUSES.get(answer.status_code, Exit.TROUBLE)
    return CliError(status, str(error.get("message") or error.get("code") or answer.status_code))


def _decoded(answer: httpx.Response) -> Json | None:
    try:
        body: Any = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
