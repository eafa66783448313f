"""One tenant in which something of every type is damaged, and one recovery that brings all of it back."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.catalogue.members import Rule
from shared.catalogue.types import TYPES
from shared.domain.changes import Action, Difference, Outcome, Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from simulator.applications import CARELESS_SCRIPT
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.builders import an_id
from tests.support.platform import TENANT, Platform
from tests.support.referee import HAS_SLICE, SLICE, complaints

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Json = dict[str, Any]
PLANTED = "planted-secret-that-nobody-may-store"
MEMBER = "https://graph.microsoft.com/v1.0/directoryObjects/"


@dataclass
class Told:
    """What the story came to."""

    captured: Job
    recovery: Job
    damage: list[Difference]
    after: list[Difference]
    outcomes: list[Outcome]
    stored: bytes
    complaints: list[Json]


class Vandal:
    """Changes something of every type, over Graph, as an application that may."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.directory = simulator.tenant.directory

    def graph(self, method: str, path: str, body: object = None) -> Json:
        """Send one request and return what it answers."""
        return self._simulator.act(CARELESS_SCRIPT, method, path, body) or {}

    def some(self, kind: str, **having: object) -> Json:
        """Return the first object of a type with these values."""
        live: Mapping[str, Json] = self.directory.stores[kind].live
        return next(thing for thing in live.values() if all(thing.get(name) == value for name, value in having.items()))

    def break_everything(self) -> None:
        """Change, delete or unlink at least one object of every type."""
        self.settings()
        self.policies()
        self.roles()
        self.applications()
        self.people()

    def settings(self) -> None:
        """Change what there is once, or a few of."""
        methods = "/policies/authenticationMethodsPolicy"
        single = "/policies/crossTenantAccessPolicy"
        self.graph("PATCH", "/policies/authorizationPolicy", {"allowInvitesFrom": "everyone"})
        self.graph("PATCH", f"/organization/{TENANT}", {"technicalNotificationMails": ["mallory@example.org"]})
        self.graph("PATCH", methods, {"reconfirmationInDays": 90})
        self.graph("PATCH", f"{methods}/authenticationMethodConfigurations/Fido2", {"state": "disabled"})
        self.graph("PATCH", single, {"allowedCloudEndpoints": ["microsoftonline.us"]})
        self.graph("PATCH", f"{single}/default", {"inboundTrust": {"isMfaAccepted": True}})
        partner = self.some("crossTenantAccessPolicyConfigurationPartner")["tenantId"]
        self.graph("PATCH", f"{single}/partners/{partner}", {"inboundTrust": {"isMfaAccepted": False}})
        self.graph("PATCH", "/policies/adminConsentRequestPolicy", {"isEnabled": False})
        self.graph("PATCH", "/policies/identitySecurityDefaultsEnforcementPolicy", {"isEnabled": True})
        self.graph("DELETE", f"/groupSettings/{self.some('groupSetting')['id']}")
        guests = self.some("groupSetting", templateId=GUESTS)["id"]
        self.graph("PATCH", f"/groupSettings/{guests}", {"values": [{"name": "AllowToAddGuests", "value": "true"}]})
        self.graph("PATCH", "/directory/attributeSets/Engineering", {"description": "x"})
        self.graph("PATCH", "/directory/customSecurityAttributeDefinitions/Engineering_Project", {"description": "x"})

    def policies(self) -> None:
        """Change policies of which there are several."""
        for kind in ("claimsMapping", "tokenLifetime", "tokenIssuance", "homeRealmDiscovery", "activityBasedTimeout"):
            policy = self.some(f"{kind}Policy")
            self.graph("PATCH", f"/policies/{kind}Policies/{policy['id']}", {"displayName": "x"})
        self.graph("PATCH", "/policies/permissionGrantPolicies/contoso-partners", {"description": "x"})
        strength = f"/policies/authenticationStrengthPolicies/{self.some(STRENGTH, policyType='custom')['id']}"
        self.graph("PATCH", strength, {"displayName": "Anything goes"})
        self.graph("POST", f"{strength}/updateAllowedCombinations", {"allowedCombinations": ["password,sms"]})
        contexts = "/identity/conditionalAccess/authenticationContextClassReferences"
        self.graph("PATCH", f"{contexts}/c2", {"isAvailable": False})
        self.graph("DELETE", f"{contexts}/c3")
        policy = self.some("conditionalAccessPolicy", state="enabled")
        self.graph("PATCH", f"/identity/conditionalAccess/policies/{policy['id']}", {"state": "disabled"})
        location = self.some("namedLocation")
        self.graph("PATCH", f"/identity/conditionalAccess/namedLocations/{location['id']}", {"displayName": "x"})

    def roles(self) -> None:
        """Take roles away, and weaken what a role may and how it is activated."""
        root = "/roleManagement/directory"
        role = self.some("unifiedRoleDefinition", isBuiltIn=False)
        self.graph("PATCH", f"{root}/roleDefinitions/{role['id']}", {"description": "x"})
        self.graph("DELETE", f"{root}/roleAssignments/{self.some('unifiedRoleAssignment')['id']}")
        held = self.some("unifiedRoleEligibilitySchedule")
        wanted = {name: held[name] for name in ("principalId", "roleDefinitionId", "directoryScopeId")}
        self.graph("POST", f"{root}/roleEligibilityScheduleRequests", {"action": "adminRemove", **wanted})
        policy = self.some("unifiedRoleManagementPolicy")
        rule = next(one for one in policy["rules"] if "maximumDuration" in one)
        path = f"/policies/roleManagementPolicies/{policy['id']}/rules/{rule['id']}"
        self.graph("PATCH", path, {"@odata.type": rule["@odata.type"], "id": rule["id"], "maximumDuration": "P1D"})
        unit = self.some("administrativeUnit")
        self.graph("PATCH", f"/directory/administrativeUnits/{unit['id']}", {"description": "x"})
        member = next(iter(self.directory.links.targets(unit["id"], "members")))
        self.graph("DELETE", f"/directory/administrativeUnits/{unit['id']}/members/{member}/$ref")

    def applications(self) -> None:
        """Change what applications expose and trust, who owns them, and what they and others were granted."""
        own = [one for one in self.directory.stores["application"].live.values() if one.get("appRoles")]
        app, gone = own[0], own[1]
        roles = [{**role, "isEnabled": False} for role in app["appRoles"]]
        self.graph("PATCH", f"/applications/{app['id']}", {"appRoles": roles})
        changed = [{**role, "displayName": "Everything"} for role in roles]
        web = {"redirectUris": ["https://mallory.example.org"]}
        self.graph("PATCH", f"/applications/{app['id']}", {"appRoles": changed, "web": web, "notes": "x"})
        for owner in list(self.directory.links.targets(app["id"], "owners")):
            self.graph("DELETE", f"/applications/{app['id']}/owners/{owner}/$ref")
        credential = self.some("federatedIdentityCredential")
        at = f"/applications/{credential['applicationId']}/federatedIdentityCredentials/{credential['id']}"
        self.graph("DELETE", at)
        other = self.some("federatedIdentityCredential")
        at = f"/applications/{other['applicationId']}/federatedIdentityCredentials/{other['id']}"
        self.graph("PATCH", at, {"subject": "repo:mallory/any"})
        principal = self.some("servicePrincipal", servicePrincipalType="Application")
        self.graph("PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": False, "tags": ["x"]})
        whole, narrowed = list(self.directory.stores["oAuth2PermissionGrant"].live.values())[:2]
        self.graph("DELETE", f"/oauth2PermissionGrants/{whole['id']}")
        self.graph("PATCH", f"/oauth2PermissionGrants/{narrowed['id']}", {"scope": "Directory.ReadWrite.All"})
        assigned = self.some("appRoleAssignment")
        self.graph("DELETE", f"/servicePrincipals/{assigned['resourceId']}/appRoleAssignedTo/{assigned['id']}")
        self.graph("DELETE", f"/applications/{gone['id']}")

    def people(self) -> None:
        """Change a user, a group, a manager, a sponsor, licences of both."""
        managed = [one for one in self.cloud("user") if self.linked(one["id"], "manager")]
        managers = [one["id"] for one in self.cloud("user")][-2:]
        self.graph("PATCH", f"/users/{managed[0]['id']}", {"jobTitle": "Chef"})
        self.graph("PUT", f"/users/{managed[0]['id']}/manager/$ref", {"@odata.id": MEMBER + managers[0]})
        self.graph("DELETE", f"/users/{managed[1]['id']}/manager/$ref")
        unmanaged = next(one for one in self.cloud("user") if not self.linked(one["id"], "manager"))
        self.graph("PUT", f"/users/{unmanaged['id']}/manager/$ref", {"@odata.id": MEMBER + managers[1]})
        sponsored = next(one["id"] for one in self.cloud("user") if self.linked(one["id"], "sponsors"))
        sponsor = self.linked(sponsored, "sponsors")[0]
        self.graph("DELETE", f"/users/{sponsored}/sponsors/{sponsor}/$ref")
        licensed = next(one for one in self.cloud("user") if one.get("assignedLicenses"))
        held = [one["skuId"] for one in licensed["assignedLicenses"]]
        body = {"addLicenses": [], "removeLicenses": held}
        self.graph("POST", f"/users/{licensed['id']}/assignLicense", body)
        group = next(one for one in self.cloud("group") if not one.get("isAssignableToRole"))
        self.graph("PATCH", f"/groups/{group['id']}", {"description": "x"})
        licensed = next(one for one in self.cloud("group") if one.get("assignedLicenses"))
        body = {"addLicenses": [], "removeLicenses": [one["skuId"] for one in licensed["assignedLicenses"]]}
        self.graph("POST", f"/groups/{licensed['id']}/assignLicense", body)

    def cloud(self, kind: str) -> list[Json]:
        """Return the live objects of a type that Active Directory does not master."""
        live: Mapping[str, Json] = self.directory.stores[kind].live
        return [one for one in live.values() if not one.get("onPremisesSyncEnabled")]

    def linked(self, object_id: str, relation: str) -> list[str]:
        """Return where an object's links lead."""
        return list(self.directory.links.targets(object_id, relation))


