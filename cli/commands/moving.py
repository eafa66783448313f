"""Commands that move a snapshot: export it to a folder or a blob container, and import it from one."""

from __future__ import annotations

import hashlib
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from cli.account import Account, is_address
from cli.api import Json
from cli.errors import CliError, Exit
from cli.folder import MANIFEST, SEALED, SIGNATURE, Folder, checked_stored
from cli.session import Session, chosen_snapshot


def export(session: Session, given: Namespace) -> Exit:
    """Write a snapshot into a folder or a blob container: its objects to read, its stored files to import again."""
    if not is_address(given.folder):
        return _export(session, given, given.folder, given.folder)
    with Account(given.folder, session.storage) as account, TemporaryDirectory(prefix="tidemark-") as staged:
        ended = _export(session, given, staged, account.shown)
        session.screen.note(f"{account.send_all(Path(staged))} blobs written to {account.shown}")
        return ended


def _export(session: Session, given: Namespace, root: str, shown: str) -> Exit:
    if given.form == "sealed" and given.readable_only:
        raise CliError(Exit.USAGE, "--as sealed with --readable-only leaves nothing to export")
    snapshot = chosen_snapshot(session.api, given.snapshot)
    path = ("snapshots", str(snapshot["id"]), "tidemark.export")
    listed = session.api.ask(*path)
    folder = Folder(Path(root))
    folder.begin()
    objects = 0
    if given.form != "sealed":
        objects = _objects(session, path, int(listed.get("shards") or 0), folder, is_lines=given.form == "ndjson")
    if not given.readable_only:
        for file in listed.get("files") or []:
            folder.write(_fetched(session, path, file), SEALED, checked_stored(file.get("name")))
    if listed.get("isSigned") is True or not given.readable_only:
        _signature(session, path, folder, is_needed=listed.get("isSigned") is True)
    manifest = session.api.fetch(*path, "files", MANIFEST)
    if hashlib.sha256(manifest).hexdigest() != listed.get("manifestSha256"):
        raise CliError(Exit.FAILED, "the manifest that came is not the snapshot's")
    folder.sweep()
    folder.write(manifest, MANIFEST)
    _say(session, shown, listed, {"objects": objects, "written": folder.written, "removed": folder.removed})
    return Exit.DONE


def bring_in(session: Session, given: Namespace) -> Exit:
    """Bring an exported snapshot back into the vault; a second time changes nothing."""
    if not is_address(given.folder):
        root = Path(given.folder)
        has_signature = (root / SIGNATURE).is_file()
        return _bring_in(session, given.folder, lambda *parts: _read(root.joinpath(*parts)), has_signature)
    with Account(given.folder, session.storage) as account:
        has_signature = account.has(SIGNATURE)
        return _bring_in(session, account.shown, lambda *parts: account.fetch("/".join(parts)), has_signature)


def _bring_in(session: Session, shown: str, read: Callable[..., bytes], has_signature: bool) -> Exit:
    manifest = read(MANIFEST)
    digest = hashlib.sha256(manifest).hexdigest()
    path = ("tidemark.imports", digest)
    session.api.put(*path, MANIFEST, content=manifest)
    if has_signature:
        session.api.put(*path, SIGNATURE, content=read(SIGNATURE))
    names = [checked_stored(file.get("name")) for file in _files(manifest)]
    for name in names:
        session.api.put(*path, name, content=read(SEALED, name))
    known = session.api.finish(*path)
    _say(session, shown, known, {"files": len(names)})
    return Exit.DONE


def _objects(session: Session, path: tuple[str, ...], shards: int, folder: Folder, *, is_lines: bool) -> int:
    """Write every object in its readable form; return how many there were."""
    objects = 0
    with folder.lines() as lines:
        for shard in range(shards):
            for line in session.api.fetch(*path, "objects", shard=str(shard)).splitlines():
                document = _document(line)
                if is_lines:
                    lines.add(str(document.get("type")), line)
                else:
                    folder.write_object(document)
                objects += 1
    return objects


def _fetched(session: Session, path: tuple[str, ...], file: Json) -> bytes:
    """Return a stored file that is what the export lists; raise CliError when it is not."""
    name = checked_stored(file.get("name"))
    content = session.api.fetch(*path, "files", name)
    if len(content) != file.get("length") or hashlib.sha256(content).hexdigest() != file.get("sha256"):
        raise CliError(Exit.FAILED, f"{name} did not come as it is stored")
    return content


def _signature(session: Session, path: tuple[str, ...], folder: Folder, *, is_needed: bool) -> None:
    """Write the signature; one that nobody demands may be missing."""
    try:
        folder.write(session.api.fetch(*path, "files", SIGNATURE), SIGNATURE)
    except CliError as error:
        if is_needed or error.exit_status is not Exit.NOT_FOUND:
            raise


def _say(session: Session, folder: str, known: Json, figures: dict[str, int]) -> None:
    if known.get("isSigned") is not True:
        session.screen.note("NOT SIGNED: nothing but digests proves this; set TIDEMARK_SIGNING_KEY_FILE where it runs")
    facts = {"snapshot": known.get("tidemark.snapshotId"), "id": known.get("id"), "folder": folder, **figures}
    if session.screen.is_json:
        session.screen.document({**facts, "isSigned": known.get("isSigned") is True})
    else:
        session.screen.table("Snapshot", ("fact", "value"), facts.items())


def _document(line: bytes) -> Json:
    try:
        document: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CliError(Exit.TROUBLE, "a line of the export is not JSON") from error
    if not isinstance(document, dict):
        raise CliError(Exit.TROUBLE, "a line of the export is no object")
    return document


def _files(manifest: bytes) -> list[Json]:
    try:
        document: Any = msgspec.json.decode(manifest)
        files: list[Json] = document["files"]
        return [file for file in files if isinstance(file.get("name"), str)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise CliError(Exit.USAGE, f"{MANIFEST} is not the manifest of a snapshot") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CliError(Exit.USAGE, f"{path} cannot be read: {error.strerror}") from error
