"""The simulator as a program: it serves over HTTP and ends when told."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from simulator.applications import GRAPH, TIDEMARK
from simulator.tenant import DEFAULT_TENANT_ID

ROOT = Path(__file__).parents[3]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Start the program on a free port; end it if the test did not."""
    command = [sys.executable, "-m", "simulator", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on http://127.0.0.1:")
            with httpx.Client(base_url=line.split()[-1]) as client:
                yield client, process
        finally:
            process.kill()


def test_a_client_gets_a_token_reads_pages_and_meets_faults_until_the_server_is_told_to_end() -> None:
    with running("--objects", "150", "--seed", "4") as (client, process):
        form = {"grant_type": "client_credentials", "client_id": TIDEMARK.app_id, "client_secret": TIDEMARK.secret}
        granted = client.post(f"/{DEFAULT_TENANT_ID}/oauth2/v2.0/token", data=form | {"scope": f"{GRAPH}/.default"})
        client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        page = client.get("/v1.0/users?$top=50&$select=id,displayName,mail")
        assert page.headers["content-encoding"] == "gzip"
        assert page.json()["@odata.nextLink"].startswith(str(client.base_url).rstrip("/"))
        assert len(client.get(page.json()["@odata.nextLink"]).json()["value"]) == 50
        client.post("/_sim/faults", json={"rules": [{"kind": "reset", "path": "^/groups"}]})
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/v1.0/groups")
        assert client.get("/_sim/counters").json()["faults"] == {"reset": 1}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_an_interrupt_ends_it_cleanly_too() -> None:
    with running("--objects", "0") as (_client, process):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "no/such/folder"],
        ["--objects", "-1"],
        ["--objects", "0", "--faults", "no/such/file"],
        ["--objects", "0", "--lag", '{"replica": 1}'],
        ["--objects", "0", "--switches", "{"],
        ["--objects", "0", "--validate", "no/such/folder"],
        ["--objects", "0", "--cert", "only.crt"],
        ["--objects", "0", "--proxy-port", "0"],
        ["--objects", "0", "--port", "65536"],
        ["--objects", "0", "--port", "many"],
        ["--objects", "0", "--seeds", "1"],
        ["--objects", "0", "--links", "-1"],
        ["--objects", "0", "--tenant", "contoso"],
        ["--objects", "0", "--switches", '{"lag": {"replicas": []}}'],
        ["--objects", "0", "--faults", '{"rules": [{"kind": "503", "path": "("}]}'],
        ["--objects", "0", "--faults", '{"rules": [{"kind": "unheard"}]}'],
    ],
)
def test_a_bad_command_line_is_one_clear_line(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "simulator", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("simulator: ")
    assert len(done.stderr.splitlines()) == 1


def test_it_serves_https_beside_http_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    trusted = tmp_path / "trusted.crt"
    with running("--objects", "3", "--https-port", "0", "--trust-file", str(trusted)) as (client, process):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(trusted))
        with httpx.Client(base_url=line.split()[-1], verify=context) as secured:
            found = secured.get(f"/{DEFAULT_TENANT_ID}/v2.0/.well-known/openid-configuration").json()
        assert found["issuer"].startswith("https://127.0.0.1:")
        assert client.get("/_sim/counters").status_code == 200
    with pytest.raises(httpx.ConnectError), httpx.Client(base_url=line.split()[-1]) as distrustful:
        distrustful.get("/")


def test_a_client_that_knows_only_microsofts_addresses_comes_here_through_the_proxy(tmp_path: Path) -> None:
    trusted = tmp_path / "trusted.crt"
    options = ["--objects", "3", "--https-port", "0", "--proxy-port", "0", "--trust-file", str(trusted)]
    with running(*options) as (_client, process):
        assert process.stdout is not None
        process.stdout.readline()
        proxy = process.stdout.readline().removeprefix("proxy on ").strip()
        context = ssl.create_default_context(cafile=str(trusted))
        with httpx.Client(proxy=proxy, verify=context, trust_env=False) as led:
            place = f"https://login.microsoftonline.com/{DEFAULT_TENANT_ID}/oauth2/v2.0/token"
            form = {"grant_type": "client_credentials", "client_id": TIDEMARK.app_id, "client_secret": TIDEMARK.secret}
            token = led.post(place, data=form | {"scope": f"{GRAPH}/.default"}).json()["access_token"]
            page = led.get(f"{GRAPH}/v1.0/users?$top=1", headers={"Authorization": f"Bearer {token}"}).json()
            assert page["@odata.context"].startswith(f"{GRAPH}/v1.0/$metadata")
            with pytest.raises(httpx.ProxyError, match="403"):
                led.get("https://example.com/")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("option", ["--port", "--https-port", "--proxy-port"])
def test_a_taken_port_is_one_clear_line(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        more = ["--https-port", "0"] if option == "--proxy-port" else []
        command = [sys.executable, "-m", "simulator", "--objects", "0", *more, option, number]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("simulator: cannot listen on 127.0.0.1")
    assert number in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_virtual_time_stands_still_until_it_is_moved() -> None:
    with running("--objects", "0", "--virtual-time") as (client, _process):
        first = client.post("/_sim/clock", json={"advance_seconds": 0}).json()["now"]
        time.sleep(1.1)
        assert client.post("/_sim/clock", json={"advance_seconds": 0}).json()["now"] == first
        assert client.post("/_sim/clock", json={"advance_seconds": 90.0}).json()["now"] == first + 90.0


def test_faults_and_switches_are_read_at_start(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"seed": 2, "rules": [{"kind": "502", "path": "^/users", "times": 1}]}')
    lag = '{"replicas": [0, 5], "seed": 3}'
    switches = '{"background": {"changes_per_hour": 5}}'
    with running("--objects", "0", "--faults", str(rules), "--lag", lag, "--switches", switches) as (client, _process):
        assert client.get("/_sim/faults").json()[0]["kind"] == "502"
        found = client.get("/_sim/switches").json()
        assert (found["lag"]["replicas"], found["background"]["changes_per_hour"]) == ([0, 5], 5)


def test_a_measurement_is_one_json_object() -> None:
    command = [sys.executable, "-m", "simulator", "--objects", "300", "--measure"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    assert figures["page_objects_per_s"] > 0
    assert figures["batch_parts_per_s"] > 0
