"""What the command line is told by its environment: where the API is and how to sign in.

Pure. A token is sent only over https, or over plain http to this machine; any other address is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cli.errors import CliError, Exit

AUDIENCE_DEFAULT = "api://tidemark"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CLIENT = ("TIDEMARK_TOKEN_URL", "TIDEMARK_CLIENT_ID", "TIDEMARK_CLIENT_SECRET")
# Names that `--help` and docs/cli.md explain.
EXPLAINED = {
    "TIDEMARK_URL": "address of the API, such as https://tidemark.contoso.com",
    "TIDEMARK_TOKEN": "an access token to use as it is",
    "TIDEMARK_TOKEN_URL": "token endpoint for signing in as an application (with the next two)",
    "TIDEMARK_CLIENT_ID": "that application's client id",
    "TIDEMARK_CLIENT_SECRET": "that application's secret",
    "TIDEMARK_AUDIENCE": f"audience of the token (default {AUDIENCE_DEFAULT})",
}


@dataclass(frozen=True)
class Settings:
    """Where to go and as whom. Without a token or a client, whoever is signed in to Azure's own tools is meant."""

    url: str
    audience: str
    token: str = field(default="", repr=False)
    token_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raise CliError naming the variable that is missing or wrong."""
    token, client = environment.get("TIDEMARK_TOKEN", ""), [environment.get(name, "") for name in CLIENT]
    if not token and any(client) and not all(client):
        missing = ", ".join(name for name, value in zip(CLIENT, client, strict=True) if not value)
        raise CliError(Exit.USAGE, f"signing in as an application also needs {missing}")
    return Settings(
        url=_address("TIDEMARK_URL", environment.get("TIDEMARK_URL", "")),
        audience=environment.get("TIDEMARK_AUDIENCE") or AUDIENCE_DEFAULT,
        token=token,
        token_url=_address(CLIENT[0], client[0]) if client[0] and not token else "",
        client_id=client[1],
        client_secret=client[2],
    )


def _address(name: str, text: str) -> str:
    if not text:
        raise CliError(Exit.USAGE, f"{name} is not set: {EXPLAINED[name]}")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port  # reading a port that is no number raises
    except ValueError:
        raise CliError(Exit.USAGE, f"{name} is no address: {text!r}") from None
    if not host or parts.query or parts.fragment or parts.username is not None:
        raise CliError(Exit.USAGE, f"{name} is no address of a service: {text!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise CliError(Exit.USAGE, f"{name} must begin with https:// (plain http only to this machine): {text!r}")
    return text.rstrip("/")
