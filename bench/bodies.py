"""What the objects of a made-up tenant look like: every selected property, null where an organisation has nothing.

Pure. Texts with %-slots, filled once per object; about 2 KB each ("Snapshot format, difference, plan").
"""

from __future__ import annotations

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.domain.changes import Json

NOTICE = "Owned by the service desk; ask there before you change it. "
OF_EVERY_OBJECT: Json = {
    "id": "%(id)s",
    "displayName": "%(title)s %(alias)s",
    "mail": "%(alias)s@contoso.com",
    "mailNickname": "%(alias)s",
    "securityIdentifier": "S-1-12-1-%(sid)s",
    "createdDateTime": "%(day)s",
    "preferredLanguage": "en-GB",
    "proxyAddresses": ["SMTP:%(alias)s@contoso.com", "smtp:%(alias)s@contoso.onmicrosoft.com"],
}
OF_GROUPS: Json = {
    "description": "%(title)s of %(city)s. " + NOTICE * 17 + "%(immutable)s",
    "groupTypes": ["Unified"],
    "mailEnabled": True,
    "securityEnabled": True,
    "visibility": "Private",
    "renewedDateTime": "%(day)s",
}
OF_USERS: Json = {
    "accountEnabled": True,
    "userPrincipalName": "%(alias)s@contoso.com",
    "jobTitle": "%(title)s",
    "city": "%(city)s",
    "department": "%(title)s office",
    "companyName": "Contoso",
    "officeLocation": "%(city)s, building 4",
    "streetAddress": "4 Harbour Road, business park north, gate 2",
    "userType": "Member",
    "businessPhones": ["+31 20 %(phone)07d"],
    "mobilePhone": "+31 6 %(mobile)07d",
    "country": "Netherlands",
    "usageLocation": "NL",
    "postalCode": "1011 AB",
    "employeeType": "Employee",
    "employeeId": "C%(number)07d",
    "passwordPolicies": "DisablePasswordExpiration",
    "givenName": "%(title)s",
    "surname": "%(alias)s",
    "onPremisesDistinguishedName": "CN=%(alias)s,OU=Accounts,OU=%(city)s,DC=corp,DC=contoso,DC=com",
    "onPremisesImmutableId": "%(immutable)s==",
    "onPremisesSecurityIdentifier": "S-1-5-21-1004336348-1177238915-682003330-%(number)d",
    "onPremisesDomainName": "corp.contoso.com",
    "onPremisesSamAccountName": "%(alias)s",
    "onPremisesUserPrincipalName": "%(alias)s@corp.contoso.com",
    "otherMails": ["%(alias)s@example.org", "%(alias)s.private@example.org"],
    "employeeHireDate": "%(day)s",
    "employeeOrgData": {"costCenter": "%(city)s 7", "division": "%(title)s"},
    # Not in the catalogue: what Graph sends beyond it is kept, so it has its weight too.
    "identities": [
        {
            "signInType": "userPrincipalName",
            "issuer": "contoso.onmicrosoft.com",
            "issuerAssignedId": "%(alias)s@contoso.com",
        },
        {"signInType": "federated", "issuer": "sts.contoso.com", "issuerAssignedId": "%(immutable)s"},
    ],
}


def _text(entry: ObjectType, given: Json) -> str:
    return msgspec.json.encode({**dict.fromkeys(entry.select), **OF_EVERY_OBJECT, **given}).decode()


USER_BODY = _text(USER, OF_USERS)
GROUP_BODY = _text(GROUP, OF_GROUPS)
