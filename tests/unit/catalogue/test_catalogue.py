"""Every entry of the catalogue is whole, and no two can be taken for each other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import PARENT
from shared.catalogue.listing import PAGE_MAX, Shape
from shared.catalogue.members import Rule
from shared.catalogue.table import table
from shared.catalogue.types import (
    BY_CODE,
    BY_NAME,
    BY_WIRE_NAME,
    LISTINGS,
    TYPES,
    reference_of_code,
    spoken_of,
    type_named,
)
from shared.catalogue.waves import Wave
from shared.domain.changes import Action
from shared.domain.errors import InputError
from shared.recover.plan import ENABLE

# In the order they were given; a new type takes the next number, and none is ever given again.
GIVEN = {
    name: code
    for code, name in enumerate(
        (
            "user group conditionalAccessPolicy namedLocation application servicePrincipal oAuth2PermissionGrant "
            "appRoleAssignment authorizationPolicy organization authenticationMethodsPolicy "
            "authenticationMethodConfiguration administrativeUnit unifiedRoleDefinition unifiedRoleAssignment "
            "unifiedRoleEligibilitySchedule unifiedRoleManagementPolicy authenticationStrengthPolicy "
            "authenticationContextClassReference crossTenantAccessPolicy crossTenantAccessPolicyConfigurationDefault "
            "crossTenantAccessPolicyConfigurationPartner federatedIdentityCredential claimsMappingPolicy "
            "tokenLifetimePolicy tokenIssuancePolicy homeRealmDiscoveryPolicy groupSetting attributeSet "
            "customSecurityAttributeDefinition identitySecurityDefaultsEnforcementPolicy permissionGrantPolicy "
            "adminConsentRequestPolicy activityBasedTimeoutPolicy"
        ).split(),
        start=1,
    )
}
ROOT = Path(__file__).parents[3]
each_type = pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)


def test_names_wire_names_and_codes_are_unique() -> None:
    assert len(BY_NAME) == len(BY_WIRE_NAME) == len(BY_CODE) == len(TYPES)


def test_codes_never_change_because_stored_rows_carry_them() -> None:
    codes = {entry.name: entry.code for entry in TYPES}
    references = {f"{entry.name}.{known.name}": known.code for entry in TYPES for known in entry.references}
    assert codes == GIVEN
    assert {"group.members": 1, "group.owners": 2}.items() <= references.items()
    assert len(set(references.values())) == len(references)


def test_codes_fit_the_byte_that_rows_have_for_them() -> None:
    codes = [entry.code for entry in TYPES] + [known.code for entry in TYPES for known in entry.references]
    assert all(0 < code < 256 for code in codes)


def test_a_reference_is_found_by_the_code_in_its_link_rows() -> None:
    for entry in TYPES:
        for reference in entry.references:
            assert reference_of_code(reference.code) == (entry, reference.name)
            assert entry.reference(reference.name) == reference
    assert reference_of_code(255) is None


def test_an_unknown_type_is_refused_with_the_names_there_are() -> None:
    assert type_named("user").name == "user"
    with pytest.raises(InputError, match=r"'users' is no captured type; use one of activityBased.*, group, .*, user"):
        type_named("users")


@each_type
def test_a_type_may_be_called_by_either_of_its_names_in_any_case(entry: ObjectType) -> None:
    for name in (entry.name, entry.wire_name, entry.name.upper()):
        assert spoken_of(name, member="type") is entry


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("users", "is user meant?"),
        ("namedLocations", "is namedLocation"),
        ("device", "use one of activityBased.*, user"),
    ],
)
def test_a_type_that_does_not_exist_is_answered_with_what_may_be_meant(name: str, fix: str) -> None:
    with pytest.raises(InputError, match=rf"types\[0\]: '{name}' is no object type; {fix}"):
        spoken_of(name, member="types[0]")


@each_type
def test_property_names_are_unique_and_the_id_is_the_identity(entry: ObjectType) -> None:
    assert [name for name, times in Counter(entry.select).items() if times > 1] == []
    names = [known.name for known in entry.properties if known.rule is Rule.IDENTITY]
    assert names == ([] if entry.identity or entry.is_remade or entry.shape is Shape.SINGLE else [entry.key])
    assert entry.property("notThere") is None


@each_type
def test_what_is_made_again_says_everything_that_it_is_known_by(entry: ObjectType) -> None:
    if entry.is_remade:
        said = {known.name for known in entry.properties if known.rule in {Rule.CREATE_ONLY, Rule.WRITABLE}}
        assert set(entry.identity or (entry.key,)) - {PARENT} <= said
        assert set(entry.ends) - {PARENT} <= said
        assert not entry.has_bin
    assert (entry.is_remade or entry.creation is not None) == (Action.RECREATE in entry.waves)
    assert not (entry.is_remade and entry.creation is not None)


@each_type
def test_what_is_created_anew_is_found_again_by_properties_that_it_has(entry: ObjectType) -> None:
    if entry.creation is not None:
        names = {*entry.creation.named_by, *entry.creation.takes, *entry.creation.leaves, *entry.creation.lost}
        assert names | {*entry.creation.upsert_by} <= {known.name for known in entry.properties}
        assert entry.creation.named_by
        assert entry.waves[Action.RECREATE] < entry.waves.get(ENABLE, Wave.SOFT_DELETE)


def test_waves_that_older_versions_laid_out_keep_their_places() -> None:
    places = {wave.name: wave.place for wave in Wave}
    assert places == {
        "RESTORE": 1,
        "RECREATE": 1,
        "UPDATE": 2,
        "RELINK": 3,
        "LINKS": 4,
        "LOCATIONS": 5,
        "POLICY_RESTORE": 6,
        "POLICY_UPDATE": 7,
        "POLICY_ENABLE": 8,
        "POLICY_DELETE": 9,
        "SOFT_DELETE": 9,
        "APPLICATION_DELETE": 9,
    }


@each_type
def test_every_property_that_is_not_compared_is_one_that_nobody_writes(entry: ObjectType) -> None:
    assert not [known.name for known in entry.properties if not known.is_compared and known.rule is Rule.WRITABLE]


@each_type
def test_every_listing_is_known_by_a_name_of_its_own(entry: ObjectType) -> None:
    for listing in entry.listings():
        assert LISTINGS[listing.name] == listing
        assert listing.type == entry.name
    assert len(LISTINGS) == sum(len(known.listings()) for known in TYPES)


@each_type
def test_a_full_capture_reads_live_and_deleted_objects_and_every_reference(entry: ObjectType) -> None:
    kinds = Counter(listing.kind for listing in entry.listings())
    derived = [kind for kind in entry.kinds if entry.select_of(kind)]
    names = [known.name for known in entry.references for _place in known.of_kinds or [entry.path]]
    wanted = {"objects": 1 + len(derived), "deleted": int(entry.has_bin), "links": len(names)}
    assert kinds == Counter(wanted) - Counter()
    lists = 1 + entry.has_bin
    assert [listing.kind for listing in entry.listings()][:lists] == ["objects", "deleted"][:lists]
    assert [listing.path for listing in entry.listings()[lists:]][: len(derived)] == [*map(entry.cast_path, derived)]
    assert [listing.expand for listing in entry.listings()[lists + len(derived) :]] == names


@each_type
def test_a_listing_selects_every_property_by_name_or_leaves_select_out(entry: ObjectType) -> None:
    for listing in entry.listings()[: 1 + entry.has_bin]:
        assert listing.select == (entry.select if entry.sends_select else ())
        assert "*" not in listing.select
        assert listing.top == (PAGE_MAX if entry.is_paged else None)


@each_type
def test_without_its_derived_types_an_entry_reads_no_collection_of_theirs_and_all_the_rest(entry: ObjectType) -> None:
    left = entry.without(entry.own_kinds)
    assert left.listings() == tuple(one for one in entry.listings() if not one.is_of_kind)
    assert not left.own_kinds
    assert entry.without({"another"}) is entry
    for kind in entry.own_kinds:
        others = [one for one in entry.listings() if not one.path.endswith(f"microsoft.graph.{kind}")]
        assert list(entry.without({kind}).listings()) == others


@each_type
def test_live_and_deleted_objects_are_read_from_different_collections(entry: ObjectType) -> None:
    assert entry.path.startswith("/")
    assert entry.deleted_path != entry.path
    if entry.has_bin:
        assert "deletedItems" in entry.deleted_path
        assert entry.deleted_list_path.startswith(entry.deleted_path)
    else:
        assert entry.deleted_list_path == ""
    assert not entry.has_delta or entry.has_bin


@each_type
def test_every_action_of_a_recovery_has_a_wave_and_soft_deletes_come_last(entry: ObjectType) -> None:
    bin_actions = {Action.RESTORE, Action.SOFT_DELETE} if entry.has_bin else set[Action]()
    is_made = entry.is_remade or entry.creation is not None
    removed = {Action.REMOVE} if entry.is_removable else set[Action]()
    assert set(entry.waves) - {ENABLE} == {Action.UPDATE, *bin_actions, *removed, *([Action.RECREATE] * is_made)}
    ends = {"conditionalAccessPolicy": Wave.POLICY_DELETE, "application": Wave.APPLICATION_DELETE}
    last = ends.get(entry.name, Wave.SOFT_DELETE)
    assert entry.waves.get(Action.SOFT_DELETE, last) == last, "policies before what they name, applications last"
    assert entry.waves.get(Action.REMOVE, last) == last
    assert not entry.is_removable or (entry.is_remade and entry.identity and entry.ends), "undo has to make it again"


@each_type
def test_reading_and_writing_name_their_permissions(entry: ObjectType) -> None:
    for names in (entry.read_permissions, entry.write_permissions):
        assert names
        assert all(name.count(".") >= 1 and " " not in name for name in names)
    assert not any("ReadWrite" in name for name in entry.read_permissions)


def test_the_page_about_object_types_carries_the_tables_of_the_catalogue() -> None:
    assert table() in (ROOT / "docs" / "object-types.md").read_text()
