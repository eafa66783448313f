"""host.json and the sample settings: what the app needs from its host is there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.domain.errors import InputError
from shared.wiring import from_settings

ROOT = Path(__file__).resolve().parents[3]
TIMESPAN = re.compile(r"(\d\d):(\d\d):(\d\d)\Z")
# What the product reads, and what the triggers' %NAME% placeholders name.
READ = re.compile(r"(?:TIDEMARK|AzureWebJobs|Tidemark)[A-Za-z_]+")


def read(name: str) -> dict[str, Any]:
    return msgspec.json.decode((ROOT / name).read_bytes(), type=dict[str, Any])


def seconds(text: str) -> int:
    match = TIMESPAN.match(text)
    assert match, text
    hours, minutes, rest = (int(part) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def test_paths_are_served_at_the_root_where_graph_has_them() -> None:
    assert read("host.json")["extensions"]["http"]["routePrefix"] == ""


def test_a_call_outlasts_any_batch_and_a_lock_outlasts_any_call() -> None:
    host = read("host.json")
    timeout = seconds(host["functionTimeout"])
    assert 5 * 60 < timeout <= 10 * 60
    assert seconds(host["extensions"]["serviceBus"]["maxAutoLockRenewalDuration"]) > timeout


def test_messages_are_redelivered_a_few_times_and_read_as_they_are_sent() -> None:
    queues = read("host.json")["extensions"]["queues"]
    assert (queues["maxDequeueCount"], queues["messageEncoding"]) == (5, "base64")
    assert queues["newBatchThreshold"] < queues["batchSize"] <= 32
    assert seconds(queues["visibilityTimeout"]) > 0


def test_the_host_loads_the_fourth_extension_bundle() -> None:
    host = read("host.json")
    assert (host["version"], host["extensionBundle"]["version"]) == ("2.0", "[4.*, 5.0.0)")


def test_the_sample_holds_every_setting_that_anything_reads() -> None:
    sources = [ROOT / "shared" / "wiring.py", *sorted((ROOT / "functions").glob("*.py"))]
    named = {name for source in sources for name in READ.findall(source.read_text())}
    sample = read("local.settings.sample.json")["Values"]
    wanted = {name for name in named if name.isupper() or name in {"AzureWebJobsStorage", "TidemarkVault"}}
    assert wanted <= set(sample)
    assert sample["FUNCTIONS_WORKER_RUNTIME"] == "python"


def test_the_sample_is_enough_to_make_a_product() -> None:
    async def made() -> str:
        return from_settings(read("local.settings.sample.json")["Values"]).tenant

    assert asyncio.run(made()) == read("local.settings.sample.json")["Values"]["TIDEMARK_TENANT_ID"]


@pytest.mark.parametrize(
    ("second", "third", "fact"),
    [
        ("", "5e9a0000-0000-4000-8000-000000000003", "set the second before the third"),
        ("71de0000-0000-4000-8000-000000000001", "", "are one"),
        ("5e9a0000-0000-4000-8000-000000000002", "5e9a0000-0000-4000-8000-000000000002", "are one"),
        ("second", "", "TIDEMARK_SECOND_CLIENT_ID"),
    ],
)
def test_identities_that_cannot_write_beside_each_other_are_refused_by_name(second: str, third: str, fact: str) -> None:
    values = {
        **read("local.settings.sample.json")["Values"],
        "TIDEMARK_CLIENT_ID": "71de0000-0000-4000-8000-000000000001",
        "TIDEMARK_SECOND_CLIENT_ID": second,
        "TIDEMARK_THIRD_CLIENT_ID": third,
    }

    async def start() -> None:
        with pytest.raises(InputError, match=fact):
            from_settings(values)

    asyncio.run(start())
