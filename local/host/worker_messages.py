"""The messages that host and worker library exchange, as plain classes.

In Azure they are protobuf messages; the library only builds them, reads their members and asks which member of a
`oneof` is set. Names and members follow the worker's contract, `FunctionRpc.proto` of Azure/azure-functions-language-
worker-protobuf; only what the library touches is here. This module itself is handed to the library as its `protos`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class OneOf:
    """A message of which at most one member is set."""

    def __init__(self, **member: Any) -> None:
        if len(member) > 1:
            raise TypeError(f"{type(self).__name__} holds one member, not {', '.join(member)}")
        self.kind = next(iter(member), None)
        self.value = next(iter(member.values()), None)
        self.__dict__.update(member)

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802  protobuf's own name
        """Return the name of the member that is set."""
        return self.kind


class TypedData(OneOf):
    """One value: string, json, bytes, http, int or double."""


class ParameterBinding:
    """One named value that goes into a call, or comes out of it."""

    def __init__(self, *, name: str, data: TypedData | None) -> None:
        self.name, self.data = name, data

    def WhichOneof(self, _group: str) -> str:  # noqa: N802  protobuf's own name
        """Return the only way of transfer this host has."""
        return "data"


@dataclass
class RpcHttp:
    """An HTTP request going in (method, url, …) or a response coming out (status_code, cookies, …)."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: TypedData = field(default_factory=TypedData)
    status_code: str = "200"
    cookies: list["RpcHttpCookie"] | None = None
    enable_content_negotiation: bool = False


class _Nullable(OneOf):
    """A value that may be absent."""


class NullableString(_Nullable):
    """A text, or nothing."""


class NullableBool(_Nullable):
    """True, false, or nothing."""


class NullableDouble(_Nullable):
    """A number, or nothing."""


class NullableTimestamp(_Nullable):
    """A Timestamp, or nothing."""


@dataclass
class Timestamp:
    """Seconds since 1970 in UTC."""

    seconds: int


@dataclass
class RpcHttpCookie:
    """One cookie of a response."""

    SameSite = SimpleNamespace(**{"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: int = 0
    max_age: NullableDouble | None = None


@dataclass
class RpcException:
    """What a failed call or load says: `Type: message` and the stack trace."""

    message: str = ""
    stack_trace: str = ""
    source: str = ""


@dataclass
class StatusResult:
    """How a request to the worker ended."""

    Failure = 0
    Success = 1

    status: int
    exception: RpcException | None = None


@dataclass
class BindingInfo:
    """Kind and direction of one binding."""

    inout = 2
    out = 1
    undefined = 0

    type: str
    direction: int
    data_type: Any = None


class RpcRetryOptions(SimpleNamespace):
    """A retry policy as a function declared it; the host only asks whether there is one."""


@dataclass
class RpcFunctionMetadata:
    """One indexed function; `raw_bindings` are its bindings as JSON texts."""

    name: str
    function_id: str
    raw_bindings: list[str]
    bindings: Mapping[str, BindingInfo]
    retry_options: RpcRetryOptions | None
    directory: str
    script_file: str
    entry_point: str
    language: str
    is_proxy: bool
    managed_dependency_enabled: bool
    properties: Mapping[str, str]


class WorkerMetadata(SimpleNamespace):
    """Versions of the worker."""


class _Response(SimpleNamespace):
    """An answer of the worker; every answer has a `result`."""

    result: StatusResult


class WorkerInitResponse(_Response):
    """capabilities, worker_metadata, result."""


class FunctionMetadataResponse(_Response):
    """function_metadata_results (None when there is no app), use_default_metadata_indexing, result."""


class FunctionLoadResponse(_Response):
    """function_id, result."""


class FunctionEnvironmentReloadResponse(_Response):
    """capabilities, worker_metadata, result."""


class InvocationResponse(_Response):
    """invocation_id, return_value, output_data, result."""
