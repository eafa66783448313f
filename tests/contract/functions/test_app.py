"""The app as the genuine Python worker sees it, and as it answers in a real host process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local import processes
from local.azurite import Azurite
from tests.contract.local_host.conftest import ask

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "functions.json"
KEY = "a key of this test"
Json = dict[str, Any]


def test_the_worker_indexes_exactly_the_functions_of_the_checked_in_list() -> None:
    command = [sys.executable, "-m", "tests.contract.functions.indexed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
    assert msgspec.json.decode(done.stdout) == msgspec.json.decode(GOLDEN.read_bytes())


@pytest.fixture(scope="module")
def url(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app in a local host of its own, with the sample settings over Azurite."""
    sample = msgspec.json.decode((ROOT / "local.settings.sample.json").read_bytes())["Values"]
    environment: dict[str, str] = {
        **sample,
        "AzureWebJobsStorage": azurite.connection_string,
        "TidemarkVault": azurite.vault_connection_string,
        "AzureFunctionsWebHost__hostid": "functionscontract",
        "TIDEMARK_SNAPSHOT_SCHEDULE": "0 0 0 1 1 *",
        "TIDEMARK_WATCHDOG_SCHEDULE": "0 0 0 1 1 *",
        "TIDEMARK_RESTORE_POINT_SCHEDULE": "0 0 0 1 1 *",
        "TIDEMARK_VERIFY_SCHEDULE": "0 0 0 1 1 *",
        "TIDEMARK_PRUNE_SCHEDULE": "0 0 0 1 1 *",
        "TIDEMARK_LOCAL_ADMIN_KEY": KEY,
    }
    log = tmp_path_factory.mktemp("app") / "app.log"
    child = processes.start_host("app", app_root=ROOT, log_file=log, environment=environment)
    yield asyncio.run(child.listening())
    child.kill()


def test_the_live_probe_answers_without_a_token(url: str) -> None:
    async def story() -> None:
        reply = await ask(f"{url}/livez")
        assert (reply.status, reply.body) == (200, b'{"status":"alive"}')

    asyncio.run(story())


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_without_a_token_both_versions_answer_401_in_graphs_envelope(url: str, version: str) -> None:
    async def story() -> None:
        for path in ("directory/recovery/snapshots", "directory/recovery/snapshots/MTc==/recoveryJobs", "users"):
            for authorization in ("", "Bearer a.b.c", "Basic x"):
                reply = await ask(f"{url}/{version}/{path}", Authorization=authorization)
                assert reply.status == 401
                error: Json = msgspec.json.decode(reply.body)["error"]
                assert error["code"] == "Unauthorized"
                assert error["innerError"]["request-id"] == reply.headers["request-id"]

    asyncio.run(story())


def test_the_functions_key_opens_nothing(url: str) -> None:
    async def story() -> None:
        reply = await ask(f"{url}/v1.0/directory/recovery/snapshots", key=KEY)
        assert reply.status == 401

    asyncio.run(story())
