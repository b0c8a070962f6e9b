"""The page of a case as a browser shows it: on a screen, on a telephone, and on one side of A4."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from support.browser import show

import placeplan as pp

pytestmark = pytest.mark.browser

CASES = ("C02", "C05", "C08", "C13")
"""One with a package, one with most options, one where independent is right, one with much that is ruled out."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    county = pp.read_county("example:derbyshire")
    travel = pp.travel_times(county)
    answer = pp.allocate_places(county, travel)
    options = [pp.case_options(county, travel, answer, case, estimate=True) for case in CASES]
    run = pp.options_run(county, travel, options)
    return pp.write_report(run, tmp_path_factory.mktemp("options") / "run", internal=True)


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_on_one_side_of_a4(browser: Any, pages: Path, case: str) -> None:
    show(browser, pages / "cases" / f"{case}.html", 1280)
    printed = base64.b64decode(
        browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})["data"]
    )
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1


@pytest.mark.parametrize("width", [1280, 400])
def test_a_page_fits_its_screen(browser: Any, pages: Path, width: int) -> None:
    for page in (pages / "cases" / "C05.html", pages / "options.html"):
        show(browser, page, width)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_map_shows_options_and_the_locality_and_no_home(browser: Any, pages: Path) -> None:
    show(browser, pages / "cases" / "C05.html", 1280)
    shaded, dots, labels = browser.execute_script(
        "const m = document.querySelector('.map svg'); return ["
        "[...m.querySelectorAll('path')].filter(p => p.getAttribute('fill') === '#cfe3f2').length,"
        "m.querySelectorAll('circle').length, [...m.querySelectorAll('text')].map(t => t.textContent)]"
    )
    rows = browser.execute_script("return document.querySelectorAll('tbody tr').length")
    assert shaded == 1
    assert 0 < dots <= rows
    assert all(re.fullmatch(r"[\d, ]+ (\d+ min)?", label) for label in labels)
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('.map text')].map(t => { const b = t.getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom]; })"
    )
    apart = [
        a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 4 or b[3] <= a[1] + 4
        for n, a in enumerate(boxes)
        for b in boxes[:n]
    ]
    assert all(apart), "two labels lie on each other"
