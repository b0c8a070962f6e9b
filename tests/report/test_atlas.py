"""The atlas in a browser with every host unresolvable: what is chosen, pointed at, moved and printed."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from support.browser import show

import placeplan as pp
from placeplan.county.vocabulary import PHASES
from placeplan.runs import Run, read_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    county = pp.read_county("example:derbyshire")
    answer = pp.measure_coverage(county, pp.travel_times(county, cache=False))
    extra = {"what_if": pp.what_if(answer)}
    out = tmp_path_factory.mktemp("coverage") / "run"
    return pp.report_coverage(answer, out, extra=extra, journeys=pp.with_candidates(answer))


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return read_run(folder)


@pytest.fixture(scope="module")
def atlas(folder: Path) -> Path:
    return folder / "atlas.html"


def opened(browser: Any, atlas: Path, width: int = 1280, choice: str = "") -> None:
    browser.get("about:blank")  # a page that is open already only changes its hash
    show(browser, atlas, width)
    if choice:
        browser.execute_script("location.hash = arguments[0]", choice)
        browser.execute_async_script("setTimeout(arguments[0], 50)")


def text(browser: Any, selector: str) -> str:
    return str(browser.find_element(By.CSS_SELECTOR, selector).text)


def shares(browser: Any) -> dict[str, tuple[str, str, str]]:
    """The table of localities: share within, number beyond and longest journey, by name."""
    rows = browser.execute_script(
        "return [...document.querySelectorAll('#by-locality tr')].map(r => [...r.children].map(c => c.textContent))"
    )
    return {row[0]: (row[1], row[3], row[5]) for row in rows}


def expected(run: Run, choice: tuple[Any, ...]) -> dict[str, tuple[str, str, Any]]:
    """The same table from the run's tables, by plain loops over zones, year groups and units."""
    need, phase, provision, limit, schools, extra = choice
    units = [
        unit
        for unit in run.tables["units_about"].to_dict("records")
        if need in unit["needs"].split(";")
        and unit["provision"] == provision
        and (schools == "all" or unit["in_county"])
        and (not unit["candidate"] or unit["unit"] in extra)
    ]
    minutes = {
        (zone, site): m for zone, site, m in run.tables["journeys"][["zone", "site", "minutes"]].itertuples(index=False)
    }
    people = run.tables["demand"].set_index(["zone", "phase"])["people"].to_dict()
    years = [y for y in PHASES[phase] if any(u["from_year_group"] <= y <= u["to_year_group"] for u in units)]
    rows = []
    for zone, locality in run.tables["zones_about"][["zone", "locality"]].itertuples(index=False):
        each = []
        for y in years:
            there = [minutes[zone, u["site"]] for u in units if u["from_year_group"] <= y <= u["to_year_group"]]
            each.append(min((m for m in there if not np.isnan(m)), default=np.inf))
        rows.append((locality, people.get((zone, phase), 0.0), max(each, default=np.inf)))
    frame = pd.DataFrame(rows, columns=["locality", "people", "minutes"])
    names = run.tables["localities"].set_index("locality")["name"].to_dict()
    made = {}
    for name, some in [*((names[one], frame[frame["locality"] == one]) for one in names), ("The county", frame)]:
        within = some.loc[some["minutes"] <= limit + 1e-9, "people"].sum()
        worst = some["minutes"].max()
        made[name] = (
            f"{np.floor(100 * within / some['people'].sum() + 0.5):.0f}%",
            f"{np.floor(some['people'].sum() - within + 0.5):,.0f}",
            "not reached" if np.isinf(worst) else worst,
        )
    return made


CHOICES = [
    ("ASD", "primary", "ers:alternative", 45, "all", ()),
    ("ASD", "primary", "ers:alternative", 30, "all", ("glossop_base",)),
    ("ASD", "secondary", "ers:integrative", 75, "all", ()),
    ("SEMH", "secondary", "special", 20, "county", ()),
    ("SLD", "post_16", "special", 40, "all", ()),
    ("HI", "primary", "ers:none", 45, "all", ()),
]


@pytest.mark.parametrize("choice", CHOICES, ids=lambda c: "-".join(map(str, c[:5])))
def test_the_page_works_out_what_plain_loops_over_the_tables_do(
    browser: Any, atlas: Path, run: Run, choice: Any
) -> None:
    need, phase, provision, limit, schools, extra = choice
    hash_ = f"need={need}&phase={phase}&provision={provision}&limit={limit}&schools={schools}&with={','.join(extra)}"
    opened(browser, atlas, choice=hash_)
    found, wanted = shares(browser), expected(run, choice)
    assert found.keys() == wanted.keys()
    for name, (share, beyond, worst) in wanted.items():
        assert found[name][:2] == (share, beyond), name
        assert found[name][2] == worst or abs(float(found[name][2]) - float(worst)) <= 0.5 + 1e-9


