"""forecast.html: the need of years to come, how sure it is and what it rests on, one page that fetches nothing."""

from collections.abc import Sequence
from typing import Final

from placeplan.privacy_forecast import PREFIX
from placeplan.report.forecast_sections import forecast_charts, forecast_lede, forecast_sections
from placeplan.report.lookup import as_written
from placeplan.report.page import FOOTER, page_environment, provenance
from placeplan.runs import Run

__all__ = ["forecast_html"]

_LOOKED_UP: Final = frozenset({f"{PREFIX}need", f"{PREFIX}totals", "localities"})
"""Tables that are looked up by label, and the one whose order is its own."""


def forecast_html(run: Run) -> str:
    """The whole page as text; ``run`` is shown as it is, so pass ``share_safe(run)`` for a page that may leave."""
    run = as_written(run, looked_up=_LOOKED_UP)
    warnings: Sequence[str] = run.facts.get("forecast_warnings", [])
    return (
        page_environment()
        .get_template("forecast.html.j2")
        .render(
            title=f"Need to come in {run.county}",
            county=run.county,
            internal=run.internal,
            data_label=run.facts.get("data_label") or "not labelled",
            as_of=run.facts.get("as_of", ""),
            lede=forecast_lede(run),
            warnings=[str(warning) for warning in warnings],
            charts=forecast_charts(run),
            sections=forecast_sections(run),
            provenance=provenance(run),
            footer=FOOTER,
        )
    )
