"""Turn what the worker indexed into functions the host can listen for.

Pure. Whatever this host has no listener for is refused here by name, before anything runs, so that an app never
appears to work while one of its functions sleeps.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from local.host.errors import CannotStartError
from local.host.routes import Route, parse_route
from local.host.schedule import Schedule, parse_schedule
from local.host.settings import resolve
from local.host.worker_messages import RpcFunctionMetadata

_OUTPUTS_CARRIED = {"http"}
_TRIGGER_SUFFIX = "Trigger"


@dataclass(frozen=True)
class TimerTrigger:
    """Due by a schedule."""

    schedule: Schedule
    is_monitored: bool


@dataclass(frozen=True)
class QueueTrigger:
    """Called per message of a Storage queue; `connection` names the setting with its connection string."""

    queue_name: str
    connection: str
    is_binary: bool


@dataclass(frozen=True)
class HttpTrigger:
    """Called by a request; no methods means every method."""

    route: Route
    methods: frozenset[str]
    needs_key: bool


Trigger = TimerTrigger | QueueTrigger | HttpTrigger


@dataclass(frozen=True)
class Function:
    """One function of the app; `parameter` is the name of its trigger's parameter."""

    name: str
    function_id: str
    parameter: str
    trigger: Trigger
    is_disabled: bool


def read_functions(
    indexed: Iterable[RpcFunctionMetadata], settings: Mapping[str, str], *, route_prefix: str
) -> list[Function]:
    """Return the app's functions; CannotStartError names the first one this host cannot serve, and why."""
    functions = []
    for metadata in indexed:
        try:
            functions.append(_read_function(metadata, settings, route_prefix))
        except ValueError as error:
            raise CannotStartError(f"function {metadata.name}: {error}") from None
    return functions


def _read_function(metadata: RpcFunctionMetadata, settings: Mapping[str, str], route_prefix: str) -> Function:
    if metadata.retry_options is not None:
        raise ValueError("has a retry policy, which the local host does not carry out")
    bindings = [msgspec.json.decode(text, type=dict[str, Any]) for text in metadata.raw_bindings]
    triggers = [binding for binding in bindings if str(binding["type"]).endswith(_TRIGGER_SUFFIX)]
    for binding in bindings:
        if binding not in triggers and binding["type"] not in _OUTPUTS_CARRIED:
            raise ValueError(f"has a binding of type {binding['type']}, which the local host does not carry")
    if len(triggers) != 1:
        raise ValueError(f"has {len(triggers)} triggers; a function has one")
    return Function(
        name=metadata.name,
        function_id=metadata.function_id,
        parameter=triggers[0]["name"],
        trigger=_read_trigger(triggers[0], settings, route_prefix),
        is_disabled=settings.get(f"AzureWebJobs.{metadata.name}.Disabled", "").lower() in {"1", "true"},
    )


def _read_trigger(binding: Mapping[str, Any], settings: Mapping[str, str], route_prefix: str) -> Trigger:
    match binding["type"]:
        case "timerTrigger":
            return _timer(binding, settings)
        case "queueTrigger":
            return QueueTrigger(
                queue_name=resolve(binding["queueName"], settings),
                connection=binding.get("connection") or "AzureWebJobsStorage",
                is_binary=str(binding.get("dataType", "")).upper() == "BINARY",
            )
        case "httpTrigger":
            prefix = f"{route_prefix}/" if route_prefix else ""
            return HttpTrigger(
                route=parse_route(prefix + str(binding["route"]).lstrip("/")),
                methods=frozenset(str(method).upper() for method in binding.get("methods") or ()),
                needs_key=str(binding.get("authLevel", "FUNCTION")).upper() != "ANONYMOUS",
            )
        case "serviceBusTrigger":
            raise ValueError("has a Service Bus trigger; the local host has no Service Bus, use Storage queues")
        case other:
            raise ValueError(f"has a {other}, which the local host does not have")


def _timer(binding: Mapping[str, Any], settings: Mapping[str, str]) -> TimerTrigger:
    """Return the timer; schedules with gaps below a minute are never monitored ("Timer trigger", UseMonitor)."""
    if binding.get("runOnStartup"):
        raise ValueError("asks for run_on_startup, which fires at every restart; the local host refuses it")
    schedule = parse_schedule(resolve(binding["schedule"], settings))
    return TimerTrigger(schedule, is_monitored=bool(binding.get("useMonitor", True)) and not schedule.is_frequent)
