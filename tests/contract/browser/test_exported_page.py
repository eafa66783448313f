"""The HTML export in a real browser: hostile names stay text, nothing runs, nothing is fetched.

Three pages are opened. The export itself; the same with markup put into its body, as if escaping had failed, which its
policy alone has to stop; and that one without the policy, where the script must run and the image must be asked for: it
proves that the other two would have been caught.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from shared.compare.exports.cells import visible
from shared.compare.exports.heading import digest
from shared.compare.exports.page import html_of
from shared.domain.explanations import Risk
from tests.support.browser import Seen, browsing, missing, opened, unpacked
from tests.unit.compare.test_exports import HEADING, HOSTILE, a_row

IMAGE = "http://127.0.0.1:9/pixel.png"  # nobody listens there: being asked for is what counts
FORGED = f"<script>document.title = 'ran'</script><img src='{IMAGE}' onerror=\"document.title = 'ran'\"></body>"
NAMES = [*HOSTILE, f'<img src="{IMAGE}">', "<script>document.title = 'ran'</script>"]

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    rows = [a_row(name, f"user-{number}", risks=(Risk.PRIVILEGE,)) for number, name in enumerate(NAMES)]
    export = html_of(HEADING, digest(rows)).decode()
    forged = export.replace("</body>", FORGED)
    pages = {"export": export, "forged": forged, "unprotected": forged.replace("Content-Security-Policy", "x-none")}
    folder = tmp_path_factory.mktemp("browser")
    for name, content in pages.items():
        (folder / f"{name}.html").write_text(content)
    return asyncio.run(_visited(folder, list(pages)))


async def _visited(folder: Path, names: list[str]) -> dict[str, Seen]:
    async with browsing(await unpacked(folder), folder) as devtools:
        return {name: await opened(devtools, folder / f"{name}.html") for name in names}


def test_a_browser_shows_hostile_names_as_text_and_asks_for_nothing(seen: dict[str, Seen]) -> None:
    page = seen["export"]
    assert {visible(name) for name in NAMES} <= set(page.cells)
    assert page.title == f"Difference report of {HEADING.target}"
    assert (page.scripts, page.requests, page.refusals) == (0, [], [])


def test_the_policy_alone_stops_a_script_and_an_image_that_got_into_the_page(seen: dict[str, Seen]) -> None:
    page = seen["forged"]
    assert page.scripts == 1, "the forged script is in the page"
    assert page.title == f"Difference report of {HEADING.target}"
    assert page.requests == []
    assert {"script-src-elem", "img-src"} <= set(page.refusals)


def test_without_the_policy_the_same_script_runs_and_the_image_is_asked_for(seen: dict[str, Seen]) -> None:
    page = seen["unprotected"]
    assert page.title == "ran"
    assert page.requests == [IMAGE]
