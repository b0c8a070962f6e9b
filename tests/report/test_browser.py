"""The page as a browser shows it, with every host unresolvable: wide, narrow and on paper."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from support.browser import show

from placeplan.report.write import write_report
from placeplan.runs import Run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(sample: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(sample, tmp_path_factory.mktemp("report") / "run") / "report.html"


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_fits_and_asks_the_network_for_nothing(browser: Any, report: Path, width: int) -> None:
    browser.get_log("performance")
    show(browser, report, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    wide = browser.execute_script(
        "return [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, .skip')"
        " && e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.tagName + ' ' + e.className)"
    )
    assert wide == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert asked
    assert all(url.startswith(("file:", "data:")) for url in asked)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_answer_is_on_the_first_screen_and_the_headings_are_there(browser: Any, report: Path) -> None:
    show(browser, report, 1280)
    headings = browser.execute_script("return [...document.querySelectorAll('h1, h2')].map(e => e.innerText)")
    assert headings[:2] == ["Who goes where in Exampleshire, September 2025", "The answer"]
    assert {"The gap", "The map", "What it costs", "The method and its proof"} <= set(headings)
    foot = browser.execute_script("return document.querySelector('.tiles').getBoundingClientRect().bottom")
    assert 0 < foot < 900
    shown = browser.execute_script("const i = document.querySelector('.map img'); return [i.complete, i.naturalWidth]")
    assert shown == [True, 1650]


def test_figures_that_run_off_a_narrow_screen_scroll_in_their_own_box(browser: Any, report: Path) -> None:
    show(browser, report, 400)
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('.scroll')].map(e => [getComputedStyle(e).overflowX, e.scrollWidth,"
        " e.clientWidth, e.tabIndex])"
    )
    assert all(overflow == "auto" and tab == 0 for overflow, _, _, tab in boxes)
    assert any(scroll > client for _, scroll, client, _ in boxes)


def test_text_stands_out_from_its_ground(browser: Any, report: Path) -> None:
    """The contrast of every text, by the formula of WCAG 2, is at least 4.5 to 1."""
    show(browser, report, 1280)
    worst = browser.execute_script(
        """
        const rgb = text => text.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
          .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
          .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = e => {
          for (; e; e = e.parentElement) {
            const c = rgb(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] > 0) return c;
          }
          return [255, 255, 255];
        };
        return Math.min(...[...document.querySelectorAll('p, li, td, th, h1, h2, caption, dt, dd, figcaption, span')]
          .filter(e => e.innerText && e.innerText.trim()).map(e => {
            const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
            return (a + 0.05) / (b + 0.05);
          }));
        """
    )
    assert worst >= 4.5


def test_the_page_prints_on_a4(browser: Any, report: Path, tmp_path: Path) -> None:
    show(browser, report, 1280)
    made = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    paper = base64.b64decode(made["data"])
    (tmp_path / "report.pdf").write_bytes(paper)
    sizes = {tuple(round(float(v)) for v in box.split()[2:]) for box in _media_boxes(paper)}
    assert sizes == {(595, 842)}


def _media_boxes(paper: bytes) -> list[str]:
    import re

    return [found.decode() for found in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", paper)]
