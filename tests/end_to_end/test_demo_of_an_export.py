"""The main job over a real exported configuration, dangling references included."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.demo_runs import EXPORT, demo


@pytest.mark.skipif(not EXPORT.is_dir(), reason=f"the real export is not beside this repository ({EXPORT.name})")
def test_a_real_export_is_backed_up_damaged_and_brought_back(tmp_path: Path) -> None:
    status, output, figures = demo(tmp_path, "--objects", "300", "--from", str(EXPORT))
    assert status == 0, output
    assert figures["differences_remaining"] == 0
    assert figures["changes"]["restore"] > 0
