"""What may be wrong with an answer: its envelope, its links, the type and the nullability of every property."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from simulator.referee.paths import Known
from simulator.referee.published import GRAPH, Published, Shape
from simulator.referee.values import Complain, Values

_ENVELOPE = frozenset({"@odata.context", "@odata.nextLink", "@odata.deltaLink", "@odata.count", "value"})
_MIXED = f"{GRAPH}directoryObject"


def check_refusal(status: int, body: Any, complain: Complain) -> None:
    """Complain of an error answer that is not Graph's envelope of code, message and inner error."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not {"code", "message", "innerError"} <= error.keys():
        complain("no-error-envelope", f"the {status} has no error with code, message and innerError")


def check_answer(
    body: Any, known: Known, options: Mapping[str, str], root: str, published: Published, values: Values, say: Complain
) -> None:
    """Complain of everything in a successful answer that the description does not allow."""
    if not known.returns or known.returns.startswith("Edm.") or known.returns == "Collection($ref)":
        return
    shape = published.shape(known.item)
    if shape is None:
        return
    if not isinstance(body, dict):
        say("wrong-type", "the answer is no object")
        return
    if not known.is_collection:
        _check_item(body, shape, known, options, published, values, say)
        return
    _check_envelope(body, known, root, say)
    for item in body.get("value", ()):
        if isinstance(item, dict):
            _check_item(item, shape, known, options, published, values, say)
        else:
            say("wrong-type", "an item is no object")


def _check_envelope(body: Mapping[str, Any], known: Known, root: str, say: Complain) -> None:
    for name in body:
        if name not in _ENVELOPE:
            say("unknown-property", f"a collection has no {name}")
    if not isinstance(body.get("value"), list):
        say("wrong-type", "value is no collection")
    links = [name for name in ("@odata.nextLink", "@odata.deltaLink") if name in body]
    if known.is_delta and len(links) != 1:
        say("links", "a delta page needs a next link or a delta link, not both")
    for name in links:
        host = urlsplit(str(body[name])).netloc
        if host != urlsplit(root).netloc:
            say("links", f"{name} leads to another host than the request's")


def _check_item(
    item: Mapping[str, Any],
    declared: Shape,
    known: Known,
    options: Mapping[str, str],
    published: Published,
    values: Values,
    say: Complain,
) -> None:
    is_abstract = published.types[declared.name].get("abstract", False) or declared.name == _MIXED
    if is_abstract and not known.is_delta and "@odata.type" not in item:
        say("no-odata-type", f"an item of {declared.name.removeprefix(GRAPH)} does not say its type")
    shape = values.check_object(item, declared, say, where="", is_delta=known.is_delta)
    if "@removed" in item:
        return
    select = [each.strip() for each in options.get("$select", "").split(",") if each.strip()]
    wanted = [name for name in select if name in shape.properties]
    if known.is_delta:
        return
    for name in wanted:
        if name not in item:
            say("missing-selected", f"{name} was selected and is not there")
    if select and "*" not in select:
        extra = [name for name in item if "@" not in name and name != "id" and name not in select]
        for name in extra:
            if name not in shape.navigation:
                say("not-selected", f"{name} was not selected")
        return
    for name in sorted(shape.defaults - item.keys()):
        say("missing-default", f"{name} is shown by default and is not there")
