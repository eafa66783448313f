"""Export and import from the command line: what is written, what is left alone, and that it comes back whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from cli.errors import CliError
from cli.folder import Folder, checked_stored, checked_type, object_name, readable
from tests.support.platform import TENANT
from tests.unit.cli.worlds import Answers, Deployment, command

OBJECT_FILE = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|key-[0-9a-f]{32})\.json\Z")


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def lost(deployment: Deployment) -> dict[str, bytes]:
    """Lose the vault and the list, as with their account; return what the vault held but histories."""
    platform = deployment.world.platform
    held = {name: content for name, content in platform.vault.contents.items() if "/history/" not in name}
    platform.vault.contents.clear()
    rows = platform.rows._partitions[TENANT]
    for key in [key for key in rows if key.startswith("snapshot-")]:
        del rows[key]
    return held


def test_an_export_has_a_file_for_each_object_named_by_its_id(deployment: Deployment, tmp_path: Path) -> None:
    deployment.do(deployment.world.captured())
    ran = deployment.run("export", "latest", str(tmp_path / "out"))
    counts = deployment.run("snapshots").json["value"][0]["tidemark.counts"]
    written = contents(tmp_path / "out")
    objects = {name for name in written if name.startswith("objects/")}
    assert ran.json["objects"] == len(objects) == counts["objects"] + counts["softDeleted"]
    assert all(OBJECT_FILE.search(name) for name in objects)
    user = deployment.world.users()[0]
    document = json.loads(written[f"objects/user/{user}.json"])
    assert (document["id"], document["object"]["id"], document["isSoftDeleted"]) == (user, user, False)
    links = [json.loads(written[name])["links"] for name in objects]
    assert sum(len(others) for link in links for others in link.values()) == counts["links"]
    assert written["manifest.json"] in deployment.world.platform.vault.contents.values()
    assert len([name for name in written if name.startswith("sealed/")]) == 4


def test_what_has_not_changed_is_written_byte_for_byte_the_same(deployment: Deployment, tmp_path: Path) -> None:
    deployment.do(deployment.world.captured())
    deployment.run("export", "latest", str(tmp_path))
    before = contents(tmp_path)
    again = deployment.run("export", "latest", str(tmp_path))
    assert (again.json["written"], contents(tmp_path)) == (1, before), "nothing but the manifest, which comes last"
    changed, deleted = deployment.world.users()[:2]
    deployment.world.change(changed, jobTitle="changed")
    deployment.do(deployment.world.captured())
    deployment.run("export", "latest", str(tmp_path))
    differing = {name for name, content in contents(tmp_path).items() if before.get(name) != content}
    assert {name for name in differing if name.startswith("objects/")} == {f"objects/user/{changed}.json"}
    assert f"objects/user/{deleted}.json" in before


def test_an_object_that_is_gone_leaves_the_folder_and_other_files_stay(deployment: Deployment, tmp_path: Path) -> None:
    deployment.do(deployment.world.captured())
    deployment.run("export", "latest", str(tmp_path))
    (tmp_path / "objects" / "user" / "11111111-aaaa-4bbb-8ccc-000000000001.json").write_text("of an earlier export")
    (tmp_path / "objects" / "user" / "README.md").write_text("mine")
    assert deployment.run("export", "latest", str(tmp_path), "--as", "ndjson").json["removed"] > 1
    names = set(contents(tmp_path))
    assert [name for name in names if name.startswith("objects/")] == ["objects/user/README.md"]
    lines = (tmp_path / "user.ndjson").read_bytes().splitlines()
    assert {json.loads(line)["type"] for line in lines} == {"user"}
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) > 10


def test_a_folder_with_other_things_in_it_is_not_written_into(deployment: Deployment, tmp_path: Path) -> None:
    deployment.do(deployment.world.captured())
    (tmp_path / "letters.txt").write_text("mine")
    ran = deployment.run("export", "latest", str(tmp_path))
    assert (ran.status, contents(tmp_path)) == (2, {"letters.txt": b"mine"})


def test_a_snapshot_lost_with_its_account_comes_back_byte_for_byte(deployment: Deployment, tmp_path: Path) -> None:
    deployment.do(deployment.world.captured())
    deployment.run("export", "latest", str(tmp_path), "--as", "sealed")
    before = deployment.run("snapshots").json["value"][0]
    held = lost(deployment)
    assert deployment.run("snapshots").json["value"] == []
    for _time in range(2):
        ran = deployment.run("import", str(tmp_path))
        assert (ran.status, ran.json["isSigned"], ran.err) == (0, True, "")
        assert deployment.world.platform.vault.contents == held
    after = deployment.run("snapshots").json["value"]
    of_sealing = {"tidemark.sealedDateTime", "tidemark.protection", "tidemark.alerts", "tidemark.verification"}
    assert [{name: row[name] for name in before if name not in of_sealing} for row in after] == [
        {name: before[name] for name in before if name not in of_sealing}
    ]
    assert deployment.run("verify", "latest").json["isSigned"] is True


class Container(httpx.MockTransport):
    """A container of another storage account: what is there, by name, and every request's method and name."""

    def __init__(self) -> None:
        super().__init__(self.answer)
        self.blobs: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.busy = 1

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.query == b"sv=1&sig=secret", "every request carries the signature"
        name = request.url.path.removeprefix("/copies/contoso/")
        self.asked.append((request.method, name))
        if self.busy and request.method == "PUT":
            self.busy -= 1
            return httpx.Response(503, headers={"x-ms-error-code": "ServerBusy"})
        if request.method == "PUT":
            assert request.headers["x-ms-blob-type"] == "BlockBlob"
            self.blobs[name] = request.content
            return httpx.Response(201)
        if name not in self.blobs:
            return httpx.Response(404, headers={"x-ms-error-code": "BlobNotFound"})
        if request.method == "DELETE":
            del self.blobs[name]
            return httpx.Response(202)
        return httpx.Response(200, content=self.blobs[name] if request.method == "GET" else b"")


