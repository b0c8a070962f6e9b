"""What a forecast says in words and tables: the answer, how far to trust it, demand, scenarios, sizes, SCAP."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from placeplan.county.kind_names import placement_name
from placeplan.county.vocabulary import KINDS
from placeplan.privacy_forecast import PREFIX
from placeplan.report.cells import Table, cell, number_columns, text_columns
from placeplan.report.coverage_page import Section
from placeplan.report.fan_charts import draw_fans, fans_of, source_line, svg_text
from placeplan.report.forecast_planning import (
    as_of_section,
    band_words,
    placed_section,
    scap_section,
    sizes_section,
)
from placeplan.report.lookup import localities_in_order, locality_names, table
from placeplan.report.named import in_its_words
from placeplan.report.words import count, label, school_year, share
from placeplan.run_tables import ALL
from placeplan.runs import Run

__all__ = ["forecast_charts", "forecast_lede", "forecast_part", "forecast_sections", "has_forecast"]

_CHARTS: Final = (
    ("county", "Plans and need to come"),
    ("kind", "Need by kind of place"),
    ("locality", "Need by locality"),
)


def has_forecast(run: Run) -> bool:
    """Whether the run holds a forecast."""
    return len(table(run, f"{PREFIX}totals")) > 0


def _of(run: Run, year: int, **labels: str) -> dict[Any, Any] | None:
    totals = table(run, f"{PREFIX}totals")
    keep = totals["year"].eq(year)
    for axis in ("locality", "need", "area", "phase", "kind"):
        keep &= totals[axis].eq(labels.get(axis, ALL))
    rows = totals[keep].to_dict("records")
    return rows[0] if rows else None


def _plans(run: Run, what: str, year: int) -> dict[Any, Any] | None:
    plans = table(run, f"{PREFIX}plans")
    rows = plans[plans["what"].eq(what) & plans["year"].eq(year)].to_dict("records")
    return rows[0] if rows else None


def _middle_year(run: Run) -> tuple[int, int]:
    first, last = (int(year) for year in run.facts["forecast_years"])
    return first, min(first + 5, last)


@in_its_words
def forecast_lede(run: Run) -> str:
    """The answer in two sentences, with its bands."""
    start, year = _middle_year(run)
    now, then = _of(run, start), _of(run, year)
    plans = _plans(run, "plans", year)
    if then is None or plans is None or pd.isna(then["median"]):
        return "The forecast is in the tables below."
    today = "" if now is None or pd.isna(now["median"]) else f", against {count(now['median'])} in {school_year(start)}"
    return (
        f"In {school_year(year)} about {count(then['median'])} children will need a specialist place{today}; in 80 of "
        f"100 futures it is {count(then['low_80'])} to {count(then['high_80'])}. About {count(plans['median'])} "
        f"children will have a plan ({count(plans['low_80'])} to {count(plans['high_80'])})."
    )


def forecast_sections(run: Run) -> list[Section]:
    """The sections of the page, those that the run has something for."""
    made = [
        _kinds(run),
        _trust(run),
        _states(run),
        _scenarios(run),
        placed_section(run),
        sizes_section(run),
        scap_section(run),
        as_of_section(run),
        _rests(run),
    ]
    return [section for section in made if section is not None]


def _medians(cells: Sequence[dict[Any, Any] | None]) -> list[str]:
    return ["" if one is None else cell(one, "median") for one in cells]


def _kinds(run: Run) -> Section | None:
    start, year = _middle_year(run)
    last = int(run.facts["forecast_years"][1])
    years = sorted({start, start + 1, start + 3, year, last} & set(range(start, last + 1)))
    kinds = [kind for kind in KINDS if _of(run, last, kind=kind) is not None]
    rows = []
    for kind in [*kinds, ALL]:
        cells = [_of(run, one, kind=kind) for one in years]
        name = "All kinds" if kind == ALL else label("kind", kind)
        rows.append((name, *_medians(cells), band_words(cells[-1], "80"), band_words(cells[-1], "95")))
    columns = (*text_columns("Kind of place"), *number_columns(*(school_year(one) for one in years)))
    columns += number_columns(f"80 of 100, {school_year(last)}", f"95 of 100, {school_year(last)}")
    said = (
        "The middle of all futures, by the academic year. Medians of parts do not add up to the median of their sum.",
    )
    names = locality_names(run)
    by_place = []
    for place in localities_in_order(run):
        cells = [_of(run, one, locality=place) for one in years[1:]]
        by_place.append((names[place], *_medians(cells), band_words(cells[-1], "80")))
    where = (*text_columns("Locality"), *number_columns(*(school_year(one) for one in years[1:])))
    where += number_columns(f"80 of 100, {school_year(last)}")
    return Section(
        "How many places, of what kind, where",
        said,
        (
            Table("forecast_kinds", "Children who need a specialist place, by kind", columns, tuple(rows)),
            Table("forecast_places", "Children who need a specialist place, by locality", where, tuple(by_place)),
        ),
    )


def _trust(run: Run) -> Section | None:
    trust, scores = table(run, f"{PREFIX}trust"), table(run, f"{PREFIX}backtest")
    if trust.empty:
        return None
    said = ["The same forecast was made from past years, with only what was known then, and held against what came."]
    said += [str(warning) for warning in run.facts.get("forecast_warnings", [])]
    start = int(run.facts["forecast_years"][0])
    rows = tuple(
        (
            f"{int(r['horizon'])} ({school_year(start + int(r['horizon']))})",
            count(r["origins"]),
            share(r["covered_80"]),
            str(r["trust"]),
        )
        for r in trust.sort_values("horizon").to_dict("records")
    )
    columns = (
        *text_columns("Years ahead"),
        *number_columns("Past years tried", "In the 80% band"),
        *text_columns("So the bands are"),
    )
    tables = [Table("forecast_trust", "How far the bands can be trusted", columns, rows)]
    if len(scores):
        chosen = scores[scores["what"].eq("all plans") & scores["horizon"].isin([1, 3, 5])]
        lines = tuple(
            (
                f"{int(r['horizon'])} ahead",
                str(r["method"]),
                count(r["forecasts"]),
                share(r["wape"]),
                f"{100 * float(r['bias']):+.0f}%",
                f"{float(r['mase']):.1f}" if pd.notna(r["mase"]) else "",
                share(r["covered_80"]),
                share(r["covered_95"]),
            )
            for r in chosen.sort_values(["horizon", "method"]).to_dict("records")
        )
        heads = (
            *text_columns("Years", "Method"),
            *number_columns("Forecasts", "Error", "Bias", "MASE", "In 80%", "In 95%"),
        )
        note = "Error: sum of absolute errors over what came. MASE: over the mean yearly change before the origin."
        tables.append(Table("forecast_backtest", "All plans, against simple methods", heads, lines, note=note))
    return Section("How far to trust it", tuple(said), tuple(tables))


def _states(run: Run) -> Section | None:
    states = table(run, f"{PREFIX}states")
    if states.empty:
        return None
    rows = tuple(
        (
            school_year(r["year"]),
            str(r["state"]),
            placement_name(str(r["placement"])),
            cell(r, "plans"),
            share(r["share"]),
            label("kind", r["kind"]),
            cell(r, "needing_expected"),
            str(r["source"]),
        )
        for r in states.to_dict("records")
    )
    columns = (
        *text_columns("Year", "State", "Placement of the plan"),
        *number_columns("Plans", "Share"),
        *text_columns("Needs"),
        *number_columns("Children"),
        *text_columns("Source"),
    )
    said = ("Placements are rationed by supply: who needs a place is not who has one. These are counted beside them.",)
    return Section("Need beyond those who have a place", said, (Table("forecast_states", "By state", columns, rows),))


def _scenarios(run: Run) -> Section | None:
    frame = table(run, f"{PREFIX}scenarios")
    if frame.empty:
        return None
    _, year = _middle_year(run)
    chosen = frame[frame["year"].eq(year)]
    rows = tuple(
        (
            str(r["scenario"]),
            "All kinds" if r["kind"] == ALL else label("kind", r["kind"]),
            cell(r, "without"),
            cell(r, "with_scenario"),
            f"{float(r['difference']):+,.0f}",
            f"{float(r['difference_low']):+,.0f} to {float(r['difference_high']):+,.0f}",
        )
        for r in chosen.to_dict("records")
        if r["kind"] == ALL or abs(float(r["difference"])) >= 0.5
    )
    columns = (
        *text_columns("Scenario", "Kind of place"),
        *number_columns("Without", "With", "Difference", "80 of 100"),
    )
    return Section(
        "Scenarios side by side",
        (f"Children who need a place in {school_year(year)}, expected, without and with each scenario.",),
        (Table("forecast_scenarios", f"Scenarios, {school_year(year)}", columns, rows),),
    )


def _rests(run: Run) -> Section:
    parts = [table(run, f"{PREFIX}notes"), table(run, "assumptions")]
    rows = tuple(
        (str(r["subject"]), str(r["value"]), str(r["source"])) for part in parts for r in part.to_dict("records")
    )
    columns = text_columns("Assumption", "Value", "Source")
    return Section(
        "What it rests on", (), (Table("assumptions", "What was known, and assumptions in use", columns, rows),)
    )


def forecast_charts(run: Run) -> list[tuple[str, str]]:
    """The page's charts: a caption and the SVG itself."""
    made = []
    for which, title in _CHARTS:
        fans = fans_of(run, which)
        if fans:
            made.append((title, svg_text(draw_fans(fans, title="", source=source_line(run)))))
    return made


@in_its_words
def forecast_part(run: Run) -> dict[str, Any] | None:
    """What a report of places says of the need to come: its words, chart and tables; None without a forecast."""
    if not has_forecast(run):
        return None
    sections = [section for section in (_kinds(run), _trust(run)) if section is not None]
    return {
        "lede": forecast_lede(run),
        "warnings": [str(warning) for warning in run.facts.get("forecast_warnings", [])],
        "charts": forecast_charts(run)[:1],
        "tables": [made for section in sections for made in section.tables if made.name != "forecast_backtest"],
    }