GUESTS = "08d542b9-071f-4e16-94b0-74abb372e3d9"  # the template Group.Unified.Guest ("groupSettingTemplate")
MAGIC = b"\x28\xb5\x2f\xfd"  # what a zstd frame begins with
STRENGTH = "authenticationStrengthPolicy"


@cache
def told() -> Told:
    """Return the story, told once however many tests ask."""
    return virtual_time.run(_tell())


async def _tell() -> Told:
    clock = virtual_time.VirtualClock()
    simulator = Simulator(
        clock=clock.unix_seconds,
        seed=11,
        objects=220,
        tenant_id=TENANT,
        is_mixed=True,
        validate=SLICE if HAS_SLICE else None,
    )
    platform = Platform(simulator, seed=11, workers=3)
    operator = platform.operator
    plant(simulator)
    captured = await platform.finish(await operator.scheduling.capture(TENANT, clock.now()))
    wire = wire_snapshot_id(captured.snapshot_id)
    Vandal(simulator).break_everything()
    report = await platform.finish(await operator.starting.report(TENANT, wire, EVERYTHING, requested_by="operator"))
    damage, _more = await operator.asking.differences(TENANT, report.job_id, skip=0, top=999)
    recovery = await platform.finish(
        await operator.starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
    )
    last = await platform.finish(await operator.starting.report(TENANT, wire, EVERYTHING, requested_by="operator"))
    after, _more = await operator.asking.differences(TENANT, last.job_id, skip=0, top=999)
    return Told(
        captured=captured,
        recovery=recovery,
        damage=damage,
        after=after,
        outcomes=await operator.asking.outcomes(TENANT, recovery.job_id),
        stored=await everything_stored(platform),
        complaints=complaints(simulator) if HAS_SLICE else [],
    )