def test_a_snapshot_goes_to_another_storage_account_and_comes_back_from_it(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.do(deployment.world.captured())
    container, address = Container(), "https://other.blob.core.windows.net/copies/contoso?sv=1&sig=secret"
    deployment.run("export", "latest", str(tmp_path))
    for _time in range(2):
        ran = deployment.run("export", "latest", address, storage=container)
        assert (ran.status, container.blobs) == (0, contents(tmp_path))
    assert container.busy == 0, "a busy account was asked again"
    writes = [name for method, name in container.asked if method == "PUT"]
    assert writes[-1] == "manifest.json"
    assert {name for method, name in container.asked if method == "DELETE"} == {"manifest.json"}
    assert "secret" not in ran.out + ran.err
    held = lost(deployment)
    back = deployment.run("import", address, storage=container)
    assert (back.status, back.json["isSigned"]) == (0, True)
    assert deployment.world.platform.vault.contents == held
    del container.blobs["manifest.json"]
    refused = deployment.run("import", address, storage=container)
    assert (refused.status, "manifest.json" in refused.err, "secret" in refused.err) == (6, True, False)


@pytest.mark.parametrize(
    "address", ["http://other.blob.core.windows.net/copies", "https://other.blob.core.windows.net"]
)
def test_an_address_that_is_no_https_container_is_refused(deployment: Deployment, address: str) -> None:
    deployment.do(deployment.world.captured())
    assert deployment.run("export", "latest", address).status == 2


@pytest.mark.parametrize("part", ["manifest.json", "manifest.sig", "objects.ndz", "index.idx", "links.zst"])
def test_what_was_altered_is_refused_and_nothing_is_listed(deployment: Deployment, tmp_path: Path, part: str) -> None:
    deployment.do(deployment.world.captured())
    deployment.run("export", "latest", str(tmp_path), "--as", "sealed")
    lost(deployment)
    (path,) = [path for path in tmp_path.rglob("*") if path.name.endswith(part)]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    ran = deployment.run("import", str(tmp_path))
    assert ran.status == 2
    assert deployment.run("snapshots").json["value"] == []
    assert not [name for name in deployment.world.platform.vault.contents if name.endswith("manifest.json")]


def test_an_import_without_its_signature_or_a_file_is_not_whole(deployment: Deployment, tmp_path: Path) -> None:
    deployment.do(deployment.world.captured())
    deployment.run("export", "latest", str(tmp_path), "--as", "sealed")
    lost(deployment)
    signature = (tmp_path / "manifest.sig").read_bytes()
    (tmp_path / "manifest.sig").unlink()
    unsigned = deployment.run("import", str(tmp_path))
    assert (unsigned.status, "unsigned" in unsigned.err) == (2, True)
    assert not deployment.world.platform.vault.contents, "nothing that nobody signed enters the vault"
    (tmp_path / "manifest.sig").write_bytes(signature)
    (path,) = (tmp_path / "sealed").glob("*.objects.ndz")
    path.unlink()
    assert deployment.run("import", str(tmp_path)).status == 2
    reader = {"environment": {"TIDEMARK_URL": "https://tidemark.example.com", "TIDEMARK_TOKEN": "reader"}}
    assert deployment.run("import", str(tmp_path), **reader).status == 4


def test_names_come_from_ids_alone_and_cannot_leave_the_folder() -> None:
    assert object_name("AAAAAAAA-0000-4000-8000-00000000000F") == "aaaaaaaa-0000-4000-8000-00000000000f.json"
    for hostile in ("../../etc/passwd", "CON", "a/b", "", ".", "x" * 999, "nul\0", "Ünïcode", "abc", "ABC"):
        assert re.fullmatch(r"key-[0-9a-f]{32}\.json", object_name(hostile))
    assert object_name("abc") != object_name("ABC"), "a disk may ignore case"
    assert object_name(None, "0" * 32) == f"key-{'0' * 32}.json"
    for key in ("../x", "", None, "0" * 31):
        with pytest.raises(CliError):
            object_name(None, key)
    for wrong in ("../x", "a/b", "", ".", "user.json", None, 7):
        with pytest.raises(CliError):
            checked_type(wrong)
    for hostile in ("..", "", "/", "manifest.json", "x/manifest.sig", "a\\b", ".hidden"):
        with pytest.raises(CliError):
            checked_stored(hostile)
    assert checked_stored("tenant/snapshot/../00000.index.idx") == "00000.index.idx"


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()
    folder = Folder(root)
    folder.begin()
    (root / "objects").symlink_to(outside)
    with pytest.raises(CliError, match="leads out"):
        folder.write_object({"type": "user", "id": "x"})
    assert list(outside.iterdir()) == []


def test_a_readable_object_has_one_spelling() -> None:
    one = readable({"object": {"b": [2, 1], "a": "é"}, "id": "x", "key": "00"})
    assert one == readable({"id": "x", "object": {"a": "é", "b": [2, 1]}})
    assert (
        one.decode() == '{\n  "id": "x",\n  "object": {\n    "a": "é",\n    "b": [\n      2,\n      1\n    ]\n  }\n}\n'
    )


def test_a_server_that_names_files_outside_is_not_believed(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("tidemark.export"):
            files = [{"name": "../../evil", "length": 1, "sha256": "0"}, {"name": "..", "length": 1, "sha256": "0"}]
            return httpx.Response(200, json={"shards": 0, "files": files, "isSigned": True})
        return httpx.Response(200, json={"id": "MQ==", "value": [{"id": "MQ=="}]})

    ran = command("export", "latest", str(tmp_path / "out"), transport=Answers(answer))
    assert ran.status == 1
    assert not (tmp_path / "evil").exists()
