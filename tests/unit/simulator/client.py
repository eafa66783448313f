"""A small client for one simulated tenant on a clock that stands still unless a test moves it."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.applications import GRAPH, TIDEMARK, Application
from simulator.directory.state import Directory
from simulator.http import Request, Response
from simulator.service import Simulator
from simulator.throttle import Limits

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
HOST = "graph.test"
UNHURRIED = Limits(conditional_access_interval_seconds=0.0)


@dataclass
class Clock:
    """Unix seconds that only a test changes."""

    seconds: float = START

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Reply:
    """A response with its JSON read."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    @property
    def ids(self) -> list[str]:
        return [each["id"] for each in self.body["value"]]


@dataclass
class Client:
    """Talks to a simulator as one application."""

    simulator: Simulator
    clock: Clock
    app: Application = TIDEMARK
    root: str = "/v1.0"
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> Directory:
        return self.simulator.tenant.directory

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        token = self._tokens.setdefault(self.app.app_id, self.simulator.issue_token(self.app, GRAPH))
        sent = {"Host": HOST, "Authorization": f"Bearer {token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else msgspec.json.encode(body)
        target = path.removeprefix(f"http://{HOST}") if path.startswith("http") else self.root + path
        return self.simulator.handle(Request(method, target, sent, content))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        response = self.raw(method, path, body, **headers)
        is_json = "json" in response.headers.get("Content-Type", "") and response.body
        read = msgspec.json.decode(response.body) if is_json else response.body.decode("utf-8", "replace")
        return Reply(response.status, dict(response.headers), read)

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any) -> Reply:
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Reply:
        return self.ask("DELETE", path)

    def batch(self, *parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the answers of a batch by part id."""
        reply = self.post("/$batch", {"requests": list(parts)})
        assert reply.status == 200, reply.body
        return {answer["id"]: answer for answer in reply.body["responses"]}

    def pages(self, path: str) -> list[Reply]:
        """Return every page of a listing or delta round, first to last."""
        found = [self.get(path)]
        while "@odata.nextLink" in found[-1].body:
            found.append(self.get(found[-1].body["@odata.nextLink"]))
        assert all(page.status == 200 for page in found)
        return found

    def every(self, path: str) -> list[dict[str, Any]]:
        """Return the items of all pages."""
        return [item for page in self.pages(path) for item in page.body["value"]]

    def sim(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer of a control request."""
        content = b"" if body is None else msgspec.json.encode(body)
        response = self.simulator.handle(Request(method, f"/_sim{path}", {}, content))
        assert response.status == 200, response.body
        return msgspec.json.decode(response.body)

    def a_user(self, **properties: Any) -> str:
        """Make a user; return its id."""
        number = len(self.directory.stores["user"].order)
        body = {
            "accountEnabled": True,
            "displayName": f"Made {number}",
            "mailNickname": f"made{number}",
            "userPrincipalName": f"made{number}@contoso.example",
            "passwordProfile": {"password": "x"},
        }
        reply = self.post("/users", body | properties)
        assert reply.status == 201, reply.body
        return str(reply.body["id"])

    def a_group(self, members: list[str] | None = None, owners: list[str] | None = None, **properties: Any) -> str:
        """Make a security group; return its id."""
        number = len(self.directory.stores["group"].order)
        body = {
            "displayName": f"Group {number}",
            "mailEnabled": False,
            "mailNickname": f"group{number}",
            "securityEnabled": True,
            "members@odata.bind": [reference(each) for each in members or ()],
            "owners@odata.bind": [reference(each) for each in owners or ()],
        }
        reply = self.post("/groups", body | properties)
        assert reply.status == 201, reply.body
        return str(reply.body["id"])

    def members(self, group_id: str) -> set[str]:
        """Return the ids of a group's listed members."""
        return {each["id"] for each in self.every(f"/groups/{group_id}/members?$select=id")}


def a_client(*, objects: int = 0, seed: int = 3, app: Application = TIDEMARK, **more: Any) -> Client:
    """Return a client of a fresh tenant; empty unless `objects` are wished for."""
    clock = Clock()
    simulator = Simulator(clock=clock, seed=seed, objects=objects, **{"limits": UNHURRIED, **more})
    return Client(simulator, clock, app)


def reference(object_id: str) -> str:
    """Return the URL a link is made with."""
    return f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"


def part(part_id: str, method: str, url: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """Return one request of a batch."""
    found: dict[str, Any] = {"id": part_id, "method": method, "url": url, **more}
    if body is not None:
        found |= {"headers": {"Content-Type": "application/json"}, "body": body}
    return found
