"""What may be wrong with an answer: its envelope, its links, the type and the nullability of every property."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from simulator.referee.paths import Known
from simulator.referee.published import GRAPH, Published, Shape
from simulator.referee.values import Complain, Values

_ENVELOPE = frozenset({"@odata.context", "@odata.nextLink", "@odata.deltaLink", "@odata.count", "value"})
_SUCCESSES = {
    "GET": (200,),
    "POST": (200, 201, 202, 204),
    "PATCH": (200, 201, 204),
    "PUT": (200, 201, 204),
    "DELETE": (200, 204),
}
REMEMBERED_MAX = 20_000  # of about 1 KB each
_MIXED = f"{GRAPH}directoryObject"


def check_refusal(status: int, body: Any, complain: Complain) -> None:
    """Complain of an error answer that is not Graph's envelope of code, message and inner error."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not {"code", "message", "innerError"} <= error.keys():
        complain("no-error-envelope", f"the {status} has no error with code, message and innerError")
        return
    inner = error["innerError"]
    if not all(isinstance(error[name], str) and error[name] for name in ("code", "message")):
        complain("no-error-envelope", f"code and message of the {status} must be words")
    if not isinstance(inner, dict) or not {"date", "request-id", "client-request-id"} <= inner.keys():
        complain("no-error-envelope", f"innerError of the {status} lacks its date or an id")


def check_status(method: str, status: int, complain: Complain) -> None:
    """Complain of a success that this method never has."""
    if status not in _SUCCESSES.get(method, ()):
        complain("wrong-status", f"{method} never succeeds with {status}")


def check_answer(
    body: Any, known: Known, options: Mapping[str, str], root: str, published: Published, values: Values, say: Complain
) -> None:
    """Complain of everything in a successful answer that the description does not allow."""
    if not known.returns or known.returns == "Collection($ref)":
        return
    if known.item.startswith("Edm."):
        _check_plain(body, known, values, say)
        return
    shape = published.shape(known.item)
    if shape is None:
        return
    if not isinstance(body, dict):
        say("wrong-type", "the answer is no object")
        return
    if not isinstance(body.get("@odata.context"), str):
        say("no-context", "the answer does not say what it is: @odata.context")
    if not known.is_collection:
        _check_once(body, shape, known, options, published, values, say)
        return
    _check_envelope(body, known, root, say)
    for item in body.get("value", ()):
        if isinstance(item, dict):
            _check_once(item, shape, known, options, published, values, say)
        else:
            say("wrong-type", "an item is no object")


def _check_plain(body: Any, known: Known, values: Values, say: Complain) -> None:
    """Check an answer of numbers or words: a count is plain text, everything else is wrapped in `value`."""
    if known.template.endswith("/$count"):
        if not isinstance(body, str) or not body.isdigit():
            say("wrong-type", "a count is a whole number as plain text")
    elif isinstance(body, dict) and "value" in body:
        values.check(body["value"], known.returns or "", say, where="value")
    else:
        say("wrong-type", "the answer has no value")


def _check_envelope(body: Mapping[str, Any], known: Known, root: str, say: Complain) -> None:
    for name in body:
        if name not in _ENVELOPE:
            say("unknown-property", f"a collection has no {name}")
    if not isinstance(body.get("value"), list):
        say("wrong-type", "value is no collection")
    if not isinstance(body.get("@odata.count", 0), int):
        say("wrong-type", "@odata.count is no whole number")
    links = [name for name in ("@odata.nextLink", "@odata.deltaLink") if name in body]
    if known.is_delta and len(links) != 1:
        say("links", "a delta page needs a next link or a delta link, not both")
    for name in links:
        host = urlsplit(str(body[name])).netloc
        if host != urlsplit(root).netloc:
            say("links", f"{name} leads to another host than the request's")


def _check_once(
    item: Mapping[str, Any],
    declared: Shape,
    known: Known,
    options: Mapping[str, str],
    published: Published,
    values: Values,
    say: Complain,
) -> None:
    """Check an item unless the very same one was found right before: tenants are read over and over."""
    question = (declared.name, known.is_delta, options.get("$select", ""), msgspec.json.encode(item))
    if question in values.found_right:
        return
    facts: list[str] = []

    def noted(rule: str, fact: str) -> None:
        facts.append(fact)
        say(rule, fact)

    _check_item(item, declared, known, options, published, values, noted)
    if not facts:
        if len(values.found_right) >= REMEMBERED_MAX:
            values.found_right.clear()
        values.found_right.add(question)


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
