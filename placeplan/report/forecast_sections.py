"""What a forecast says in words and tables: the answer, how far to trust it, demand, scenarios, sizes, SCAP."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from placeplan.county.vocabulary import KINDS, PLACEMENTS
from placeplan.privacy_forecast import PREFIX
from placeplan.report.cells import Table, cell, number_columns, text_columns
from placeplan.report.coverage_page import Section
from placeplan.report.fan_charts import draw_fans, fans_of, source_line, svg_text
from placeplan.report.lookup import localities_in_order, locality_names, table
from placeplan.report.words import PHASE_NAMES, WITHHELD, count, label, pounds
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


def _school_year(year: Any) -> str:
    return f"{int(year)}/{(int(year) + 1) % 100:02d}"


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


def forecast_lede(run: Run) -> str:
    """The answer in two sentences, with its bands."""
    start, year = _middle_year(run)
    now, then = _of(run, start), _of(run, year)
    plans = _plans(run, "plans", year)
    if then is None or plans is None or pd.isna(then["median"]):
        return "The forecast is in the tables below."
    today = (
        "" if now is None or pd.isna(now["median"]) else f", against {count(now['median'])} in {_school_year(start)}"
    )
    return (
        f"In {_school_year(year)} about {count(then['median'])} children will need a specialist place{today}; in 80 of "
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
        _placed(run),
        _sizes(run),
        _scap(run),
        _as_of(run),
        _rests(run),
    ]
    return [section for section in made if section is not None]


def _band(row: dict[Any, Any] | None, level: str) -> str:
    if row is None:
        return ""
    if "suppressed" in row and not pd.isna(row["suppressed"]):
        return WITHHELD
    return f"{count(row[f'low_{level}'])} to {count(row[f'high_{level}'])}"


def _medians(cells: Sequence[dict[Any, Any] | None]) -> list[str]:
    return ["" if one is None else cell(one, "median") for one in cells]


def _kinds(run: Run) -> Section | None:
    start, year = _middle_year(run)
    last = int(run.facts["forecast_years"][1])
    years = sorted({start, start + 1, start + 3, year, last} & set(range(start, last + 1)))
    kinds = [kind for kind in KINDS if _of(run, last, kind=kind) is not None]
    rows = []
    for kind in [*kinds, ALL]:
        cells = [_of(run, one, kind=kind) if kind != ALL else _of(run, one) for one in years]
        name = "All kinds" if kind == ALL else label("kind", kind)
        rows.append((name, *_medians(cells), _band(cells[-1], "80"), _band(cells[-1], "95")))
    columns = (*text_columns("Kind of place"), *number_columns(*(_school_year(one) for one in years)))
    columns += number_columns(f"80 of 100, {_school_year(last)}", f"95 of 100, {_school_year(last)}")
    said = (
        "The middle of all futures, by the academic year. Medians of parts do not add up to the median of their sum.",
    )
    names = locality_names(run)
    by_place = []
    for place in localities_in_order(run):
        cells = [_of(run, one, locality=place) for one in years[1:]]
        by_place.append((names[place], *_medians(cells), _band(cells[-1], "80")))
    where = (*text_columns("Locality"), *number_columns(*(_school_year(one) for one in years[1:])))
    where += number_columns(f"80 of 100, {_school_year(last)}")
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
            f"{int(r['horizon'])} ({_school_year(start + int(r['horizon']))})",
            count(r["origins"]),
            _share(r["covered_80"]),
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
                _share(r["wape"]),
                f"{100 * float(r['bias']):+.0f}%",
                f"{float(r['mase']):.1f}" if pd.notna(r["mase"]) else "",
                _share(r["covered_80"]),
                _share(r["covered_95"]),
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


def _share(value: Any) -> str:
    return "" if pd.isna(value) else f"{100 * float(value):.0f}%"


def _states(run: Run) -> Section | None:
    states = table(run, f"{PREFIX}states")
    if states.empty:
        return None
    rows = tuple(
        (
            _school_year(r["year"]),
            str(r["state"]),
            PLACEMENTS[str(r["placement"])].label,
            cell(r, "plans"),
            _share(r["share"]),
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
        (f"Children who need a place in {_school_year(year)}, expected, without and with each scenario.",),
        (Table("forecast_scenarios", f"Scenarios, {_school_year(year)}", columns, rows),),
    )


def _placed(run: Run) -> Section | None:
    frame = table(run, f"{PREFIX}placed")
    if frame.empty:
        return None
    year = _school_year(frame["year"].iloc[0])
    rows = []
    for row in frame.to_dict("records"):
        write = pounds if str(row["measure"]).endswith("pounds") else count
        band = _band(row, "80") if write is count else f"{pounds(row['low_80'])} to {pounds(row['high_80'])}"
        bound = "" if pd.isna(row["lower_bound"]) else pounds(row["lower_bound"])
        rows.append((label("measure", row["measure"]), cell(row, "mean", write), band, bound))
    columns = (*text_columns("Measure"), *number_columns("Mean of draws", "80 of 100", "On expected counts"))
    said = (
        "Children who are still there stay where they are; all others are placed, draw by draw, proven and verified.",
        "What placing the expected counts costs is a lower bound on the mean.",
    )
    return Section(
        f"Placed in {year}", said, (Table("forecast_placed", f"The need of {year}, placed", columns, tuple(rows)),)
    )


def _sizes(run: Run) -> Section | None:
    frame = table(run, f"{PREFIX}size")
    if frame.empty:
        return None
    year = _school_year(frame["year"].iloc[0])
    names = {ALL: "The whole county", **locality_names(run)}
    by_new = {bool(new): part.set_index(["locality", "kind"]) for new, part in frame.groupby("new")}
    kinds = list(dict.fromkeys(frame["kind"]))
    rows = []
    for place in (ALL, *localities_in_order(run)):
        for kind in kinds:
            lines = [by_new[new].loc[(place, kind), :].to_dict() for new in (False, True)]
            sizes = ["none pays" if pd.isna(one["ratio"]) else cell(one, "size") for one in lines]
            rows.append(
                (names[place], label("kind", kind), cell(lines[0], "median"), *sizes, cell(lines[0], "places_then"))
            )
    costs = []
    for kind in kinds:
        old, new = (by_new[one].loc[(ALL, kind), :].to_dict() for one in (False, True))
        paid = [pounds(old[name]) for name in ("independent_pounds", "local_pounds", "fixed_pounds")]
        costs.append(
            (label("kind", kind), *paid, pounds(new["capital_pounds"]), _share(old["ratio"]), _share(new["ratio"]))
        )
    columns = (*text_columns("Where", "Kind of place"), *number_columns("Median need", "Places that pay, existing"))
    columns += number_columns("Places that pay, new", "Places stated")
    heads = (*text_columns("Kind of place"), *number_columns("Independent: fee and transport"))
    heads += number_columns(
        "Local: top-up and transport", "A place", "Building it", "Quantile, existing", "Quantile, new"
    )
    said = (
        (
            "A place that stands empty still costs its yearly sum; a child without one costs the independent fee. One "
            "more place pays for itself up to the size at which it is filled too seldom: the quantile of need below."
        ),
    )
    tables = (
        Table("forecast_size", f"How many places pay for themselves, {year}", columns, tuple(rows)),
        Table("forecast_size_costs", "What the sizes rest on, pounds a year", heads, tuple(costs)),
    )
    return Section("How many places pay for themselves", said, tables)


def _scap(run: Run) -> Section | None:
    frame = table(run, f"{PREFIX}scap")
    if frame.empty:
        return None
    years = sorted({int(year) for year in frame["year"]})
    rows = []
    for phase in ("primary", "secondary"):
        for kind in KINDS:
            part = frame[frame["phase"].eq(phase) & frame["kind"].eq(kind)]
            for year_group in sorted({int(one) for one in part["year_group"]}):
                line = part[part["year_group"].eq(year_group)].set_index("year")
                if not (line["expected"].fillna(1.0) >= 0.5).any():
                    continue
                cells = [cell(line.loc[one].to_dict(), "expected") if one in line.index else "" for one in years]
                name = "Reception" if year_group == 0 else f"Year {year_group}"
                rows.append((PHASE_NAMES[phase], label("kind", kind), name, *cells))
    columns = (
        *text_columns("Phase", "Provision", "Year group"),
        *number_columns(*(_school_year(one) for one in years)),
    )
    said = (
        "Residents with a plan who need specialist provision, expected, in the shape of the School Capacity survey.",
    )
    return Section(
        "For the School Capacity survey", said, (Table("forecast_scap", "By year group", columns, tuple(rows)),)
    )


def _as_of(run: Run) -> Section | None:
    frame = table(run, f"{PREFIX}as_of")
    if frame.empty:
        return None
    shown = frame[frame["series"].eq("all plans")]
    rows = tuple(
        (
            _school_year(r["year"]),
            cell(r, "came"),
            cell(r, "median"),
            _band(r, "80"),
            _band(r, "95"),
        )
        for r in shown.to_dict("records")
    )
    outside = int((~shown["within_95"].astype(bool)).sum())
    verdict = "every year's count lay within it" if outside == 0 else f"{outside} of {len(shown)} years lay outside it"
    said = (
        f"This forecast knew nothing after {_school_year(run.facts['forecast_years'][0])}. Of the 95% band: {verdict}.",
    )
    columns = (*text_columns("Year"), *number_columns("Came", "Median", "80 of 100", "95 of 100"))
    return Section("What came", said, (Table("forecast_as_of", "All plans, forecast and come", columns, rows),))


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


def forecast_part(run: Run) -> dict[str, Any] | None:
    """What a report of places says of the need to come: its words, chart and tables; None without a forecast."""
    if not has_forecast(run):
        return None
    sections = [section for section in (_kinds(run), _trust(run)) if section is not None]
    return {
        "lede": forecast_lede(run),
        "warnings": [str(warning) for warning in run.facts.get("forecast_warnings", [])],
        "charts": forecast_charts(run)[:1],
        "tables": [made for section in sections for made in section.tables[:2]],
    }
