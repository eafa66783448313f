"""TIDEMARK_GRAPH_AVOIDS names ways of asking Graph; an unknown name stops the app by name, not a capture later."""

from __future__ import annotations

import pytest

from shared import wiring
from shared.domain.errors import InputError
from shared.graph.settings import Shortcut


def test_shortcuts_are_named_one_by_one_and_none_is_avoided_unless_named() -> None:
    assert wiring._avoided({}) == frozenset()
    assert wiring._avoided({"TIDEMARK_GRAPH_AVOIDS": " idLists, ranges ,"}) == {Shortcut.ID_LISTS, Shortcut.RANGES}


def test_an_unknown_shortcut_is_refused_with_the_names_there_are() -> None:
    known = ", ".join(sorted(Shortcut))
    with pytest.raises(InputError, match=f"TIDEMARK_GRAPH_AVOIDS has 'idlists'; use some of {known}"):
        wiring._avoided({"TIDEMARK_GRAPH_AVOIDS": "idlists"})
