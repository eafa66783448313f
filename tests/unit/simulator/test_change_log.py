"""What is made of a window of the change log is made once, and again only when there is more in the window."""

from __future__ import annotations

from simulator.directory.changes import VIEWS_KEPT, Change, ChangeLog, Happened


def a_log(entries: int) -> ChangeLog:
    log = ChangeLog()
    log.is_recording = True
    for number in range(entries):
        log.append(Change(float(number), f"user-{number}", Happened.UPDATED, ("city",)))
    return log


def test_a_window_is_gone_through_once_for_each_thing_that_is_made_of_it() -> None:
    log, made = a_log(5), list[str]()

    def look(what: str, end: int) -> list[str]:
        def make() -> list[str]:
            made.append(what)
            return [change.object_id for change in log.between(2, end)]

        return log.view(2, end, what, make)

    assert [look("a", 4), look("a", 4), look("b", 4)] == [["user-2", "user-3"]] * 3
    assert made == ["a", "b"]
    assert look("a", 9) == ["user-2", "user-3", "user-4"]
    log.append(Change(9.0, "user-9", Happened.CREATED))
    assert look("a", 9) == ["user-2", "user-3", "user-4", "user-9"], "the window reaches further now"


def test_only_the_windows_asked_for_last_are_kept() -> None:
    log, made = a_log(3), list[int]()
    for what in [*range(VIEWS_KEPT + 1), VIEWS_KEPT, 0]:
        log.view(0, 3, what, lambda what=what: made.append(what))  # type: ignore[misc]
    assert made == [*range(VIEWS_KEPT + 1), 0]
