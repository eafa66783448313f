"""Read what a host is told: local.settings.json, the environment and host.json.

A setting in the environment wins over the same one in the file, as in Azure Functions Core Tools. Any value of
host.json can be overridden by a setting `AzureFunctionsJobHost__a__b` ("host.json reference", Override host.json
values); the local host's own knobs are settings that begin with `AzureFunctionsLocalHost__`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from local.host.errors import CannotStartError
from local.host.timespan import parse_timespan

_HOST_JSON_OVERRIDE = "AzureFunctionsJobHost__"
_LOCAL_KNOB = "AzureFunctionsLocalHost__"
_PLACEHOLDER = re.compile(r"%([^%\s]+)%")
_BATCH_MESSAGES_MAX = 32  # one Get Messages request returns at most 32 ("Get Messages", REST reference)
_UNBOUNDED = "-1"


@dataclass(frozen=True)
class QueueOptions:
    """`extensions.queues` of host.json; times in seconds."""

    batch_size: int
    new_batch_threshold: int
    max_dequeue_count: int
    visibility_seconds: int
    polling_seconds_max: float
    is_base64: bool


@dataclass(frozen=True)
class HostOptions:
    """What host.json and the local knobs decide; times in seconds, None for a timeout that never comes."""

    route_prefix: str
    function_timeout_seconds: float | None
    queues: QueueOptions
    message_lease_seconds: int
    timer_lease_seconds: int
    drain_seconds: float
    http_response_seconds: float
    log_level: str
    host_id: str | None
    admin_key: str | None


def read_settings(app_root: Path, file: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the app's settings: the file's Values, then the environment over them.

    Without `file`, `local.settings.json` of the app is read when it is there.
    """
    path = file or app_root / "local.settings.json"
    if file is None and not path.exists():
        return dict(environment)
    content = _read_json(path)
    if content.get("IsEncrypted"):
        raise CannotStartError(f"{path.name} is encrypted; the local host reads plain Values only")
    values = content.get("Values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise CannotStartError(f"{path.name}: Values must be an object of strings")
    return {**values, **environment}


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Return `text` with every %NAME% replaced by that setting; ValueError names a setting that is missing."""

    def setting(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise ValueError(f"setting {match[1]} is not there, but %{match[1]}% asks for it")
        return settings[match[1]]

    return _PLACEHOLDER.sub(setting, text)


def read_options(app_root: Path, settings: Mapping[str, str]) -> HostOptions:
    """Return the host's options; CannotStartError names the member or setting that cannot be read."""
    path = app_root / "host.json"
    host_json = _read_json(path) if path.exists() else {}
    for name, value in settings.items():
        if name.startswith(_HOST_JSON_OVERRIDE):
            _override(host_json, name.removeprefix(_HOST_JSON_OVERRIDE).split("__"), value)
    extensions = host_json.get("extensions", {})
    timeout = str(host_json.get("functionTimeout", "00:30:00"))
    return HostOptions(
        route_prefix=str(extensions.get("http", {}).get("routePrefix", "api")).strip("/"),
        function_timeout_seconds=None if timeout == _UNBOUNDED else _seconds("functionTimeout", timeout),
        queues=_queue_options(extensions.get("queues", {})),
        message_lease_seconds=int(_knob(settings, "messageLeaseSeconds", 600, at_least=1)),
        timer_lease_seconds=int(_knob(settings, "timerLeaseSeconds", 15, at_least=15, at_most=60)),
        drain_seconds=_knob(settings, "drainSeconds", 30),
        http_response_seconds=_knob(settings, "httpResponseSeconds", 230),
        log_level=settings.get(_LOCAL_KNOB + "logLevel", "INFO").upper(),
        host_id=settings.get("AzureFunctionsWebHost__hostid"),
        admin_key=settings.get("TIDEMARK_LOCAL_ADMIN_KEY") or None,
    )


def _queue_options(queues: Mapping[str, Any]) -> QueueOptions:
    """Return `extensions.queues` with the defaults of "Azure Queue storage trigger and bindings", host.json."""
    batch_size = _count("batchSize", queues.get("batchSize", 16), at_least=1, at_most=_BATCH_MESSAGES_MAX)
    encoding = str(queues.get("messageEncoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise CannotStartError(f"host.json: messageEncoding is {encoding!r}; base64 and none are known")
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=_count("newBatchThreshold", queues.get("newBatchThreshold", batch_size // 2), at_least=0),
        max_dequeue_count=_count("maxDequeueCount", queues.get("maxDequeueCount", 5), at_least=1),
        visibility_seconds=int(_seconds("visibilityTimeout", str(queues.get("visibilityTimeout", "00:00:00")))),
        polling_seconds_max=_seconds("maxPollingInterval", str(queues.get("maxPollingInterval", "00:01:00"))),
        is_base64=encoding == "base64",
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        raise CannotStartError(f"{path} is not there") from None
    except msgspec.MsgspecError as error:
        raise CannotStartError(f"{path.name} is not readable JSON: {error}") from error


def _override(tree: dict[str, Any], path: list[str], value: str) -> None:
    for name in path[:-1]:
        branch = tree.setdefault(name, {})
        if not isinstance(branch, dict):
            raise CannotStartError(f"setting {_HOST_JSON_OVERRIDE}{'__'.join(path)}: {name} holds no members")
        tree = branch
    tree[path[-1]] = value


def _seconds(name: str, text: str) -> float:
    try:
        return parse_timespan(text)
    except ValueError as error:
        raise CannotStartError(f"host.json: {name}: {error}") from None


def _count(name: str, value: object, *, at_least: int, at_most: int | None = None) -> int:
    try:
        count = int(str(value))
    except ValueError:
        raise CannotStartError(f"host.json: {name} is {value!r}, not a number") from None
    if count < at_least or (at_most is not None and count > at_most):
        limit = f"at least {at_least}" if at_most is None else f"{at_least} to {at_most}"
        raise CannotStartError(f"host.json: {name} is {count}; it must be {limit}")
    return count


def _knob(
    settings: Mapping[str, str], name: str, default: float, *, at_least: float = 0, at_most: float = 604_800
) -> float:
    text = settings.get(_LOCAL_KNOB + name, str(default))
    try:
        value = float(text)
    except ValueError:
        raise CannotStartError(f"setting {_LOCAL_KNOB}{name} is {text!r}, not a number of seconds") from None
    if not at_least <= value <= at_most:
        raise CannotStartError(f"setting {_LOCAL_KNOB}{name} is {value:g}; {at_least:g} to {at_most:g} is possible")
    return value
