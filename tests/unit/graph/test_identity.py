"""Who we are, told from our own token."""

from __future__ import annotations

import base64
import json

import pytest

from shared.graph.identity import app_id_of


def a_token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{body}.signature"


@pytest.mark.parametrize("claims", [{"appid": "a-1"}, {"azp": "a-1"}, {"appid": "a-1", "azp": "other"}])
def test_the_application_is_the_one_the_token_was_issued_to(claims: object) -> None:
    assert app_id_of(a_token(claims)) == "a-1"


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.!!.c", a_token([]), a_token({}), a_token({"appid": 7})])
def test_a_token_that_does_not_say_names_nobody(token: str) -> None:
    assert app_id_of(token) == ""
