"""What a host is told by its settings and host.json."""

import re
from pathlib import Path

import pytest

from local.host.errors import CannotStartError
from local.host.settings import read_options, read_settings, resolve


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "local.settings.json"
    file.write_text('{"IsEncrypted": false, "Values": {"A": "file", "B": "file"}}')
    assert read_settings(tmp_path, None, {"B": "environment"}) == {"A": "file", "B": "environment"}


def test_an_app_without_a_settings_file_has_the_environment_only(tmp_path: Path) -> None:
    assert read_settings(tmp_path, None, {"A": "1"}) == {"A": "1"}
    with pytest.raises(CannotStartError, match=r"named\.json is not there"):
        read_settings(tmp_path, tmp_path / "named.json", {})


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"IsEncrypted": true}', "is encrypted"),
        ('{"Values": {"A": 1}}', "Values must be an object of strings"),
        ("{", "is not readable JSON"),
    ],
)
def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(CannotStartError, match=r"^local\.settings\.json") as refusal:
        read_settings(tmp_path, None, {})
    assert complaint in str(refusal.value)


def test_a_placeholder_takes_its_setting_or_names_what_is_missing() -> None:
    assert resolve("%A%-%B%", {"A": "x", "B": "y"}) == "x-y"
    assert resolve("no placeholder", {}) == "no placeholder"
    with pytest.raises(ValueError, match="setting SCHEDULE is not there"):
        resolve("%SCHEDULE%", {})


def test_an_app_without_host_json_has_the_documented_defaults(tmp_path: Path) -> None:
    options = read_options(tmp_path, {})
    assert options.route_prefix == "api"
    assert options.function_timeout_seconds == 1800
    assert options.message_lease_seconds == 600
    assert (options.queues.batch_size, options.queues.new_batch_threshold) == (16, 8)
    assert (options.queues.max_dequeue_count, options.queues.visibility_seconds) == (5, 0)
    assert options.queues.polling_seconds_max == 60
    assert options.queues.is_base64
    assert options.admin_key is None


def test_a_setting_overrides_a_value_of_host_json(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"functionTimeout": "-1", "extensions": {"queues": {"batchSize": 2}}}')
    settings = {
        "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01",
        "AzureFunctionsJobHost__extensions__queues__batchSize": "8",
        "AzureFunctionsLocalHost__messageLeaseSeconds": "3",
    }
    options = read_options(tmp_path, settings)
    assert options.queues.batch_size == 8
    assert options.queues.polling_seconds_max == 1
    assert options.message_lease_seconds == 3
    assert options.function_timeout_seconds is None


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"AzureFunctionsJobHost__functionTimeout": "ten"}, "host.json: functionTimeout: 'ten' is not a duration"),
        ({"AzureFunctionsJobHost__extensions__queues__batchSize": "33"}, "batchSize is 33; it must be 1 to 32"),
        ({"AzureFunctionsJobHost__extensions__queues__batchSize": "x"}, "batchSize is 'x', not a number"),
        ({"AzureFunctionsJobHost__extensions__queues__messageEncoding": "hex"}, "messageEncoding is 'hex'"),
        ({"AzureFunctionsLocalHost__timerLeaseSeconds": "5"}, "timerLeaseSeconds is 5; 15 to 60 is possible"),
        ({"AzureFunctionsLocalHost__drainSeconds": "soon"}, "drainSeconds is 'soon', not a number"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, settings: dict[str, str], complaint: str
) -> None:
    with pytest.raises(CannotStartError, match=re.escape(complaint)):
        read_options(tmp_path, settings)
