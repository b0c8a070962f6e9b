"""forecast.html: the need of years to come, how sure it is and what it rests on, one page that fetches nothing."""

from collections.abc import Sequence

from placeplan.report.forecast_sections import forecast_charts, forecast_lede, forecast_sections
from placeplan.report.named import in_its_words
from placeplan.report.page import FOOTER, page_environment, provenance
from placeplan.runs import Run

__all__ = ["forecast_html"]


@in_its_words
def forecast_html(run: Run) -> str:
    """The whole page as text; ``run`` is shown as it is, so pass ``share_safe(run)`` for a page that may leave."""
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