def plant(simulator: Simulator) -> None:
    """Give a group a licence, guests a setting, and applications somebody to trust and credentials whose values Graph
    would answer with.

    Groups have licences only here: those of users are made with the tenant.
    """
    guests = {"templateId": GUESTS, "values": [{"name": "AllowToAddGuests", "value": "false"}]}
    simulator.act(CARELESS_SCRIPT, "POST", "/groupSettings", guests)
    password = {"keyId": an_id("password"), "displayName": "shown", "secretText": PLANTED, "hint": PLANTED[:3]}
    key = {"keyId": an_id("key"), "displayName": "shown", "key": PLANTED, "type": "AsymmetricX509Cert"}
    trust = {"name": "ci", "issuer": "https://ci.example.org", "subject": "main", "audiences": ["api://exchange"]}
    for app_id in list(simulator.tenant.directory.stores["application"].live):
        simulator.act(CARELESS_SCRIPT, "POST", f"/applications/{app_id}/federatedIdentityCredentials", trust)
    for kind in ("application", "servicePrincipal"):
        for thing in simulator.tenant.directory.stores[kind].live.values():
            thing["passwordCredentials"], thing["keyCredentials"] = [password], [key]
    people = Vandal(simulator)
    held = next(one["assignedLicenses"] for one in people.cloud("user") if one.get("assignedLicenses"))
    body = {"addLicenses": [{"skuId": held[0]["skuId"], "disabledPlans": []}], "removeLicenses": []}
    people.graph("POST", f"/groups/{people.cloud('group')[0]['id']}/assignLicense", body)


