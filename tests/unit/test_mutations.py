"""The list of planted faults plants what it says, and what is planted is noticed.

All of them are planted by `make mutations`; here only a few whose tests take a moment.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations.__main__ import ALL
from tests.mutations.planting import ROOT, MissingTextError, Mutation, copied, survives

QUICK = (
    "waves run in the wrong order",
    "the fencing token is not compared",
    "a full tenant is written to on and on",
    "rule 7: a policy that has not landed is switched on",
)


@pytest.mark.parametrize("mutation", ALL, ids=lambda one: one.name)
def test_every_mutation_still_finds_its_text_and_its_tests(mutation: Mutation) -> None:
    assert mutation.planted() != (ROOT / mutation.file).read_text()
    for test in mutation.tests:
        assert (ROOT / test.partition("::")[0]).exists(), test


def test_no_two_mutations_share_a_name() -> None:
    names = [mutation.name for mutation in ALL]
    assert len(set(names)) == len(names)


def test_a_text_that_is_no_longer_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text("nothing of it\n")
    mutation = Mutation("gone", "some.py", "what was here once", "", ())
    with pytest.raises(MissingTextError, match=r"some\.py has the text 0 times"):
        mutation.planted(tmp_path)


def test_some_planted_faults_are_noticed_and_a_harmless_change_is_not() -> None:
    harmless = Mutation("harmless", "shared/jobs/flow.py", "import msgspec\n", "import msgspec  # \n", ())
    quiet = Mutation("harmless", harmless.file, harmless.text, harmless.instead, ("tests/unit/jobs/test_lease.py",))
    chosen = [mutation for mutation in ALL if mutation.name in QUICK]
    assert len(chosen) == len(QUICK)
    with copied() as tree:
        assert {one.name: why for one in chosen if (why := survives(one, tree))} == {}
        assert survives(quiet, tree) == "every test passed"
