"""Which indexed functions the host takes, and which it refuses by name."""

from typing import Any

import msgspec
import pytest

from local.host.errors import CannotStartError
from local.host.functions import Function, HttpTrigger, QueueTrigger, TimerTrigger, read_functions
from local.host.worker_messages import RpcFunctionMetadata, RpcRetryOptions

TIMER = {"type": "timerTrigger", "name": "timer", "schedule": "0 0 3 * * *"}
QUEUE = {"type": "queueTrigger", "name": "message", "queueName": "%QUEUE%", "connection": "AzureWebJobsStorage"}
HTTP = {"type": "httpTrigger", "name": "req", "route": "jobs/{id}", "methods": ["get"], "authLevel": "ANONYMOUS"}


def indexed(*bindings: dict[str, Any], retry_options: RpcRetryOptions | None = None) -> RpcFunctionMetadata:
    return RpcFunctionMetadata(
        name="job",
        function_id="id-1",
        raw_bindings=[msgspec.json.encode(binding).decode() for binding in bindings],
        bindings={},
        retry_options=retry_options,
        directory="",
        script_file="function_app.py",
        entry_point="job",
        language="python",
        is_proxy=False,
        managed_dependency_enabled=False,
        properties={},
    )


def read(metadata: RpcFunctionMetadata, **settings: str) -> Function:
    return read_functions([metadata], settings, route_prefix="api")[0]


def test_a_timer_is_monitored_unless_it_says_otherwise_or_fires_within_a_minute() -> None:
    def is_monitored(**members: Any) -> bool:
        trigger = read(indexed({**TIMER, **members})).trigger
        assert isinstance(trigger, TimerTrigger)
        return trigger.is_monitored

    assert is_monitored()
    assert not is_monitored(useMonitor=False)
    assert not is_monitored(schedule="*/10 * * * * *")


def test_a_queue_name_takes_its_setting() -> None:
    trigger = read(indexed(QUEUE), QUEUE="recover").trigger
    assert trigger == QueueTrigger(queue_name="recover", connection="AzureWebJobsStorage", is_binary=False)


def test_a_route_stands_below_the_prefix_and_methods_are_upper_case() -> None:
    trigger = read(indexed(HTTP, {"type": "http", "name": "$return"})).trigger
    assert isinstance(trigger, HttpTrigger)
    assert trigger.route.match("/api/jobs/1") == {"id": "1"}
    assert trigger.methods == {"GET"}
    assert not trigger.needs_key


def test_a_function_is_disabled_by_its_setting() -> None:
    assert read(indexed(TIMER), **{"AzureWebJobs.job.Disabled": "true"}).is_disabled
    assert not read(indexed(TIMER), **{"AzureWebJobs.job.Disabled": "false"}).is_disabled


@pytest.mark.parametrize(
    ("bindings", "complaint"),
    [
        ([{"type": "serviceBusTrigger", "name": "m"}], "Service Bus trigger; the local host has no Service Bus"),
        ([{"type": "blobTrigger", "name": "m"}], "has a blobTrigger, which the local host does not have"),
        ([QUEUE, {"type": "queue", "name": "out"}], "binding of type queue"),
        ([], "has 0 triggers"),
        ([QUEUE], "setting QUEUE is not there"),
        ([{**TIMER, "schedule": "0 0 25 * * *"}], "field hour: 25 is outside 0 to 23"),
        ([{**TIMER, "runOnStartup": True}], "run_on_startup"),
        ([{**HTTP, "route": "{a:odd}"}], "constraint 'odd'"),
    ],
)
def test_what_the_host_cannot_serve_is_refused_by_function_and_reason(
    bindings: list[dict[str, Any]], complaint: str
) -> None:
    with pytest.raises(CannotStartError, match=r"^function job: ") as refusal:
        read(indexed(*bindings))
    assert complaint in str(refusal.value)


def test_a_retry_policy_is_refused() -> None:
    with pytest.raises(CannotStartError, match="function job: has a retry policy"):
        read(indexed(TIMER, retry_options=RpcRetryOptions(max_retry_count=3)))
