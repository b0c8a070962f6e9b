"""What a report says of cost against travel: two sentences, the chart and a table."""

from typing import Any

from matplotlib.figure import Figure

from placeplan.report.answer import question_name
from placeplan.report.cells import Table, cell, number_columns, text_columns
from placeplan.report.fan_charts import svg_text
from placeplan.report.lookup import table
from placeplan.report.not_known import left_out_of_cost
from placeplan.report.trade_offs_chart import draw_trade_offs, worst_words
from placeplan.report.words import label, pounds, short_pounds
from placeplan.runs import Run

__all__ = ["frontier_figure", "trade_offs_part", "trade_offs_sentences"]


def _question(run: Run) -> str:
    return question_name(run, str(table(run, "frontier")["question"].iloc[0]))


def frontier_figure(run: Run) -> Figure | None:
    """The chart of a run; None where it has no frontier."""
    points = table(run, "frontier")
    if points.empty or points["mean_journey"].isna().all():
        return None
    mark = "INTERNAL. " if run.internal else ""
    source = (
        f"{mark}{run.county}; each point is an answer of which none is better in everything; light where the worst "
        f"locality is best. Data: {run.facts.get('data_label') or 'not labelled'}."
    )
    title = f"{run.county}, {_question(run)}: cost against travel"
    return draw_trade_offs(points, str(points["worst_of"].iloc[0]), title=title, source=source)


def trade_offs_sentences(run: Run) -> list[str]:
    """What the least travel costs more and saves, and where a minute saved is cheapest."""
    frame = table(run, "frontier")
    if frame.empty:
        return []
    rows = frame.sort_values("point").to_dict("records")
    saving = [row for row in rows if row["pounds_per_minute"] == row["pounds_per_minute"]]
    if not saving and frame["minutes_saved"].isna().any():
        return ["What less travel would cost is withheld."]
    if not saving:
        return ["No answer travels less than the cheapest: there is nothing to trade."]
    least = next(row for row in rows if "travel" in str(row["end"]))
    cash = least["cost_pounds"] - rows[0]["cost_pounds"]
    said = f"The least travel costs {short_pounds(least['extra_pounds'])} a year more than the least cost"
    if abs(cash - least["extra_pounds"]) >= 50:
        said += f" ({short_pounds(cash)} of it cash, the rest declared penalties)"
    said += f" and saves {least['minutes_saved']:,.0f} minutes a school morning, all children together"
    knee = min(saving, key=lambda row: (row["pounds_per_minute"], row["point"]))
    near = (
        f"A minute saved is cheapest at point {int(knee['point'])}: {pounds(knee['extra_pounds'])} a year more saves "
        f"{knee['minutes_saved']:,.0f} minutes, {pounds(knee['pounds_per_minute'])} a year for each"
    )
    left_out = left_out_of_cost(run, str(frame["question"].iloc[0]))
    without = [f"As for the cost of each point, {left_out}; its mean journey is without them."] if left_out else []
    return [f"{said}.", f"{near}.", *without]


def _frontier_table(run: Run) -> Table:
    points = table(run, "frontier").sort_values("point")
    measure = str(points["worst_of"].iloc[0])
    rows = [
        (
            str(int(row["point"])),
            "" if row["end"] != row["end"] or not row["end"] else label("end", row["end"]),
            pounds(row["cost_pounds"]),
            cell(row, "penalty_pounds", pounds),
            pounds(row["extra_pounds"]),
            f"{row['mean_journey']:.2f}",
            f"{row['minutes_saved']:,.0f}",
            pounds(row["pounds_per_minute"], missing="–"),
            worst_words(float(row["worst_locality"]), measure),
        )
        for row in points.to_dict("records")
    ]
    return Table(
        "frontier",
        f"Cost against travel, {_question(run)}: answers of which none is better in everything",
        (
            *text_columns("Point", "The least of"),
            *number_columns(
                "Cost, £ a year",
                "Declared penalties, £",
                "More than the least, £",
                "Mean journey, minutes",
                "Minutes saved",
                "£ for each minute",
                "Worst locality",
            ),
        ),
        tuple(rows),
        note="More than the least: cash and declared penalties together. Minutes saved: of all children, a school "
        "morning, one way. Every rule of the answer holds in each, and as many children are placed.",
    )


def trade_offs_part(run: Run) -> dict[str, Any] | None:
    """What the page's section holds; None where the run has no frontier."""
    if table(run, "frontier").empty:
        return None
    figure = frontier_figure(run)
    return {
        "said": trade_offs_sentences(run),
        "svg": None if figure is None else svg_text(figure),
        "table": _frontier_table(run),
    }
