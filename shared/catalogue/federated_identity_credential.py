"""Federated identity credentials: whose tokens an application accepts instead of a secret.

Property names: "federatedIdentityCredential resource type". Within its application the name is what it is known by;
Graph does not say in the body which application that is, so the gateway does.
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import PARENT
from shared.catalogue.listing import Shape
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave

FEDERATED_IDENTITY_CREDENTIAL = ObjectType(
    name="federatedIdentityCredential",
    code=23,
    wire_name="federatedIdentityCredential",
    odata_type="#microsoft.graph.federatedIdentityCredential",
    path="/applications/{parent}/federatedIdentityCredentials",
    parents="/applications",
    shape=Shape.CHILDREN,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        Property("name", Rule.CREATE_ONLY),
        Property("issuer", may_clear=False),
        Property("subject", may_clear=False),
        Property("audiences", is_set=True, may_clear=False),
        Property("description"),
    ),
    identity=(PARENT, "name"),
    ends=(PARENT,),
    names={PARENT: ("application",), "subject": ("servicePrincipal",)},
    is_remade=True,
    waves={"recreate": Wave.LOCATIONS, "update": Wave.LOCATIONS},
    read_permissions=("Application.Read.All",),
    write_permissions=("Application.ReadWrite.All",),
)
