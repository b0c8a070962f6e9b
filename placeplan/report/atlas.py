"""atlas.html: the map of coverage that a reader chooses from, one self-contained page that works with no network."""

import json

from placeplan.report.atlas_data import atlas_data
from placeplan.report.coverage_page import coverage_sections, lede
from placeplan.report.named import in_its_words
from placeplan.report.page import page_environment, provenance
from placeplan.runs import Run

__all__ = ["atlas_html", "has_atlas"]


def has_atlas(run: Run) -> bool:
    """Whether the run holds what the atlas needs: outlines, zones, units and journeys."""
    tables = {"zones_about", "units_about", "journeys", "demand", "guidance"}
    return tables <= run.tables.keys() and "localities" in run.layers and len(run.tables["units_about"]) > 0


@in_its_words
def atlas_html(run: Run) -> str:
    """The whole page as text; ``run`` is shown as it is, so pass ``share_safe(run)`` for a page that may leave.

    It needs ``has_atlas(run)``. Figures by zone are worked out in the page from zones, units and journeys alone.
    """
    data = atlas_data(run)
    # Within a script element only "</" could end it and "<!" change its meaning; JSON has its own way to write "<".
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")
    return (
        page_environment()
        .get_template("atlas.html.j2")
        .render(
            title=f"Who can reach what in {run.county}",
            county=run.county,
            internal=run.internal,
            data_label=run.facts.get("data_label") or "not labelled",
            as_of=run.facts.get("as_of", ""),
            lede=lede(run),
            size=data["size"],
            sections=coverage_sections(run),
            provenance=provenance(run),
            data=text,
        )
    )
