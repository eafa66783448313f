"""The id map: which objects recoveries have created anew, and under which ids they are there now."""

from __future__ import annotations

import azure.functions as func

from functions import replies
from functions.asked import Asked
from functions.wire.names import Json, type_member
from shared.catalogue.types import type_named
from shared.domain.renewals import Renewal
from shared.domain.times import format_time
from shared.wiring import Product

CONTEXT = "Collection(tidemark.renewal)"


async def id_map(product: Product, asked: Asked) -> func.HttpResponse:
    """Return the renewals, oldest first."""
    chosen, is_more = asked.options.page(await product.pairing.renewals(product.tenant))
    bodies = (renewal_body(one, shows_all=asked.shows_all) for one in chosen)
    return replies.collection(asked, CONTEXT, bodies, is_more=is_more)


def renewal_body(one: Renewal, *, shows_all: bool) -> Json:
    """Return one object that was created anew."""
    return {
        "entityTypeName": type_member(type_named(one.type).wire_name, shows_all=shows_all),
        "displayName": one.display_name,
        "oldId": one.old_id,
        "newId": one.new_id,
        "oldAppId": one.old_app_id or None,
        "newAppId": one.new_app_id or None,
        "createdDateTime": format_time(one.at),
        "jobId": one.job_id,
    }
