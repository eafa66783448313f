"""Settings that would weaken what is kept have floors, and what is below one is refused by its name."""

from __future__ import annotations

import pytest

from shared.compare.jumps import gone_percent_from
from shared.domain.errors import InputError
from shared.jobs.retention import LIMITS, Rules, rules_from


def test_without_settings_the_defaults_hold() -> None:
    assert rules_from({}) == rules_from(dict.fromkeys(LIMITS, "")) == Rules()
    assert gone_percent_from({}) == 5


def test_settings_are_read() -> None:
    settings = {"TIDEMARK_RETENTION_DAYS": "90", "TIDEMARK_KEPT_NEWEST": "1", "TIDEMARK_WORK_DAYS": "8"}
    assert rules_from(settings) == Rules(retention_days=90, kept_newest=1, work_days=8)
    assert gone_percent_from({"TIDEMARK_ALERT_GONE_PERCENT": "0.5"}) == 0.5


@pytest.mark.parametrize("name", LIMITS)
def test_a_setting_below_its_floor_above_its_ceiling_or_no_number_is_refused(name: str) -> None:
    member, least, most = LIMITS[name]
    for text in (str(least - 1), str(most + 1), "-1", "1.5", "ten", "\u0663\u0663", "9" * 40, " 30"):
        with pytest.raises(InputError, match=name) as caught:
            rules_from({name: text})
        assert caught.value.member == name
    assert getattr(rules_from({name: str(least)}), member) == least


@pytest.mark.parametrize("text", ["51", "-1", "five", "5.123", "nan", "100", "5%"])
def test_an_alert_that_would_wait_for_too_much_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="TIDEMARK_ALERT_GONE_PERCENT"):
        gone_percent_from({"TIDEMARK_ALERT_GONE_PERCENT": text})
