"""Which new id stands for which old one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.domain.renewals import Renewal, new_ids
from tests.support.builders import AT, an_id


def a_renewal(old: str, new: str, *, later: int = 0, **members: Any) -> Renewal:
    at = AT + timedelta(seconds=later)
    return Renewal(type="user", old_id=an_id(old), new_id=an_id(new), job_id=an_id("job-1"), at=at, **members)


def test_an_old_id_leads_to_the_new_one() -> None:
    assert new_ids([a_renewal("old", "new")]) == {an_id("old"): an_id("new")}


def test_an_object_created_anew_twice_has_one_present_id() -> None:
    renewals = [a_renewal("second", "third", later=1), a_renewal("first", "second")]
    assert new_ids(renewals) == {an_id("first"): an_id("third"), an_id("second"): an_id("third")}


def test_of_two_renewals_of_one_object_the_later_counts_whatever_their_order() -> None:
    renewals = [a_renewal("old", "late", later=1), a_renewal("old", "early")]
    assert new_ids(renewals)[an_id("old")] == an_id("late")


def test_an_application_is_known_by_two_ids() -> None:
    one = a_renewal("old", "new", old_app_id=an_id("old app"), new_app_id=an_id("new app"))
    assert new_ids([one]) == {an_id("old"): an_id("new"), an_id("old app"): an_id("new app")}


def test_a_map_that_leads_round_in_a_circle_ends() -> None:
    renewals = [a_renewal("a", "b"), a_renewal("b", "a", later=1)]
    assert new_ids(renewals) in ({an_id("a"): an_id("b")}, {an_id("a"): an_id("b"), an_id("b"): an_id("a")})
