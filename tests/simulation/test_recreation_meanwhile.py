"""What may come between a purge and its recovery: a narrow scope, somebody's own repair, refusals, a second loss."""

from __future__ import annotations

import msgspec

from shared.domain.changes import Action, Outcome, Result
from shared.domain.jobs import Job, State
from shared.domain.renewals import Renewal, new_ids
from shared.domain.scope import Scope
from shared.recover.lockout.unguarded import UNPROVEN
from shared.runs.applying import NOT_MADE
from simulator.faults import Fault, Faults, Rule
from tests.simulation.purges import Purger
from tests.simulation.test_recreation import purged
from tests.support import virtual_time
from tests.support.platform import TENANT


def test_what_names_a_purged_object_outside_the_scope_is_told_and_left_alone() -> None:
    async def story() -> tuple[Job, list[Renewal]]:
        made = await purged(counts={"group": 12})
        return await made.recover(scope=Scope(types=("group",))), await made.renewals()

    job, renewals = virtual_time.run(story())
    assert job.state is State.SUCCESSFUL, job.error
    assert len(renewals) == 12
    told_of = [text for text in job.warnings if "put the new id there by hand" in text]
    assert told_of
    assert all("is not in the scope of this recovery" in text for text in told_of)
    assert {name.split(".")[1] for name in job.counts if name.startswith("outcome.")} == {"group"}


def test_a_principal_that_somebody_made_again_meanwhile_is_taken_for_the_old_one() -> None:
    async def story() -> tuple[list[Outcome], str, list[Renewal], tuple[list[str], list[str]]]:
        made = await purged(counts={"servicePrincipal": 1})
        [old] = made.purged
        app_id = next(
            msgspec.json.decode(line)[1]["appId"] for line in made.before if f'"id":"{old}"' in line and "appId" in line
        )
        again = Purger(made.platform.simulator, made.platform.clock).send(
            "POST", "/servicePrincipals", {"appId": app_id}
        )
        job = await made.recover()
        return await made.outcomes(job), again["id"], await made.renewals(), await made.missing_and_extra()

    outcomes, again, renewals, apart = virtual_time.run(story())
    [one] = [one for one in outcomes if one.action is Action.RECREATE and one.type == "servicePrincipal"]
    assert (one.result, one.new_id) == (Result.ALREADY_RIGHT, again)
    assert [known.new_id for known in renewals] == [again]
    assert apart == ([], [])


def test_a_user_whose_name_another_person_has_by_now_is_not_created_and_says_why() -> None:
    async def story() -> tuple[list[Outcome], list[Renewal]]:
        made = await purged(counts={"user": 1})
        [old] = made.purged
        lines = (msgspec.json.decode(line) for line in made.before)
        user = next(
            line[1] for line in lines if line[0] == "user" and isinstance(line[1], dict) and line[1]["id"] == old
        )
        body = {
            "accountEnabled": True,
            "displayName": "Somebody else",
            "mailNickname": user["mailNickname"],
            "userPrincipalName": user["userPrincipalName"],
            "passwordProfile": {"password": "for-this-test-1A"},
        }
        Purger(made.platform.simulator, made.platform.clock).send("POST", "/users", body)
        job = await made.recover()
        return await made.outcomes(job), await made.renewals()

    outcomes, renewals = virtual_time.run(story())
    [creation] = [one for one in outcomes if one.action is Action.RECREATE and one.type == "user"]
    assert creation.result is Result.FAILED
    assert "already exists" in creation.message
    assert renewals == []
    assert {one.message for one in outcomes if one.action is Action.UPDATE and one.object_id == creation.object_id} == {
        NOT_MADE
    }


def test_what_failed_to_be_created_is_created_and_linked_by_repeating_what_failed() -> None:
    async def story() -> tuple[Job, Job, list[Renewal], tuple[list[str], list[str]]]:
        made = await purged(counts={"group": 2, "application": 1, "servicePrincipal": 1})
        simulator = made.platform.simulator
        rule = Rule(kind=Fault.FORBIDDEN, method="POST", path="/(groups|applications)$|^/(groups|applications)$")
        upsert = Rule(kind=Fault.FORBIDDEN, method="PATCH", path=r"^/(groups|applications|servicePrincipals)\(")
        simulator.world.faults = Faults([rule, upsert], seed=1)
        first = await made.recover()
        assert rule.fired
        assert upsert.fired
        assert not await made.renewals()
        simulator.world.faults = Faults()
        starting = made.platform.operator.starting
        second = await made.platform.finish(await starting.repeat(TENANT, first.job_id, requested_by="operator"))
        return first, second, await made.renewals(), await made.missing_and_extra()

    first, second, renewals, apart = virtual_time.run(story())
    assert first.counts["outcome.group.recreate.failed"] == 2
    assert second.counts["outcome.group.recreate.applied"] == 2
    assert len(renewals) == 5, "the application's principal was purged with it"
    guarded = second.counts[f"leftAlone.{UNPROVEN}"]
    assert [len(side) for side in apart] == [guarded, guarded], "members, owners, grants, policies name the new objects"
    assert all(line.startswith('["conditionalAccessPolicy"') for side in apart for line in side)


def test_of_one_chosen_group_that_is_created_anew_the_members_are_written() -> None:
    async def story() -> tuple[Job, list[str]]:
        made = await purged(counts={"group": 1})
        [old] = made.purged
        job = await made.recover(scope=Scope(ids={"group": (old,)}))
        missing, _extra = await made.missing_and_extra()
        return job, [line for line in missing if '"members"' in line and old in line]

    job, missing = virtual_time.run(story())
    assert job.counts["outcome.group.recreate.applied"] == 1
    assert job.counts["outcome.group.link.applied"] > 0
    assert missing == []


def test_an_object_that_is_lost_twice_is_created_twice_and_known_by_its_last_id() -> None:
    async def story() -> tuple[str, dict[str, str], tuple[list[str], list[str]]]:
        made = await purged(counts={"user": 1})
        [old] = made.purged
        await made.recover()
        [first] = await made.renewals()
        await Purger(made.platform.simulator, made.platform.clock).purge("user", first.new_id)
        await made.recover()
        return old, new_ids(await made.renewals()), await made.missing_and_extra()

    old, ids, apart = virtual_time.run(story())
    assert len(ids) == 2
    assert len(set(ids.values())) == 1
    assert old in ids
    assert apart == ([], [])
