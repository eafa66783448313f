"""What Graph publishes about captured types, and beside them, that is not captured, each with the reason.

Pure values. Properties and navigations are those of the published description of Graph v1.0, its base types and derived
types included; a test compares both ways, so nothing is left out in silence. docs/object-types.md prints the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TYPE = "a type of its own here"
FAR_END = "the far end of links that are captured from their other end"
COMPUTED = "Graph computes it, and nobody can write it"
STAMP = "it changes though nobody changes the object, so every state would differ"
OTHER_SERVICE = "content and settings of another service (mail, files, devices, chats), which Entra does not keep"
PROFILE = "another service keeps it; Graph gives it for one user at a time, never in a list"
MAILBOX = "the mailbox has it; Graph gives it for one group at a time, never in a list"
PER_OBJECT = "a request for every object, each time; not captured yet"
ASSIGNED = "which object uses which policy: a request for every object, each time; name it again after a re-creation"
HIDDEN = "a secret or what leads to one; nobody can read it back"
DETAIL = "read with its type only where Graph sends it along: then kept, compared and shown, never written"
EXTENSION = "open and schema extensions: not told by delta, and read by their own names only; not captured yet"
RIGHT_APART = "needs a permission of its own, without which Graph refuses the whole list; not captured yet"
NOT_YET = "not captured yet"
VIEW = "another view of what is captured"
MICROSOFTS = "Microsoft's own lists and templates, the same in every tenant"
ACTIVITY = "what happened or is to happen once, not a state to go back to"
BACKUP = "the native backup's own records; Tidemark watches them"
PURCHASED = "follows from purchases, not from settings"
OUTSIDE = (
    "what it sets up lies outside Entra (DNS, on-premises servers, other identity providers), where it cannot be undone"
)

LEFT_OUT: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "user": {
            PROFILE: (
                "aboutMe birthday hireDate interests mySite pastProjects preferredName responsibilities schools skills"
            ),
            OTHER_SERVICE: (
                "activities adhocCalls calendar calendarGroups calendarView calendars chats cloudClipboard cloudPCs "
                "contactFolders contacts dataSecurityAndGovernance deviceEnrollmentLimit "
                "deviceManagementTroubleshootingEvents drive drives employeeExperience events followedSites "
                "inferenceClassification insights joinedTeams mailFolders mailboxSettings managedAppRegistrations "
                "managedDevices messages onenote onlineMeetings outlook people planner presence print "
                "registeredDevices ownedDevices settings solutions teamwork todo"
            ),
            COMPUTED: (
                "assignedPlans imAddresses isManagementRestricted isResourceAccount legalAgeGroupClassification "
                "licenseAssignmentStates licenseDetails onPremisesProvisioningErrors provisionedPlans "
                "serviceProvisioningErrors"
            ),
            STAMP: (
                "externalUserStateChangeDateTime lastPasswordChangeDateTime onPremisesLastSyncDateTime signInActivity "
                "signInSessionsValidFromDateTime"
            ),
            FAR_END: "createdObjects directReports memberOf ownedObjects sponsorOf transitiveMemberOf",
            TYPE: "appRoleAssignments oauth2PermissionGrants scopedRoleMemberOf",
            HIDDEN: "authentication passwordProfile",
            RIGHT_APART: "customSecurityAttributes",
            PER_OBJECT: "agreementAcceptances onPremisesSyncBehavior permissionGrants photo photos",
            EXTENSION: "extensions",
            NOT_YET: "authorizationInfo",
        },
        "group": {
            MAILBOX: (
                "accessType allowExternalSenders autoSubscribeNewMembers hideFromAddressLists hideFromOutlookClients "
                "isArchived isFavorite isSubscribedByMail unseenConversationsCount unseenCount unseenMessagesCount "
                "welcomeMessageEnabled"
            ),
            OTHER_SERVICE: (
                "acceptedSenders calendar calendarView conversations drive drives events infoCatalogs onenote planner "
                "rejectedSenders sites team threads"
            ),
            COMPUTED: (
                "hasMembersWithLicenseErrors isManagementRestricted licenseProcessingState membersWithLicenseErrors "
                "onPremisesExtensionAttributes onPremisesProvisioningErrors organizationId resourceBehaviorOptions "
                "resourceProvisioningOptions serviceProvisioningErrors createdOnBehalfOf"
            ),
            STAMP: "onPremisesLastSyncDateTime",
            FAR_END: "memberOf transitiveMemberOf transitiveMembers",
            TYPE: "appRoleAssignments",
            PER_OBJECT: "groupLifecyclePolicies onPremisesSyncBehavior permissionGrants photo photos settings",
            EXTENSION: "extensions",
            NOT_YET: "assignedLabels",
        },
        "application": {
            TYPE: "federatedIdentityCredentials",
            ASSIGNED: "appManagementPolicies homeRealmDiscoveryPolicies tokenIssuancePolicies tokenLifetimePolicies",
            PER_OBJECT: "inheritablePermissions logo synchronization",
            EXTENSION: "extensionProperties",
            COMPUTED: "createdOnBehalfOf",
        },
        "servicePrincipal": {
            TYPE: "appRoleAssignedTo appRoleAssignments federatedIdentityCredentials oauth2PermissionGrants",
            ASSIGNED: (
                "appManagementPolicies claimsMappingPolicies homeRealmDiscoveryPolicies tokenIssuancePolicies "
                "tokenLifetimePolicies"
            ),
            FAR_END: "createdObjects memberOf ownedObjects transitiveMemberOf",
            PER_OBJECT: "delegatedPermissionClassifications remoteDesktopSecurityConfiguration synchronization",
            RIGHT_APART: "customSecurityAttributes",
            COMPUTED: "createdDateTime endpoints",
        },
        "organization": {
            OTHER_SERVICE: "branding",
            NOT_YET: "certificateBasedAuthConfiguration",
            EXTENSION: "extensions",
        },
        "authenticationMethodConfiguration": {
            DETAIL: "passkeyProfiles",
        },
        "administrativeUnit": {
            EXTENSION: "extensions",
            TYPE: "scopedRoleMembers",
        },
        "unifiedRoleDefinition": {
            COMPUTED: "inheritsPermissionsFrom",
        },
        "unifiedRoleAssignment": {
            VIEW: "appScope directoryScope principal roleDefinition",
        },
        "unifiedRoleEligibilitySchedule": {
            VIEW: "appScope directoryScope principal roleDefinition",
        },
        "unifiedRoleManagementPolicy": {
            COMPUTED: "effectiveRules",
        },
        "authenticationStrengthPolicy": {
            DETAIL: "combinationConfigurations",
        },
        "crossTenantAccessPolicy": {
            TYPE: "default partners",
            MICROSOFTS: "templates",
        },
        "crossTenantAccessPolicyConfigurationPartner": {
            DETAIL: "identitySynchronization serviceProviderConstraints",
        },
        "claimsMappingPolicy": {
            ASSIGNED: "appliesTo",
        },
        "tokenLifetimePolicy": {
            ASSIGNED: "appliesTo",
        },
        "tokenIssuancePolicy": {
            ASSIGNED: "appliesTo",
        },
        "homeRealmDiscoveryPolicy": {
            ASSIGNED: "appliesTo",
        },
        "activityBasedTimeoutPolicy": {
            ASSIGNED: "appliesTo",
        },
        "customSecurityAttributeDefinition": {
            DETAIL: "allowedValues",
        },
        "permissionGrantPolicy": {
            DETAIL: "excludes includes",
        },
    }
)
# Collections and single objects of the description that are no captured type.
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        VIEW: (
            "/authenticationMethodConfigurations /authenticationMethodsPolicy "
            "/authenticationMethodsPolicy/authenticationMethodConfigurations /directory /directory/deletedItems "
            "/directoryObjects /directoryRoles /identity/conditionalAccess/authenticationStrength "
            "/identity/conditionalAccess/authenticationStrength/policies /identity/conditionalAccess/deletedItems "
            "/policies /policies/conditionalAccessPolicies /roleManagement/directory "
            "/roleManagement/directory/roleAssignmentScheduleInstances "
            "/roleManagement/directory/roleEligibilityScheduleInstances /scopedRoleMemberships"
        ),
        MICROSOFTS: (
            "/applicationTemplates /directoryRoleTemplates /groupSettingTemplates "
            "/identity/conditionalAccess/authenticationStrength/authenticationMethodModes "
            "/identity/conditionalAccess/templates /policies/crossTenantAccessPolicy/templates "
            "/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization "
            "/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationPartnerConfiguration "
            "/roleManagement/directory/resourceNamespaces"
        ),
        ACTIVITY: (
            "/auditLogs/directoryAudits /roleManagement/directory/roleAssignmentScheduleRequests /subscriptions"
        ),
        BACKUP: "/directory/recovery /directory/recovery/jobs /directory/recovery/snapshots",
        PURCHASED: "/subscribedSkus",
        OUTSIDE: (
            "/contacts /devices /directory/deletedItems/microsoft.graph.device /directory/onPremisesSynchronization "
            "/domains /identity/identityProviders /identityProviders"
        ),
        NOT_YET: (
            "/groupLifecyclePolicies /permissionGrants /policies/appManagementPolicies "
            "/policies/authenticationFlowsPolicy /policies/crossTenantAccessPolicy/default/m365Capabilities "
            "/policies/defaultAppManagementPolicy /policies/deviceRegistrationPolicy /policies/featureRolloutPolicies "
            "/policies/federatedTokenValidationPolicy /policies/ownerlessGroupPolicy "
            "/policies/roleManagementPolicyAssignments /roleManagement/directory/roleAssignmentSchedules "
            "/schemaExtensions"
        ),
    }
)
# What Microsoft's own feature recovers and no address of Graph v1.0 shows.
NATIVE_ALONE: Mapping[str, str] = MappingProxyType(
    {
        "user": "authentication/requirements.perUserMfaState: in beta only, and a request for every user",
        "servicePrincipal": "publisherName: in beta only",
        "organization": "tenant-wide settings of per-user multifactor authentication (StrongAuthenticationDetails, "
        "StrongAuthenticationPolicy): no address of Graph shows them",
    }
)