@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_and_asks_the_network_for_nothing(browser: Any, atlas: Path, width: int) -> None:
    browser.get_log("performance")
    browser.get_log("browser")
    opened(browser, atlas, width)
    assert browser.execute_script("return document.documentElement.dataset.ready") == "yes"
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert asked
    assert all(url.startswith(("file:", "data:", "about:")) for url in asked)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert atlas.stat().st_size < 3_000_000


def test_choosing_changes_the_map_the_legend_and_the_address(browser: Any, atlas: Path) -> None:
    opened(browser, atlas)
    colours = "return [...document.querySelectorAll('#map .zones path')].map(p => p.getAttribute('fill'))"
    before = browser.execute_script(colours)
    assert len(before) == 490
    for field, value in (("measure", "within"), ("provision", "special"), ("phase", "secondary")):
        browser.execute_script(
            "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
            " e.dispatchEvent(new Event('change', {bubbles: true}))", field, value,
        )  # fmt: skip
    assert browser.execute_script(colours) != before
    assert "within 75 minutes" in text(browser, "#legend")
    assert "Special school" in text(browser, "#chosen")
    assert "measure=within" in browser.current_url
    assert "provision=special" in browser.current_url


def test_pointing_and_tapping_tell_of_a_zone(browser: Any, atlas: Path, run: Run) -> None:
    opened(browser, atlas, choice="need=ASD&phase=primary&provision=ers:alternative")
    zone = browser.find_element(By.CSS_SELECTOR, "#map .zones path[data-zone='200']")
    ActionChains(browser).move_to_element(zone).perform()
    name = str(run.tables["zones_about"]["zone"].iloc[200])
    assert text(browser, "#zone h3") == name
    units = run.tables["units_about"]
    mine = units[
        (units["provision"] == "ers:alternative") & (units["from_year_group"] <= 6) & ~units["candidate"].astype(bool)
    ]
    journeys = run.tables["journeys"]
    least = journeys[(journeys["zone"] == name) & journeys["site"].isin(mine["site"])]["minutes"].min()
    assert f"{least:.0f} minutes" in text(browser, "#zone .figure")
    assert "guidance of 45 minutes" in text(browser, "#zone")
    zone.click()
    ActionChains(browser).move_to_element(
        browser.find_element(By.CSS_SELECTOR, "#map .zones path[data-zone='20']")
    ).perform()
    assert text(browser, "#zone h3") == name  # what was tapped stays


def test_the_map_is_moved_by_wheel_drag_buttons_and_keys(browser: Any, atlas: Path) -> None:
    opened(browser, atlas)
    where = "return document.querySelector('#map > g').getAttribute('transform')"
    whole = browser.execute_script(where)
    browser.find_element(By.ID, "zoom-in").click()
    nearer = browser.execute_script(where)
    assert nearer != whole
    drawing = browser.find_element(By.ID, "map")
    ActionChains(browser).move_to_element(drawing).click_and_hold().move_by_offset(60, 40).release().perform()
    moved = browser.execute_script(where)
    assert moved != nearer
    scale = float(re.findall(r"scale\(([\d.]+)", moved)[0])
    browser.execute_script(
        "document.getElementById('map').dispatchEvent(new WheelEvent('wheel',"
        " {deltaY: -100, clientX: 600, clientY: 500, cancelable: true}))"
    )
    assert float(re.findall(r"scale\(([\d.]+)", browser.execute_script(where))[0]) > scale
    browser.find_element(By.ID, "zoom-reset").click()
    assert browser.execute_script(where) == whole
    browser.execute_script("document.getElementById('map').focus()")
    ActionChains(browser).send_keys(Keys.ARROW_DOWN).perform()
    first = text(browser, "#zone h3")
    ActionChains(browser).send_keys(Keys.ARROW_DOWN).send_keys("+").perform()
    assert text(browser, "#zone h3") != first
    assert browser.execute_script(where) != whole


def test_every_control_has_a_name_and_is_reached_by_keyboard(browser: Any, atlas: Path) -> None:
    opened(browser, atlas)
    nameless = browser.execute_script(
        "return [...document.querySelectorAll('select, input, button')].filter(e => !(e.labels && e.labels.length)"
        " && !e.getAttribute('aria-label')).map(e => e.outerHTML)"
    )
    assert nameless == []
    assert browser.execute_script("return document.getElementById('map').tabIndex") == 0
    assert browser.execute_script("return document.getElementById('map').getAttribute('aria-label')").startswith(
        "Map of 490 zones"
    )
    assert browser.execute_script("return document.getElementById('zone').getAttribute('aria-live')") == "polite"


def test_share_safe_data_has_no_children_by_zone(atlas: Path, run: Run) -> None:
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', atlas.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    assert json.loads(found[1])["children"] is None
    assert "zone_children" not in run.tables
    assert "zone_children" in run.facts["withheld"]


def test_it_prints_on_a4_with_what_was_chosen(browser: Any, atlas: Path) -> None:
    opened(browser, atlas)
    made = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]+)\]", base64.b64decode(made["data"]))
    assert {tuple(round(float(v)) for v in box.split()[2:]) for box in boxes} == {(595, 842)}
