"""`tidemark permissions`: what to grant, said without a server."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.cli.worlds import command


def test_reading_and_writing_name_exactly_what_the_types_need() -> None:
    read = command("permissions", "--for", "read", "--types", "namedLocation,group", environment={})
    assert (read.status, read.err) == (0, "")
    assert msgspec.json.decode(read.out) == [
        {"permission": "AuditLog.Read.All", "types": ["audit log (who changed what, owners, sponsors)"]},
        {"permission": "EntraBackup.Read.All", "types": ["recoveries of Microsoft's own feature"]},
        {"permission": "Group.Read.All", "types": ["group"]},
        {"permission": "Member.Read.Hidden", "types": ["group"]},
        {"permission": "Policy.Read.All", "types": ["namedLocation"]},
    ]
    write = command("permissions", "--for", "write", "--types", "namedLocation", environment={})
    assert [row["permission"] for row in msgspec.json.decode(write.out)] == [
        "AuditLog.Read.All",
        "EntraBackup.Read.All",
        "Policy.Read.All",
        "Policy.ReadWrite.ConditionalAccess",
    ]


@pytest.mark.parametrize(
    ("name", "permission", "of"),
    [
        ("namedLocationPolicy", "Policy.Read.All", "namedLocation"),
        ("authenticationMethodPolicy", "Policy.Read.All", "authenticationMethodConfiguration"),
        ("agentIdentity", "AgentIdentity.Read.All", "servicePrincipal"),
        ("agentIdentityBlueprint", "AgentIdentityBlueprint.Read.All", "application"),
        ("agentIdentityBlueprintPrincipal", "AgentIdentityBlueprintPrincipal.Read.All", "servicePrincipal"),
        ("agentUser", "User.Read.All", "user"),
    ],
)
def test_a_type_may_be_named_as_the_api_does_and_an_agent_by_its_own_type(name: str, permission: str, of: str) -> None:
    ran = command("permissions", "--for", "read", "--types", f"{name},{of}", environment={})
    assert {"permission": permission, "types": [of]} in msgspec.json.decode(ran.out)


def test_every_type_is_meant_when_none_is_named_and_no_permission_comes_twice() -> None:
    rows = msgspec.json.decode(command("permissions", "--for", "read", environment={}).out)
    names = [row["permission"] for row in rows]
    assert names == sorted(set(names))
    assert not any("Write" in name for name in names)
    assert {"Application.Read.All", "RoleManagement.Read.Directory"} <= set(names)


def test_a_terminal_gets_a_table() -> None:
    shown = command("permissions", "--for", "read", "--types", "user", environment={}, is_terminal=True).out
    assert "Application permissions to read" in shown
    assert "User.Read.All" in shown
    assert "{" not in shown


@pytest.mark.parametrize("types", ["users", "user,", "group,nothing"])
def test_a_type_there_is_not_is_refused_with_those_there_are(types: str) -> None:
    ran = command("permissions", "--for", "read", "--types", types, environment={})
    assert (ran.status, ran.out) == (2, "")
    assert "is no captured type; use one of activityBasedTimeoutPolicy" in ran.err


def test_what_for_has_to_be_said() -> None:
    with pytest.raises(SystemExit):
        command("permissions", environment={})
