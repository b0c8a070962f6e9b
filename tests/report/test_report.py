"""The page of a run says what its tables say, and the folder holds all that is made of it."""

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from support.report_parts import with_tables

from placeplan.errors import UsageError
from placeplan.privacy import share_safe
from placeplan.report.map import has_map, map_png
from placeplan.report.page import FOOTER, page_html
from placeplan.report.workbook import workbook_bytes
from placeplan.report.write import write_report
from placeplan.runs import Run, read_run


class Page(HTMLParser):
    """The page as a reader has it: its words, its tables, and whatever it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.headings: list[int] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.captions: dict[str, str] = {}
        self.words: list[str] = []
        self.open: list[str] = []
        self.table = ""
        self.alt: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [str(given[name]) for name in ("src", "href", "action", "srcset", "data") if name in given]
        if tag not in {"meta", "img", "link", "br"}:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.table = str(given["id"])
            self.tables[self.table] = []
            self.captions[self.table] = ""
        if tag == "tr":
            self.tables[self.table].append([])
        if tag in {"td", "th"}:
            self.tables[self.table][-1].append("")
        if tag == "img":
            self.alt.append(given.get("alt"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        if "td" in self.open or "th" in self.open:
            self.tables[self.table][-1][-1] += data
        elif "caption" in self.open:
            self.captions[self.table] += data
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def internal(sample: Run) -> Run:
    return replace(sample, internal=True)


@pytest.fixture(scope="module")
def page(internal: Run) -> Page:
    return Page(page_html(internal, map_png=map_png(internal)))


@pytest.fixture(scope="module")
def safe_page(sample: Run) -> Page:
    safe = share_safe(sample)
    return Page(page_html(safe, map_png=map_png(safe)))


def set_headlines(run: Run, question: str, **values: float) -> Run:
    frame = run.tables["headlines"].copy()
    for measure, value in values.items():
        frame.loc[(frame["question"] == question) & (frame["measure"] == measure), "value"] = value
    return with_tables(run, headlines=frame)


def test_the_page_fetches_nothing(page: Page, safe_page: Page, internal: Run) -> None:
    for one in (page, safe_page):
        assert all(link.startswith(("#", "data:")) for link in one.links)
    text = page_html(internal)
    assert not re.search(r"https?:|@\w*import|url\(|<script", text)


def test_headings_are_in_order_and_every_table_and_picture_says_what_it_is(page: Page) -> None:
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(page.headings, page.headings[1:], strict=False))
    assert all(page.captions.values())
    assert page.alt
    assert all(page.alt)
    assert page.open == []


def test_the_first_screen_answers_with_the_figures_of_the_tables(page: Page, sample: Run) -> None:
    placements = sample.tables["placements"].query("question == 'september'")
    answer = page.text.split("The answer")[1]
    assert f"In September 2025, {435} children need a specialist place" in answer
    assert f"{len(placements)} children have one" in answer
    spot = int((placements["unit"] == "spot_purchase").sum())
    assert f"{435 - len(placements)} children would have no place at all" in answer
    assert f"for {spot} children an independent place would have to be bought" in answer
    costs = sample.tables["costs"].groupby("question")["pounds"].sum()
    assert f"£{costs['september'] / 1e6:.1f}m a year" in answer
    assert f"£{round(costs['september'] - costs['today']):,} more than the £{costs['today'] / 1e6:.1f}m" in answer


def test_the_three_questions_stand_side_by_side(page: Page) -> None:
    head, *rows = page.tables["questions"]
    assert head == ["Measure", "As placed today", "September 2025", "Everyone placed afresh"]
    assert ["Children to be placed", "420", "435", "450"] in rows
    assert "is not a proposal to move any child" in page.text


def test_the_gap_is_told_by_locality_need_and_phase(page: Page, sample: Run) -> None:
    gap = sample.tables["gap"].query("question == 'september'")
    one = gap[(gap["locality"] == "east") & (gap["need"] == "ASD")]
    row = next(row for row in page.tables["gap"] if row[:2] == ["Eastbrook", "Autistic spectrum disorder"])
    shown = dict(zip(page.tables["gap"][0][2:], row[2:], strict=True))
    for phase, name in (("primary", "Primary"), ("secondary", "Secondary")):
        truth = one[one["phase"] == phase][["gap", "spot_purchase"]].sum().sum()
        assert shown[name] == f"{truth:.0f}"
    total = page.tables["gap_by_locality"][-1]
    assert total[1:] == [f"{gap[column].sum():.0f}" for column in ("children", "gap", "spot_purchase", "out_of_county")]


def test_no_gap_is_said_to_be_none(internal: Run) -> None:
    gap = internal.tables["gap"].assign(gap=0, spot_purchase=0)
    run = set_headlines(with_tables(internal, gap=gap), "september", gap=0.0, spot_purchase=0.0)
    page = Page(page_html(run))
    assert "No child is without a suitable place: the gap is none." in page.text
    assert "None: every child has a suitable place with room, in every locality, need and phase." in page.text
    assert "gap" not in page.tables
    assert "All have one" in page.text


def test_costs_add_up_by_line_and_fund(page: Page, sample: Run) -> None:
    costs = sample.tables["costs"].query("question == 'september'")
    head, *rows = page.tables["costs"]
    assert head == ["Cost line", "High needs block", "General fund", "Health", "All funds", "As placed today"]
    total = rows[-1]
    for name, fund in (("High needs block", "high_needs"), ("General fund", "general")):
        assert total[head.index(name)] == f"£{round(costs.loc[costs['fund'] == fund, 'pounds'].sum()):,}"
    assert total[head.index("All funds")] == f"£{round(costs['pounds'].sum()):,}"


def test_places_to_add_are_told_by_locality_kind_and_phase(page: Page, internal: Run) -> None:
    assert ["Eastbrook", "Special school", "Secondary", "Brook Academy", "15", "£150,000"] in page.tables["places"]
    assert page.tables["places"][-1] == ["All", "", "", "", "38", "£380,000"]
    assert "a net saving of £1.0m a year" in page.text
    none = pd.DataFrame({"measure": ["places", "limit_pounds"], "value": [0.0, 1e6]})
    empty = internal.tables["places"].iloc[:0]
    bare = Page(page_html(with_tables(internal, places=empty, places_summary=none)))
    assert "Allowed at most £1.0m a year of gross spending, no place would be added" in bare.text
    assert "places" not in bare.tables


def test_quoted_savings_are_gross_and_net(page: Page) -> None:
    assert (
        "One more place at Kingfisher School would save £30,150 a year; the place itself costs £10,000, so the net "
        "saving is £20,150 a year (and £1,500 of declared penalties, which are not cash)."
    ) in page.text
    worth = [row[5] for row in page.tables["prices"][1:]]
    assert worth == sorted(worth, key=lambda text: -int(text.replace("£", "").replace(",", "")))


def test_an_answer_that_is_not_proven_says_so_first(internal: Run) -> None:
    proof = internal.tables["proof"].copy()
    proof.loc[1, ["status", "objective_pounds", "bound_pounds", "gap_pounds"]] = ["feasible", 9e6, 8.75e6, 250_000.0]
    text = Page(page_html(with_tables(internal, proof=proof))).text
    before = text.split("In September 2025")[0]
    assert "September 2025 is the best answer found, not proven the best: it costs £9.0m" in before
    assert "none can cost less than £8.8m" in before
    assert "at most £250,000 a year from the best" in before


def test_places_that_are_not_proven_and_an_answer_that_failed_its_check_are_told(internal: Run) -> None:
    facts = {**internal.facts, "places_proof": {"status": "feasible", "objective_pounds": 5.0, "bound_pounds": 3.0}}
    proof = internal.tables["proof"].assign(verified=[True, False, True])
    text = Page(page_html(replace(with_tables(internal, proof=proof), facts=facts))).text
    assert "best list found, not proven the best: at most £2 a year from the best" in text
    assert "September 2025 did not pass the independent check" in text
    assert "Not every answer passed the check" in text


def test_a_share_safe_page_shows_no_need_and_marks_what_it_withholds(safe_page: Page, page: Page) -> None:
    assert "Autistic spectrum disorder" in page.text
    assert "Autistic spectrum disorder" not in safe_page.text
    assert "Broad area of need" in safe_page.tables["gap"][0]
    assert any("c" in row for row in safe_page.tables["gap"])
    assert safe_page.tables["costs"][-1][1] == "c"
    assert "Small counts are withheld." in safe_page.text
    assert "not for publication" in safe_page.text
    assert "INTERNAL" not in safe_page.text
    assert page.text.count("INTERNAL") >= 3
    for one in (safe_page, page):
        assert "Data: example, invented children." in one.text
        assert FOOTER in one.text


def test_what_the_data_hold_is_written_as_text(internal: Run) -> None:
    named = internal.tables["units_named"].assign(name="<script>alert(1)</script>")
    assert "<script" not in page_html(with_tables(internal, units_named=named))


@pytest.mark.parametrize("question", ["today", "afresh"])
def test_a_run_of_one_question_has_its_page(internal: Run, question: str) -> None:
    tables = {
        name: frame[frame["question"] == question] if "question" in frame.columns else frame
        for name, frame in internal.tables.items()
        if name not in {"places", "places_summary"}
    }
    run = replace(internal, tables=tables)
    page = Page(page_html(run, map_png=map_png(run)))
    assert len(page.tables["questions"][0]) == 2
    assert "places" not in page.tables
    assert page.text.count("Today, 420 children") == (question == "today")


def test_a_run_without_answers_has_a_page_all_the_same() -> None:
    run = Run("travel", "Testshire", {"travel": pd.DataFrame({"zone": ["Z1"], "site": ["S1"]})}, {}, {"options": {}})
    assert not has_map(run)
    assert "Testshire: travel" in page_html(run)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(run)))
    assert book.sheetnames == ["Answer", "Travel"]


def test_a_report_is_the_same_bytes_twice_but_for_its_timings(sample: Run, tmp_path: Path) -> None:
    one = write_report(sample, tmp_path / "one", timings={"report": 1.0})
    two = write_report(sample, tmp_path / "two", timings={"report": 2.0})
    names = sorted(path.relative_to(one).as_posix() for path in one.rglob("*") if path.is_file())
    assert {"report.html", "run.xlsx", "run.gpkg", "map.png", "run.json", "timings.json"} <= set(names)
    assert [name for name in names if (one / name).read_bytes() != (two / name).read_bytes()] == ["timings.json"]


def test_a_report_is_share_safe_unless_the_detail_is_asked_for(sample: Run, tmp_path: Path) -> None:
    safe = write_report(sample, tmp_path / "safe")
    assert not (safe / "tables" / "placements.csv").exists()
    everything = b"".join(path.read_bytes() for path in safe.rglob("*") if path.is_file())
    assert b"C0001" not in everything
    assert not read_run(safe).internal
    detail = write_report(sample, tmp_path / "detail", internal=True)
    assert (detail / "tables" / "placements.csv").exists()
    assert read_run(detail).internal


def test_a_report_is_written_again_from_its_folder(sample: Run, tmp_path: Path) -> None:
    detail = read_run(write_report(sample, tmp_path / "detail", internal=True))
    again = write_report(detail, tmp_path / "again")
    assert "INTERNAL" not in (again / "report.html").read_text(encoding="utf-8")
    safe = read_run(again)
    assert set(safe.layers) == {"localities", "sites"}
    same = write_report(safe, tmp_path / "same")
    # Made at once or from its tables: the same bytes, whatever is made of them.
    for one, other in ((same, again), (write_report(detail, tmp_path / "more", internal=True), tmp_path / "detail")):
        written = {path.relative_to(other): path.read_bytes() for path in other.rglob("*") if path.is_file()}
        assert {path.relative_to(one): path.read_bytes() for path in one.rglob("*") if path.is_file()} == written
    with pytest.raises(UsageError, match="holds no detail"):
        write_report(safe, tmp_path / "never", internal=True)
    assert not (tmp_path / "never").exists()
