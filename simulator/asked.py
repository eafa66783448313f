"""What a client asks of the token endpoint, in either version, and how the endpoint refuses."""

import base64
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote_plus

from simulator.applications import GRAPH

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


class TokenError(Exception):
    """The token endpoint refuses, in OAuth's own form."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the token endpoint; version "1.0" names a `resource`, "2.0" a `scope`."""

    body: bytes
    authorization: str = ""
    version: str = "2.0"

    @property
    def form(self) -> dict[str, str]:
        """Return the fields of the form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}

    def client(self) -> tuple[str, str]:
        """Return client id and secret, from the form or the Authorization header."""
        form = self.form
        scheme, _, coded = self.authorization.partition(" ")
        if "client_secret" not in form and scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
            except ValueError as error:
                raise TokenError(401, "invalid_client", "AADSTS7000216: the header is no client and secret.") from error
            return unquote_plus(client_id), unquote_plus(secret)
        return form.get("client_id", ""), form.get("client_secret", "")

    def audience(self) -> str:
        """Return the audience asked for; TokenError when the scope is not of the form `audience/.default`."""
        if self.version == "1.0":
            return self.form.get("resource", "")
        scope = self.form.get("scope", "")
        if not scope.endswith("/.default"):
            raise TokenError(400, "invalid_scope", "AADSTS70011: the scope must be a known audience and /.default.")
        return scope.removesuffix("/.default")


def canonical(audience: str) -> str:
    """Return an audience as roles are kept by it: Graph's own application id and a last slash count for nothing."""
    return GRAPH if audience == GRAPH_APP_ID else audience.rstrip("/")
