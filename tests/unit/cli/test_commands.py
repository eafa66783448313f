"""The commands, from the words typed to the exit status."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import pytest

from simulator.faults import Fault, Rule
from tests.support.builders import an_id
from tests.support.deaths import Deaths, Instance
from tests.unit.cli.worlds import ENVIRONMENT, Deployment

GUID = "11111111-aaaa-4bbb-8ccc-000000000001"
APPROVER, SECOND = (ENVIRONMENT | {"TIDEMARK_TOKEN": name} for name in ("approver", "second approver"))
READER = ENVIRONMENT | {"TIDEMARK_TOKEN": "reader"}


def harmed(deployment: Deployment, count: int = 1) -> list[str]:
    """Capture the tenant, change the job title of some users, and return their ids."""
    deployment.do(deployment.world.captured())
    users = deployment.world.users()[:count]
    for user in users:
        deployment.world.change(user, jobTitle="harmed")
    return users


def test_a_snapshot_is_taken_and_listed(deployment: Deployment) -> None:
    taken = deployment.run("capture", "--wait")
    assert (taken.status, taken.json["status"]) == (0, "successful")
    listed = deployment.run("snapshots")
    assert [row["tidemark.snapshotId"] for row in listed.json["value"]] == [taken.json["tidemark.snapshotId"]]
    assert listed.json["nextSkip"] is None


def test_a_report_is_waited_for_and_its_changes_listed(deployment: Deployment) -> None:
    users = harmed(deployment, 3)
    report = deployment.run("report", "latest", "--wait")
    assert (report.status, report.json["tidemark.summary"]) == (0, {"user": {"update": 3}})
    first = deployment.run("changes", report.json["id"], "--top", "2")
    rest = deployment.run("changes", report.json["id"], "--skip", str(first.json["nextSkip"]))
    assert sorted(row["id"] for row in first.json["value"] + rest.json["value"]) == sorted(users)


def test_a_report_uses_an_earlier_reading_only_when_it_is_told_to(deployment: Deployment) -> None:
    harmed(deployment)
    first = deployment.run("report", "latest", "--wait").json
    fresh = deployment.run("report", "latest", "--fresh", "10", "--wait").json
    whole = deployment.run("report", "latest", "--whole", "--wait").json
    assert fresh["tidemark.notes"]["readBy"] == first["id"]
    assert fresh["tidemark.summary"] == whole["tidemark.summary"] == first["tidemark.summary"]
    assert "readBy" not in first["tidemark.notes"]
    assert whole["tidemark.notes"]["ways"]["user"] == "full: a whole reading was asked for"
    assert deployment.run("report", "latest", "--fresh", "9999").status == 2


def test_two_snapshots_are_compared_by_either_of_their_ids(deployment: Deployment) -> None:
    (user,) = harmed(deployment)
    deployment.do(deployment.world.clock.sleep(60.0))
    deployment.do(deployment.world.captured())
    latest, first = (row["tidemark.snapshotId"] for row in deployment.run("snapshots").json["value"])
    compared = deployment.run("compare", first, "latest", "--wait")
    assert (compared.status, compared.json["tidemark.summary"]) == (0, {"user": {"update": 1}})
    assert [row["id"] for row in deployment.run("changes", compared.json["id"]).json["value"]] == [user]
    assert deployment.run("compare", latest, latest, "--wait").json["tidemark.summary"] == {}
    assert deployment.run("compare", latest, "20200101T000000Z-00000000").status == 3


def test_progress_is_one_json_line_a_second_beside_the_result(deployment: Deployment) -> None:
    harmed(deployment)
    ran = deployment.run("report", "latest", "--wait")
    lines = [msgspec.json.decode(line) for line in ran.err.splitlines()]
    assert [line["status"] for line in lines] == ["initialized", "successful"]
    assert {line["job"] for line in lines} == {ran.json["id"]}
    assert lines[-1]["done"] > 0
    assert lines[-1]["elapsed_seconds"] >= 1


def test_a_job_that_is_not_waited_for_is_named(deployment: Deployment) -> None:
    harmed(deployment)
    started = deployment.run("report", "latest")
    assert list(started.json) == ["id"]
    shown = deployment.run("job", started.json["id"], "--wait")
    assert (shown.status, shown.json["status"]) == (0, "successful")


def test_a_recovery_needs_a_yes_where_nobody_can_be_asked(deployment: Deployment) -> None:
    harmed(deployment)
    refused = deployment.run("recover", "latest", "--apply", "--wait")
    assert refused.status == 2
    assert "--yes" in refused.err
    assert deployment.run("jobs").json["value"][0]["tidemark.kind"] == "capture"
    done = deployment.run("recover", "latest", "--apply", "--wait", "--yes")
    assert (done.status, done.json["totalObjectsModified"]) == (0, 1)


def test_without_apply_a_recovery_is_only_planned_and_its_plan_can_be_carried_out(deployment: Deployment) -> None:
    harmed(deployment)
    before = deployment.world.simulator.fingerprint()
    dry = deployment.run("recover", "latest", "--wait")
    assert (dry.status, dry.json["tidemark.kind"], dry.json["tidemark.plan"]["objects"]) == (0, "report", 1)
    assert dry.json["tidemark.plan"]["estimatedWrites"] == 1
    assert deployment.world.simulator.fingerprint() == before
    assert deployment.run("recover", "latest", "--yes").status == 2, "a yes to nothing is a slip of the hand"
    done = deployment.run("recover", "latest", "--apply", "--yes", "--plan", dry.json["id"], "--wait")
    assert (done.status, done.json["totalObjectsModified"]) == (0, 1)
    undone = deployment.run("undo", done.json["id"], "--apply", "--yes", "--wait")
    assert (undone.status, deployment.world.simulator.fingerprint()) == (0, before)
    assert deployment.run("retry", done.json["id"]).status == 2, "nothing failed"
    assert deployment.run("approve", dry.json["id"]).status == 4, "one's own plan"


def test_a_plan_is_carried_out_once_two_others_have_approved_it_by_command(deployment: Deployment) -> None:
    harmed(deployment)
    deployment.world.platform.operator.approving.needed = 2
    refused = deployment.run("recover", "latest", "--apply", "--yes")
    assert (refused.status, "needs 2 approvals" in refused.err, "--plan" in refused.err) == (2, True, True)
    plan = deployment.run("recover", "latest", "--wait").json
    digest, by_plan = plan["tidemark.plan"]["digest"], ("recover", "latest", "--apply", "--yes", "--plan", plan["id"])
    assert (plan["tidemark.approvals"], plan["tidemark.approvalsNeeded"]) == (0, 2)
    slip = deployment.run("approve", plan["id"], "--digest", "0" * 64, environment=APPROVER)
    assert (slip.status, digest in slip.err) == (2, True)
    first = deployment.run("approve", plan["id"], "--digest", digest, environment=APPROVER, is_terminal=True)
    assert (first.status, "1 of 2" in first.out, "others have to approve" in first.err) == (0, True, True)
    assert "1 of 2 approvals" in deployment.run(*by_plan).err
    second = deployment.run("approve", plan["id"], environment=SECOND)
    assert second.json == {"id": plan["id"], "approvals": 2, "approvalsNeeded": 2}
    assert "2 of 2" in deployment.run("job", plan["id"], is_terminal=True).out
    assert deployment.run(*by_plan, environment=APPROVER).status == 2, "an approver's own does not count"
    done = deployment.run(*by_plan, "--wait")
    assert (done.status, done.json["totalObjectsModified"]) == (0, 1)


def test_the_newest_job_is_looked_at_as_latest_and_never_acted_on(deployment: Deployment) -> None:
    assert deployment.run("job", "latest").err.startswith("tidemark: there is no job yet")
    harmed(deployment)
    done = deployment.run("recover", "latest", "--apply", "--yes", "--wait")
    assert deployment.run("job", "latest").json["id"] == done.json["id"]
    assert deployment.run("outcomes", "latest").json["value"]
    for action in ("undo", "retry", "cancel", "approve"):
        assert deployment.run(action, "latest").status == 3, action


def test_a_person_is_asked_what_is_about_to_happen_and_may_say_no(deployment: Deployment) -> None:
    harmed(deployment)
    for answer in ("no\n", "y\n", "\n", ""):
        refused = deployment.run("recover", "latest", "--apply", "--soft-delete-newer", is_terminal=True, typed=answer)
        assert refused.status == 2
        assert "the whole tenant back to 2026-11-20 06:00:00Z" in refused.err
        assert "soft-deleted" in refused.err
        assert "Grants and assignments" not in refused.err
    removing = deployment.run("recover", "latest", "--apply", "--remove-newer-grants", is_terminal=True, typed="no\n")
    assert "Grants and assignments made since then are removed" in removing.err
    assert len(deployment.run("jobs").json["value"]) == 1
    done = deployment.run("recover", "latest", "--apply", "--wait", is_terminal=True, typed="yes\n")
    assert done.status == 0


def test_a_damaged_snapshot_is_shown_by_the_name_of_its_file_and_others_are_pointed_at(deployment: Deployment) -> None:
    harmed(deployment)
    contents = deployment.world.platform.vault.contents
    name = next(known for known in contents if known.endswith("links.zst"))
    contents[name] = contents[name][:-9] + bytes([contents[name][-9] ^ 1]) + contents[name][-8:]
    refused = deployment.run("verify", "latest")
    assert (refused.status, name in refused.err, "tidemark snapshots" in refused.err) == (1, True, True)
    shown = deployment.run("snapshots", is_terminal=True).out
    assert "DAMAGED" in shown
    assert name.partition("/")[0] not in shown, "the tenant's id only folds the cell"
    refused = deployment.run("recover", "latest", "--wait")
    assert (refused.status, refused.out, name in refused.err, "choose another snapshot" in refused.err) == (
        1,
        "",
        True,
        True,
    )
    part = deployment.run("recover", "latest", "--types", "user", "--whole", "--wait")
    assert part.json["tidemark.options"]["readWhole"] is True
    assert (part.status, part.json["status"]) == (1, "failed"), "what is read of a part is proven"
    assert "choose another snapshot" in part.json["tidemark.error"]["message"]


def test_a_recovery_of_chosen_objects_leaves_the_others(deployment: Deployment) -> None:
    first, second = harmed(deployment, 2)
    done = deployment.run("recover", "latest", "--ids", f"user:{first}", "--apply", "--yes", "--wait")
    assert done.json["totalObjectsModified"] == 1
    left = deployment.run("report", "latest", "--types", "user", "--wait")
    rows = deployment.run("changes", left.json["id"]).json["value"]
    assert [row["id"] for row in rows] == [second]


def test_objects_may_be_named_by_a_file(deployment: Deployment, tmp_path: Path) -> None:
    first, second = harmed(deployment, 2)
    listed = tmp_path / "ids.txt"
    listed.write_text(f"# who was hit\nuser:{first}\n\nuser:{first}\n")
    done = deployment.run("recover", "latest", "--ids-from", str(listed), "--apply", "--yes", "--wait")
    assert done.json["totalObjectsModified"] == 1
    left = deployment.run("report", "latest", "--wait")
    assert [row["id"] for row in deployment.run("changes", left.json["id"]).json["value"]] == [second]
    listed.write_text("# nobody\n")
    assert "lists no object" in deployment.run("report", "latest", "--ids-from", str(listed)).err


def test_an_object_that_neither_side_has_is_named_beside_the_changes(deployment: Deployment) -> None:
    (user,) = harmed(deployment)
    strangers = sorted(an_id(str(number)) for number in range(3))
    ids = ",".join(f"user:{one}" for one in (user, *strangers))
    job = deployment.run("report", "latest", "--ids", ids, "--wait").json["id"]
    found = deployment.run("changes", job).json
    assert [row["id"] for row in found["value"]] == [user]
    assert [one["id"] for one in found["unknownObjects"]] == strangers
    first = deployment.run("changes", job, "--top", "2").json
    rest = deployment.run("changes", job, "--top", "2", "--skip", str(first["nextSkip"])).json
    assert [one["id"] for page in (first, rest) for one in page["unknownObjects"]] == strangers
    assert (len(first["value"]), rest["value"], rest["nextSkip"]) == (1, [], None)
    assert f"user  {strangers[0]}" in deployment.run("changes", job, is_terminal=True).out


def test_failed_changes_make_the_exit_status_one_and_are_listed(deployment: Deployment) -> None:
    (user,) = harmed(deployment)
    refusal = Rule(kind=Fault.FORBIDDEN, path=f"/users/{user}", method="PATCH")
    deployment.world.simulator.world.faults.rules.append(refusal)
    ran = deployment.run("recover", "latest", "--apply", "--yes", "--wait")
    assert refusal.fired > 0
    assert (ran.status, ran.json["status"], ran.json["totalFailedChanges"]) == (1, "successful", 1)
    (failed,) = deployment.run("changes", ran.json["id"]).json["value"]
    assert failed["failureMessage"]
    (outcome,) = deployment.run("outcomes", ran.json["id"]).json["value"]
    assert (outcome["id"], outcome["result"]) == (user, "failed")


def test_a_cancelled_job_is_what_cancel_wants_and_what_a_watcher_does_not(deployment: Deployment) -> None:
    harmed(deployment)
    job_id = deployment.run("report", "latest").json["id"]
    cancelled = deployment.run("cancel", job_id, "--wait")
    assert (cancelled.status, cancelled.json["status"]) == (0, "abandoned")
    assert deployment.run("job", job_id, "--wait").status == 1
    assert deployment.run("job", job_id).status == 0
    assert deployment.run("cancel", job_id).status == 2


def test_a_snapshot_may_be_called_by_either_id(deployment: Deployment) -> None:
    harmed(deployment)
    (row,) = deployment.run("snapshots").json["value"]
    for name in ("latest", row["id"], row["tidemark.snapshotId"]):
        proven = deployment.run("verify", name)
        assert (proven.status, proven.json["tidemark.snapshotId"]) == (0, row["tidemark.snapshotId"])


def test_a_snapshot_is_proven_as_far_as_it_is_asked_for(deployment: Deployment) -> None:
    harmed(deployment)
    for options, mode in (
        ((), "full"),
        (("--full",), "full"),
        (("--quick",), "quick"),
        (("--subset", "1/3"), "subset"),
    ):
        ran = deployment.run("verify", "latest", *options)
        assert (ran.status, ran.json["mode"], ran.json["isSigned"], ran.err) == (0, mode, True, "")
    assert deployment.run("verify", "latest", "--subset", "4/3").status == 2
    with pytest.raises(SystemExit):
        deployment.run("verify", "latest", "--quick", "--full")


def test_an_unsigned_snapshot_is_said_loudly(deployment: Deployment) -> None:
    world = deployment.world
    world.platform.signing = None
    unsigned = world.platform.product(Instance(), Deaths())
    world.product = dataclasses.replace(unsigned, callers=world.product.callers)
    deployment.run("capture", "--wait")
    ran = deployment.run("verify", "latest", "--quick")
    assert (ran.status, ran.json["isSigned"]) == (0, False)
    assert "NOT SIGNED" in ran.err


def test_a_damaged_snapshot_is_named_with_exit_status_one(deployment: Deployment) -> None:
    harmed(deployment)
    vault = deployment.world.platform.vault
    name = sorted(vault.contents)[0]
    vault.contents[name] = vault.contents[name][:-1]
    ran = deployment.run("verify", "latest")
    assert (ran.status, ran.out) == (1, "")
    assert name in ran.err


def test_the_vault_says_what_a_person_has_to_look_at(deployment: Deployment) -> None:
    harmed(deployment)
    ran = deployment.run("vault")
    assert (ran.status, ran.json["protection"]["said"]) == (0, "locked 35 days")
    assert ran.err == "WARNING: NOT VERIFIED: no snapshot was proven whole in the last 8 days\n"
    deployment.world.platform.vault.policy.is_locked = False
    shown = deployment.run("vault", is_terminal=True)
    assert "ONLY UNLOCKED" in shown.out
    assert "WARNING: ONLY UNLOCKED" in shown.err


def test_a_capture_into_a_vault_that_is_not_locked_warns_on_standard_error(deployment: Deployment) -> None:
    deployment.world.platform.vault.policy.is_locked = False
    ran = deployment.run("capture", "--wait")
    assert (ran.status, ran.json["status"]) == (0, "successful")
    assert "WARNING: ONLY UNLOCKED" in ran.err
    assert "ONLY UNLOCKED" in deployment.run("snapshots", is_terminal=True).out


def test_a_snapshot_is_held_for_a_reason_and_released(deployment: Deployment) -> None:
    harmed(deployment)
    held = deployment.run("hold", "latest", "--reason", "audit 2026-17")
    assert (held.status, held.json["tidemark.hold"]["reason"]) == (0, "audit 2026-17")
    assert "held: audit" in deployment.run("snapshots", is_terminal=True).out
    released = deployment.run("release", "latest", "--reason", "done", is_terminal=True)
    assert released.status == 0
    assert deployment.run("snapshots").json["value"][0]["tidemark.hold"] is None
    assert deployment.run("hold", "latest", "--reason", " ").status == 2
    assert deployment.run("hold", "latest", "--reason", "r", environment=READER).status == 4


def test_everything_is_verified_in_a_job_and_damage_is_exit_status_one(deployment: Deployment) -> None:
    harmed(deployment)
    ran = deployment.run("verify-all", "--wait")
    assert (ran.status, ran.json["tidemark.kind"], ran.json["status"]) == (0, "verify", "successful")
    shown = deployment.run("snapshots", is_terminal=True).out
    assert "verified" in shown
    assert "never" not in shown
    vault = deployment.world.platform.vault
    name = sorted(vault.contents)[0]
    vault.contents[name] = vault.contents[name][:-1]
    again = deployment.run("verify-all", "--wait")
    assert (again.status, again.json["status"]) == (1, "failed")
    assert name in again.err
    told = deployment.run("vault")
    assert (told.status, len(told.json["damaged"])) == (1, 1)


def test_what_is_not_there_is_exit_status_three(deployment: Deployment) -> None:
    for arguments in (
        ("verify", "latest"),
        ("report", "MTcwMDAwMDAwMA=="),
        ("report", "20261120T060000Z-0badcafe"),
        ("job", GUID),
        ("job", "../snapshots"),
        ("changes", GUID),
        ("cancel", GUID),
    ):
        ran = deployment.run(*arguments)
        assert (ran.status, ran.out) == (3, "")
        assert ran.err.startswith("tidemark: ")


def test_what_is_wrong_is_exit_status_two_and_named(deployment: Deployment) -> None:
    harmed(deployment)
    for arguments, word in (
        (("report", "latest", "--types", "printer"), "printer"),
        (("report", "latest", "--types", "user,"), "--types"),
        (("report", "latest", "--ids", "user"), "TYPE:ID"),
        (("report", "latest", "--ids-from", str(Path(__file__).parent / "nothing-there")), "nothing-there"),
        (("report", "latest", "--ids-from", __file__), "TYPE:ID"),
        (("report", "latest", "--ids", "user:not-an-id"), "GUID"),
        (("snapshots", "--top", "1000"), "$top"),
        (("jobs", "--skip", "-1"), "$skip"),
    ):
        ran = deployment.run(*arguments)
        assert (ran.status, ran.out) == (2, "")
        assert word in ran.err


def test_a_missing_role_or_token_is_exit_status_four(deployment: Deployment) -> None:
    harmed(deployment)
    assert deployment.run("snapshots", environment=READER).status == 0
    assert deployment.run("report", "latest", environment=READER).status == 4
    assert deployment.run("snapshots", environment=ENVIRONMENT | {"TIDEMARK_TOKEN": "stale"}).status == 4


def test_a_tenant_that_is_busy_is_exit_status_five(deployment: Deployment) -> None:
    harmed(deployment)
    running = deployment.run("recover", "latest", "--apply", "--yes").json["id"]
    ran = deployment.run("recover", "latest", "--apply", "--yes")
    assert ran.status == 5
    assert running in ran.err


def test_a_capture_lists_what_delta_had_missed_and_a_verdict_on_every_type(deployment: Deployment) -> None:
    taken = deployment.run("capture", "--wait")
    ran = deployment.run("changes", taken.json["id"])
    assert (ran.status, ran.json["value"]) == (0, [])
    shown = deployment.run("job", taken.json["id"], is_terminal=True)
    assert "there is no snapshot to go on from" in " ".join(shown.out.split())


def test_a_restore_point_is_listed_over_its_snapshot_and_reported_against(deployment: Deployment) -> None:
    assert deployment.run("capture", "--restore-point").status == 3
    deployment.run("capture", "--wait")
    user = deployment.world.users()[0]
    deployment.world.change(user, jobTitle="before the restore point")
    point = deployment.run("capture", "--restore-point", "--wait")
    assert (point.status, point.json["tidemark.isRestorePoint"]) == (0, True)
    assert point.json["tidemark.notes"]["ways"]["user"] == "delta"
    newest, base = deployment.run("snapshots").json["value"]
    assert (newest["tidemark.baseId"], base["tidemark.baseId"]) == (base["id"], None)
    assert newest["tidemark.counts"]["objects"] < base["tidemark.counts"]["objects"]
    table = " ".join(deployment.run("snapshots", is_terminal=True).out.split())
    assert "delta" in table
    assert "over" in table
    deployment.world.change(user, jobTitle="after the restore point")
    report = deployment.run("report", "latest", "--wait")
    assert (report.status, report.json["tidemark.summary"]) == (0, {"user": {"update": 1}})


def test_tables_are_for_people(deployment: Deployment) -> None:
    (user,) = harmed(deployment)
    report = deployment.run("report", "latest", "--wait", is_terminal=True)
    assert report.status == 0
    assert "Found by the comparison with the snapshot" in report.out
    job_id = deployment.run("jobs").json["value"][0]["id"]
    changes = deployment.run("changes", job_id, is_terminal=True)
    assert "Changes" in changes.out
    assert user in changes.out
    assert deployment.run("changes", job_id, "--json", is_terminal=True).json["value"][0]["id"] == user
    for name in ("snapshots", "jobs"):
        assert deployment.run(name, is_terminal=True).status == 0
    for arguments in (("verify", "latest"), ("job", job_id)):
        assert deployment.run(*arguments, is_terminal=True).status == 0


def test_a_recovery_of_chosen_rows_takes_them_from_a_file_or_standard_input(
    deployment: Deployment, tmp_path: Path
) -> None:
    first, second, third = harmed(deployment, 3)
    for one in (first, second):
        deployment.world.change(one, city="Nowhere")
    report = deployment.run("report", "latest", "--wait").json["id"]
    rows = tmp_path / "rows"
    assert deployment.run("export-report", report, "--output", str(rows)).status == 0
    kept = [line for line in rows.read_text().splitlines() if third not in line]
    rows.write_text("\n".join(kept))
    chosen = ("recover", "latest", "--report", report, "--rows", str(rows), "--property", "city")
    plan = deployment.run(*chosen, "--wait")
    assert (plan.status, plan.json["tidemark.plan"]["objects"]) == (0, 2)
    done = deployment.run(*chosen, "--apply", "--yes", "--plan", plan.json["id"], "--wait")
    assert (done.status, done.json["totalObjectsModified"]) == (0, 2)
    typed = f"user:{first}\n\n" + '{"entityTypeName": "user", "id": "' + second + '", "properties": ["jobTitle"]}'
    report = deployment.run("report", "latest", "--wait").json["id"]
    from_stdin = ("recover", "latest", "--report", report, "--rows", "-", "--apply", "--yes", "--wait")
    done = deployment.run(*from_stdin, typed=typed)
    assert (done.status, done.json["totalObjectsModified"]) == (0, 2)
    left = deployment.run("changes", deployment.run("report", "latest", "--wait").json["id"]).json["value"]
    assert [row["id"] for row in left] == [third]


@pytest.mark.parametrize(
    ("options", "typed", "said"),
    [
        (("--rows", "-"), "", "needs --report"),
        (("--report", GUID), "", "go with --rows"),
        (("--property", "city"), "", "go with --rows"),
        (("--report", GUID, "--rows", "-"), "\n", "there is no row"),
        (("--report", GUID, "--rows", "-"), f"user:{GUID}\nuser", "line 2"),
        (("--report", GUID, "--rows", "-"), "{oops", "line 1 is no JSON object"),
        (("--report", GUID, "--rows", "-"), '{"id": "x"}', "line 1 has no entityTypeName"),
        (("--report", GUID, "--rows", "-"), '{"id": "x", "entityTypeName": "user", "properties": "city"}', "no list"),
        (("--report", GUID, "--rows", "-", "--property", "city,"), f"user:{GUID}", "empty item"),
        (("--report", GUID, "--rows", "/nowhere/rows"), "", "/nowhere/rows"),
        (("--report", GUID, "--rows", "-"), f"user:{GUID}", GUID),
    ],
)
def test_rows_that_cannot_be_read_are_named_and_nothing_starts(
    deployment: Deployment, options: tuple[str, ...], typed: str, said: str
) -> None:
    harmed(deployment)
    refused = deployment.run("recover", "latest", *options, typed=typed)
    assert refused.status in {2, 3}
    assert said in refused.err
    assert len(deployment.run("jobs").json["value"]) == 1


def test_a_type_that_graph_refuses_is_named_by_the_job_and_the_list_of_snapshots(deployment: Deployment) -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path=r"^/groups\b|^/directory/deletedItems/microsoft.graph.group\b")
    deployment.world.simulator.world.faults.rules.append(rule)
    captured = deployment.run("capture", "--wait", is_terminal=True)
    assert captured.status == 0
    assert "without group" in captured.out
    assert "403 Authorization_RequestDenied" in captured.out
    assert list(deployment.run("snapshots").json["value"][0]["tidemark.incomplete"]) == ["group"]
    assert "without" in deployment.run("snapshots", is_terminal=True).out
    assert "LEFT OUT: Graph refused group" in deployment.run("vault").err
