"""Loading configuration exported from a real tenant."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.simulator.client import Client, a_client

BASELINE = Path(__file__).parents[4] / "shared" / "data" / "conditional-access-baseline" / "Config"
POLICY: dict[str, Any] = {
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#identity/conditionalAccess/policies/$entity",
    "@odata.type": "#microsoft.graph.conditionalAccessPolicy",
    "@odata.id": "identity/conditionalAccess/policies('p')",
    "@odata.editLink": "identity/conditionalAccess/policies('p')",
    "id": "AAAAAAAA-0000-4000-8000-000000000001",
    "displayName": "Exported",
    "state@odata.type": "#microsoft.graph.conditionalAccessPolicyState",
    "state": "enabled",
    "partialEnablementStrategy": None,
    "conditions": {
        "@odata.type": "#microsoft.graph.conditionalAccessConditionSet",
        "agents": {"@odata.type": "#microsoft.graph.conditionalAccessAgents", "kept": [1]},
        "users": {
            "includeGroups@odata.type": "#Collection(String)",
            "includeGroups": ["nobody-knows-this-one"],
            "externalTenants": {"@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants"},
        },
    },
    "grantControls": {"authenticationStrength@odata.navigationLink": "https://x", "authenticationStrength": None},
    "#microsoft.graph.restore": {"title": "microsoft.graph.restore"},
}
KEPT = {
    "id": "aaaaaaaa-0000-4000-8000-000000000001",
    "displayName": "Exported",
    "state": "enabled",
    "partialEnablementStrategy": None,
    "conditions": {
        "agents": {"kept": [1]},
        "users": {
            "includeGroups": ["nobody-knows-this-one"],
            "externalTenants": {"@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants"},
        },
    },
    "grantControls": {"authenticationStrength": None},
}


def loaded(folder: Path, *, objects: int = 0) -> tuple[Client, list[str]]:
    """Return a client of a tenant loaded from `folder`, and what was reported."""
    lines: list[str] = []
    return a_client(objects=objects, load_from=folder, report=lines.append), lines


def write(folder: Path, name: str, thing: Any, encoding: str = "utf-8") -> None:
    """Write one exported file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(thing).decode().encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_annotations_are_taken_off_and_everything_else_stays_as_it_came(tmp_path: Path, encoding: str) -> None:
    write(tmp_path, "deep/er/one.json", POLICY, encoding)
    client, lines = loaded(tmp_path)
    body = client.get(f"/identity/conditionalAccess/policies/{POLICY['id']}").body
    del body["@odata.context"]
    assert body == KEPT
    assert lines == []


def test_the_type_is_told_by_the_object_its_context_or_its_folder(tmp_path: Path) -> None:
    by_context = {name: value for name, value in POLICY.items() if name != "@odata.type"}
    write(tmp_path, "a.json", by_context)
    write(tmp_path, "Groups/b.json", {"id": "bbbbbbbb-0000-4000-8000-000000000001", "displayName": "B"})
    country = {"id": "cccccccc-0000-4000-8000-000000000001", "@odata.type": "#microsoft.graph.countryNamedLocation"}
    write(tmp_path, "c.json", country)
    client, lines = loaded(tmp_path)
    kinds = ("user", "group", "conditionalAccessPolicy", "namedLocation")
    counts = {name: len(client.directory.stores[name].live) for name in kinds}
    assert counts == {"user": 0, "group": 1, "conditionalAccessPolicy": 1, "namedLocation": 1}
    location = client.get("/identity/conditionalAccess/namedLocations").body["value"][0]
    assert location["@odata.type"] == "#microsoft.graph.countryNamedLocation"
    assert lines == []


def test_files_that_are_no_object_of_a_known_type_are_reported_and_skipped(tmp_path: Path) -> None:
    write(tmp_path, "MigrationTable.json", {"TenantId": "x"})
    write(tmp_path, "Groups/list.json", [1, 2])
    (tmp_path / "broken.json").write_text("{")
    write(tmp_path, "Groups/one.json", {"id": "dddddddd-0000-4000-8000-000000000001", "displayName": "D"})
    write(tmp_path, "Groups/two.json", {"id": "DDDDDDDD-0000-4000-8000-000000000001", "displayName": "D"})
    client, lines = loaded(tmp_path)
    assert len(client.directory.stores["group"].live) == 1
    named = [line.split(":", maxsplit=1)[0] for line in lines]
    expected = ["Groups/list.json", "Groups/two.json", "MigrationTable.json", "broken.json"]
    assert named == [f"skipped {each}" for each in expected]


def test_loaded_groups_get_a_few_members_and_their_own_properties_can_be_selected(tmp_path: Path) -> None:
    group: dict[str, Any] = {
        "id": "eeeeeeee-0000-4000-8000-000000000001",
        "displayName": "E",
        "createdByAppId": "app",
        "groupTypes": [],
    }
    write(tmp_path, "Groups/e.json", group)
    client, _ = loaded(tmp_path, objects=60)
    assert 2 <= len(client.members(group["id"])) <= 6
    assert client.get(f"/groups/{group['id']}?$select=createdByAppId").body["createdByAppId"] == "app"
    assert client.patch(f"/groups/{group['id']}", {"createdByAppId": "other"}).status == 400


def test_what_a_loaded_policy_has_beyond_the_description_can_be_written_back(tmp_path: Path) -> None:
    write(tmp_path, "p.json", POLICY)
    client, _ = loaded(tmp_path)
    place = f"/identity/conditionalAccess/policies/{POLICY['id']}"
    assert client.patch(place, {"partialEnablementStrategy": "x", "conditions": {"agents": None}}).status == 204
    body = client.get(place).body
    assert (body["partialEnablementStrategy"], body["conditions"]["agents"]) == ("x", None)


@pytest.mark.skipif(not BASELINE.is_dir(), reason="the exported sample configuration is not beside this repository")
def test_a_real_export_is_loaded_whole() -> None:
    client, lines = loaded(BASELINE, objects=100)
    loaded_ids = client.simulator.tenant.loaded_ids
    assert len(loaded_ids) == 36 + 34 + 3
    assert [line.split(":", maxsplit=1)[0] for line in lines][-1] == "skipped MigrationTable.json"
    assert sum("there is an object" in line for line in lines) == 2
    text = client.raw("GET", "/identity/conditionalAccess/policies").body.decode()
    for annotation in ("@odata.id", "@odata.editLink", "#Collection", "#microsoft.graph.restore", "navigationLink"):
        assert annotation not in text
    assert "#microsoft.graph.conditionalAccessAllExternalTenants" in text
    assert "agentIdRiskLevels" in text