async def everything_stored(platform: Platform) -> bytes:
    """Return the bytes of every blob, with what is packed in them unpacked."""
    found = bytearray()
    for blobs in (platform.vault, platform.work):
        for name in await blobs.names(""):
            content = await blobs.read(name)
            found += content
            for frame in content.split(MAGIC)[1:]:
                found += zstd.ZstdDecompressor().decompress(MAGIC + frame)
    return bytes(found)


def test_damage_to_every_type_is_found() -> None:
    assert {entry.name for entry in TYPES} == {row.type for row in told().damage}


def test_one_recovery_brings_all_of_it_back() -> None:
    story = told()
    assert (story.captured.state, story.recovery.state) == (State.SUCCESSFUL, State.SUCCESSFUL)
    assert [one for one in story.outcomes if one.result is not Result.APPLIED] == []
    assert story.after == []


def test_what_graph_can_update_was_updated() -> None:
    updated = {one.type for one in told().outcomes if one.action is Action.UPDATE}
    assert updated == {entry.name for entry in TYPES if any(one.rule is Rule.WRITABLE for one in entry.properties)}


def test_licences_of_users_and_groups_are_brought_back() -> None:
    set_back = [row.type for row in told().damage if "assignedLicenses" in row.target]
    assert sorted(set_back) == ["group", "user"]


def test_what_was_deleted_for_good_and_is_known_by_its_content_is_made_again() -> None:
    made = {one.type for one in told().outcomes if one.action is Action.RECREATE}
    assert made == {entry.name for entry in TYPES if entry.is_remade} - {"crossTenantAccessPolicyConfigurationPartner"}


def test_a_manager_who_was_replaced_is_set_back_in_one_request() -> None:
    links = [one for one in told().outcomes if one.reference == "manager"]
    assert Counter(one.action for one in links) == {Action.LINK: 2, Action.UNLINK: 1}


def test_no_secret_is_in_any_stored_byte() -> None:
    story = told()
    assert b'"displayName":"shown"' in story.stored, "what tells that a credential exists is kept"
    assert PLANTED.encode() not in story.stored
    assert b'"secretText"' not in story.stored
    assert b'"hint"' not in story.stored


def test_microsofts_description_allows_every_exchange() -> None:
    assert told().complaints == []


def test_a_partner_in_the_recycle_bin_is_not_said_to_be_right_because_graph_will_not_make_it() -> None:
    async def story() -> list[Outcome]:
        clock = virtual_time.VirtualClock()
        platform = Platform(Simulator(clock=clock.unix_seconds, seed=2, objects=30, tenant_id=TENANT), seed=2)
        operator = platform.operator
        captured = await platform.finish(await operator.scheduling.capture(TENANT, clock.now()))
        vandal = Vandal(platform.simulator)
        partner = vandal.some("crossTenantAccessPolicyConfigurationPartner")["tenantId"]
        vandal.graph("DELETE", f"/policies/crossTenantAccessPolicy/partners/{partner}")
        wire = wire_snapshot_id(captured.snapshot_id)
        started = await operator.starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
        return await operator.asking.outcomes(TENANT, (await platform.finish(started)).job_id)

    (outcome,) = virtual_time.run(story())
    assert (outcome.action, outcome.result) == (Action.RECREATE, Result.FAILED)
    assert "already exists" in outcome.message
