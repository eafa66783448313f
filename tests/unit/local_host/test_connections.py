"""How storage is found: connection strings of Azurite and connection settings of an app."""

import asyncio
from pathlib import Path

import pytest

from local import azurite
from local.azurite import HOST_ACCOUNT, HOST_KEY, AzuriteError, Endpoints, connection_string, endpoints_of
from local.host import storage
from local.host.errors import CannotStartError

ENDPOINTS = Endpoints("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")


def test_a_connection_string_names_account_key_and_three_path_style_endpoints() -> None:
    text = connection_string(ENDPOINTS, "vault", "a2V5==")
    assert dict(member.split("=", 1) for member in text.strip(";").split(";")) == {
        "DefaultEndpointsProtocol": "http",
        "AccountName": "vault",
        "AccountKey": "a2V5==",
        "BlobEndpoint": "http://127.0.0.1:1/vault",
        "QueueEndpoint": "http://127.0.0.1:2/vault",
        "TableEndpoint": "http://127.0.0.1:3/vault",
    }


def test_azurite_url_is_the_blob_url_or_all_three() -> None:
    assert endpoints_of("http://127.0.0.1:10000/") == Endpoints(
        "http://127.0.0.1:10000", "http://127.0.0.1:10001", "http://127.0.0.1:10002"
    )
    assert endpoints_of("http://a:1, http://b:2,http://c:3") == Endpoints("http://a:1", "http://b:2", "http://c:3")


def test_an_azurite_that_runs_already_is_used_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURITE_URL", "http://127.0.0.1:10000")
    found = asyncio.run(azurite.start())
    assert found.child is None
    assert found.connection_string == found.vault_connection_string
    assert "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;" in found.connection_string
    found.stop()


def test_azurite_that_is_not_installed_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURITE_URL", raising=False)
    monkeypatch.setattr(azurite, "_REPOSITORY", tmp_path)
    with pytest.raises(AzuriteError, match="run `npm ci`"):
        asyncio.run(azurite.start(tmp_path))


@pytest.mark.parametrize("url", ["azurite", "http://azurite", "http://a:1,http://b:2"])
def test_an_azurite_url_without_ports_is_refused(url: str) -> None:
    with pytest.raises(AzuriteError, match="AZURITE_URL"):
        endpoints_of(url)


def test_a_connection_is_found_with_and_without_the_webjobs_prefix() -> None:
    assert storage.connection_string("Storage", {"AzureWebJobsStorage": "one"}) == "one"
    assert storage.connection_string("AzureWebJobsStorage", {"AzureWebJobsStorage": "one"}) == "one"


def test_development_storage_means_azurite_on_its_usual_ports() -> None:
    text = storage.connection_string("AzureWebJobsStorage", {"AzureWebJobsStorage": "UseDevelopmentStorage=true;"})
    assert f"AccountName={HOST_ACCOUNT};AccountKey={HOST_KEY};" in text
    assert "QueueEndpoint=http://127.0.0.1:10001/" in text


def test_a_missing_connection_is_named_and_so_is_one_by_identity() -> None:
    with pytest.raises(CannotStartError, match=r"connection Vault is not among the settings$"):
        storage.connection_string("Vault", {})
    with pytest.raises(CannotStartError, match="only Vault__accountName: the local host takes connection strings"):
        storage.connection_string("Vault", {"Vault__accountName": "contoso"})
