"""Faults of the recovery engine, each with the tests that have to notice.

The tests named are the quick ones of those that do; the laws and the enumerated deaths notice most of these as well.
"""

from __future__ import annotations

from tests.mutations.planting import Mutation

DEATHS = "tests/simulation/test_every_death.py::test_a_worker_may_die_at_any_call"

ENGINE = (
    Mutation(
        "the fencing token is not compared",
        "shared/jobs/lease.py",
        "if row is None or not row.is_held or row.job_id != job_id or row.fencing_token != fencing_token:",
        "if row is None or not row.is_held or row.job_id != job_id:",
        ("tests/unit/jobs/test_lease.py", "tests/unit/runs/test_tenure.py"),
    ),
    Mutation(
        "a worker that stood still writes on without asking for its lease",
        "shared/runs/tenure.py",
        "        if not self._is_doubtful():\n            return\n",
        "        return\n",
        ("tests/unit/runs/test_tenure.py",),
    ),
    Mutation(
        "a repeated write does not ask whether the tenant is still ours",
        "shared/graph/sending.py",
        "            await hold()  # here",
        "            pass  # here",
        ("tests/contract/graph/test_holding.py",),
    ),
    Mutation(
        "a group counts as done before it is written",
        "shared/runs/groups.py",
        'cursor = {"groups": int(batch.cursor.get("groups", 0)), "inFlight"',
        'cursor = {"groups": number + 1, "inFlight"',
        (f"{DEATHS}[3-after]",),
    ),
    Mutation(
        "references of restored objects are not read again",
        "shared/runs/relinking.py",
        "                if row.action is Action.RESTORE:\n",
        "                if row.action is Action.LINK:\n",
        ("tests/simulation/test_restored_links.py",),
    ),
    Mutation(
        "what comes back keeps references of a kind that it had none of",
        "shared/runs/relinking.py",
        "                if row.links or row.action is Action.RESTORE:\n",
        "                if row.links:\n",
        ("tests/simulation/test_restored_links.py",),
    ),
    Mutation(
        "waves run in the wrong order",
        "shared/jobs/flow.py",
        "wave = min(batch.wave for batch in undone)",
        "wave = max(batch.wave for batch in undone)",
        ("tests/unit/jobs/test_flow.py",),
    ),
    Mutation(
        "the group is not noted as in flight",
        "shared/runs/applying.py",
        "        await groups.note(number, before)\n",
        "",
        (f"{DEATHS}[3-after]", f"{DEATHS}[2-after]", f"{DEATHS}[1-after]", f"{DEATHS}[0-after]"),
    ),
    Mutation(
        "a group is recorded before those ahead of it",
        "shared/runs/groups.py",
        "            await self._moved.wait_for(lambda: self._done == number)\n",
        "            await self._moved.wait_for(lambda: self._done <= number)\n",
        ("tests/unit/runs/test_groups.py",),
    ),
    Mutation(
        "a group that begins forgets those in flight",
        "shared/runs/groups.py",
        'others = [one for one in in_flight(batch) if one["group"] != number]',
        'others = [one for one in in_flight(batch) if one["group"] == -1]',
        ("tests/unit/runs/test_groups.py",),
    ),
    Mutation(
        "two calls write one object at a time",
        "shared/graph/lanes.py",
        "        return queue[0] is who\n",
        "        return who in queue\n",
        ("tests/unit/graph/test_lanes.py", "tests/contract/graph/test_writes.py"),
    ),
    Mutation(
        "a throttled write counts as done",
        "shared/graph/retry.py",
        "return status in UNCLEAR or status in (424, 429) or",
        "return status in UNCLEAR or status == 424 or",
        ("tests/contract/graph/test_throttling.py", "tests/contract/graph/test_writes.py"),
    ),
    Mutation(
        "a cancel is not seen",
        "shared/runs/tenure.py",
        "            return Pause.CANCEL\n",
        "            return None\n",
        ("tests/unit/runs/test_tenure.py", "tests/simulation/test_lives_of_jobs.py"),
    ),
    Mutation(
        "a restore is sent again blindly",
        "shared/graph/last_answers.py",
        "if reply.status == 404 and place in self._unclear and settling.is_restore(write.path):",
        "if reply.status == 404 and place in self._tries and settling.is_restore(write.path):",
        ("tests/contract/graph/test_writes.py",),
    ),
    Mutation(
        "a POST that makes another object is sent again blindly",
        "shared/graph/last_answers.py",
        "if self._writes[place].makes_another and reply.status in retry.UNCLEAR:",
        "if self._writes[place].makes_another and reply.status in ():",
        ("tests/simulation/test_recreation.py",),
    ),
    Mutation(
        "a message that comes twice is worked on twice",
        "shared/runs/ledger.py",
        "if batch.state is BatchState.RUNNING and row.age_seconds <= lease.ttl_seconds + MARGIN_SECONDS:",
        "if batch.state is BatchState.WAITING and row.age_seconds < 0:",
        ("tests/unit/runs/test_tenure.py",),
    ),
    Mutation(
        "a plan that has changed is carried out",
        "shared/runs/laying.py",
        "if job.plan_digest and job.plan_digest != estimate.digest:",
        "if job.plan_digest and not estimate.digest:",
        ("tests/simulation/test_plans.py",),
    ),
    Mutation(
        "what is right already is written again",
        "shared/recover/decide.py",
        'return (Result.ALREADY_RIGHT, "") if is_linked == (change.action is Action.LINK) else None',
        "return None",
        ("tests/unit/recover/test_decide.py",),
    ),
    Mutation(
        "a pack of links that is refused is not halved",
        "shared/recover/answers.py",
        "if links > 1 and answer.status in {400, 404}:",
        "if links > 99 and answer.status in {400, 404}:",
        ("tests/unit/recover/test_answers.py",),
    ),
    Mutation(
        "a type that is refused is asked on and on",
        "shared/recover/refusals.py",
        "    if is_stopped(change.type, change.action, counts):\n",
        "    if not counts and is_stopped(change.type, change.action, counts):\n",
        ("tests/unit/recover/test_refusals.py",),
    ),
    Mutation(
        "a full tenant is written to on and on",
        "shared/recover/refusals.py",
        "    if counts.get(QUOTA_COUNT):\n        return _unsent",
        "    if not counts:\n        return _unsent",
        ("tests/unit/recover/test_refusals.py",),
    ),
    Mutation(
        "what a retry brings back is not linked",
        "shared/runs/replanning.py",
        "            return [*await self._laying.end(), *relinking(self._tenure.job)]",
        "            return await self._laying.end()",
        ("tests/simulation/test_undo.py", "tests/simulation/test_recreation_meanwhile.py"),
    ),
    Mutation(
        "a removed grant is forgotten",
        "shared/recover/decide.py",
        'return {"isDeleted": False, WHOLE: creatable(type_named(change.type), look.body)}',
        'return {"isDeleted": False}',
        ("tests/unit/recover/test_undo.py",),
    ),
    Mutation(
        "a batch that gets nowhere is taken for ever",
        "shared/runs/worker.py",
        "            if tenure.batch.stalls > STALLS_MAX:",
        "            if tenure.batch.stalls > STALLS_MAX * 1_000_000:",
        (
            "tests/simulation/test_lives_of_jobs.py::test_a_batch_that_nobody_gets_further_fails_its_job_by_name_although_the_watchdog_revives_it",
        ),
    ),
    Mutation(
        "what an agent's blueprint is called is not rewritten",
        "shared/catalogue/service_principal.py",
        '("agentIdentityBlueprintId", "alternativeNames", "appId", "servicePrincipalNames")',
        '("alternativeNames", "appId", "servicePrincipalNames")',
        ("tests/simulation/test_agents_created_anew.py",),
    ),
)
