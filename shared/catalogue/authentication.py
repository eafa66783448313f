"""How people may sign in: the authentication methods policy, each method, strengths and contexts.

Property names: "authenticationMethodsPolicy", "authenticationMethodConfiguration" (and its kinds),
"authenticationStrengthPolicy" and "authenticationContextClassReference" resource types. `@odata.type` says which method
a configuration is of. Who registered which method is not here: Entra tells nobody the secrets of it.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Shape
from shared.catalogue.members import Call, Property, Rule
from shared.catalogue.waves import Wave

METHOD_PROPERTIES = (
    "state excludeTargets includeTargets allowExternalIdToUseEmailOtp isAttestationEnforced "
    "isSelfServiceRegistrationAllowed keyRestrictions featureSettings isSoftwareOathEnabled defaultLength "
    "defaultLifetimeInMinutes isUsableOnce maximumLifetimeInMinutes minimumLifetimeInMinutes isOfficePhoneAllowed "
    "authenticationModeConfiguration certificateUserBindings certificateAuthorityScopes crlValidationConfiguration "
    "issuerHintsConfiguration defaultPasskeyProfile pinLength standardQRCodeLifetimeInDays openIdConnectSetting appId "
    "displayName"
).split()
METHODS_PATH = "/policies/authenticationMethodsPolicy"
READ, WRITE = ("Policy.Read.All",), ("Policy.ReadWrite.AuthenticationMethod",)

AUTHENTICATION_METHODS_POLICY = ObjectType(
    name="authenticationMethodsPolicy",
    code=11,
    wire_name="authenticationMethodsPolicy",
    odata_type="#microsoft.graph.authenticationMethodsPolicy",
    path=METHODS_PATH,
    shape=Shape.SINGLE,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        Property("policyMigrationState"),
        Property("registrationEnforcement", is_set=True),
        Property("reconfirmationInDays"),
        *(Property(name, Rule.COMPUTED) for name in ("displayName", "description")),
        *(Property(name, Rule.COMPUTED, is_compared=False) for name in ("lastModifiedDateTime", "policyVersion")),
        # The methods are objects of their own, below; here they are a copy.
        Property("authenticationMethodConfigurations", Rule.COMPUTED, is_compared=False),
    ),
    is_paged=False,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    names={"registrationEnforcement": ("user", "group")},
    read_permissions=READ,
    write_permissions=WRITE,
)
AUTHENTICATION_METHOD = ObjectType(
    name="authenticationMethodConfiguration",
    code=12,
    wire_name="authenticationMethodPolicy",
    odata_type="#microsoft.graph.authenticationMethodConfiguration",
    path=f"{METHODS_PATH}/authenticationMethodConfigurations",
    properties=(
        Property("id", Rule.IDENTITY),
        *(Property(name, is_set=True) for name in METHOD_PROPERTIES),
    ),
    names=dict.fromkeys(("excludeTargets", "featureSettings", "includeTargets"), ("user", "group")),
    native=("*",),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=READ,
    write_permissions=WRITE,
)
AUTHENTICATION_STRENGTH = ObjectType(
    name="authenticationStrengthPolicy",
    code=18,
    wire_name="authenticationStrengthPolicy",
    odata_type="#microsoft.graph.authenticationStrengthPolicy",
    path="/policies/authenticationStrengthPolicies",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        Property("description"),
        Property("allowedCombinations", is_set=True, may_clear=False, call=Call.COMBINATIONS),
        *(Property(name, Rule.COMPUTED) for name in ("policyType", "requirementsSatisfied")),
        *(Property(name, Rule.COMPUTED, is_compared=False) for name in ("createdDateTime", "modifiedDateTime")),
    ),
    built_in=("policyType", "builtIn"),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    creation=Creation(named_by=("displayName",), takes=("allowedCombinations",)),
    waves={"recreate": Wave.RECREATE, "update": Wave.LOCATIONS},
    read_permissions=READ,
    write_permissions=("Policy.ReadWrite.ConditionalAccess",),
)
AUTHENTICATION_CONTEXT = ObjectType(
    name="authenticationContextClassReference",
    code=19,
    wire_name="authenticationContextClassReference",
    odata_type="#microsoft.graph.authenticationContextClassReference",
    path="/identity/conditionalAccess/authenticationContextClassReferences",
    properties=(
        Property("id", Rule.CREATE_ONLY, is_compared=False),
        Property("displayName", may_clear=False),
        Property("description"),
        Property("isAvailable", may_clear=False),
    ),
    is_remade=True,
    is_paged=False,
    is_listed=True,
    sends_select=False,
    waves={"recreate": Wave.LOCATIONS, "update": Wave.LOCATIONS},
    read_permissions=("AuthenticationContext.Read.All",),
    write_permissions=("AuthenticationContext.ReadWrite.All",),
)
