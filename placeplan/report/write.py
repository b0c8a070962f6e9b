"""Everything that leaves: the run's folder with its tables, page, map, workbook and GeoPackage."""

from collections.abc import Callable, Mapping
from dataclasses import replace as changed
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from placeplan.errors import UsageError
from placeplan.geo.maps import png_bytes
from placeplan.privacy import share_safe
from placeplan.report.atlas import atlas_html, has_atlas
from placeplan.report.case_page import case_html, cases_of
from placeplan.report.compare_page import compare_html
from placeplan.report.coverage_maps import coverage_maps
from placeplan.report.decision_log import decision_log_bytes
from placeplan.report.fan_charts import fan_files, svg_text
from placeplan.report.forecast_page import forecast_html
from placeplan.report.geopackage import geopackage_bytes, has_layers
from placeplan.report.map import draw_map, has_map, map_png
from placeplan.report.named import in_its_words
from placeplan.report.page import page_html
from placeplan.report.partnership_page import partnership_html
from placeplan.report.trade_offs_section import frontier_figure
from placeplan.report.workbook import workbook_bytes
from placeplan.runs import LAYERS_FILE, Run, as_written, write_run

__all__ = ["figure", "write_report"]


def _shown(run: Run, *, internal: bool) -> Run:
    if not internal:
        return share_safe(run)
    if run.facts.get("share_safe"):
        raise UsageError("the run holds no detail, since it was written without; run the command again with --internal")
    return changed(run, internal=True)


@in_its_words
def write_report(
    run: Run,
    out: str | Path,
    *,
    internal: bool = False,
    replace: bool = False,
    timings: Mapping[str, float] | None = None,
) -> Path:
    """Write the run at ``out`` with everything made of it, and return the folder.

    Small counts are withheld unless ``internal`` is asked for: then the tables hold the detail, child rows among
    them, and every page is marked INTERNAL. Raises ``UsageError`` where ``out`` exists and ``replace`` is not given, or
    where detail is asked of a run that was written without it.
    """
    shown = as_written(_shown(run, internal=internal))
    makers = {
        "coverage": _coverage_files,
        "forecast": _forecast_files,
        "compare": _compare_files,
        "options": _options_files,
    }
    files = makers.get(run.command, _allocation_files)(shown)
    if has_layers(shown):
        files[LAYERS_FILE] = lambda: geopackage_bytes(shown)
    return write_run(shown, out, files=files, timings=timings, replace=replace)


def _allocation_files(run: Run) -> dict[str, Callable[[], bytes] | Path]:
    picture = map_png(run) if has_map(run) else None
    files: dict[str, Callable[[], bytes] | Path] = {
        "report.html": lambda: page_html(run, map_png=picture).encode(),
        "run.xlsx": lambda: workbook_bytes(run),
    }
    if picture is not None:
        files["map.png"] = lambda: picture
    drawn = frontier_figure(run)
    if drawn is not None:
        made = {"frontier.png": png_bytes(drawn), "frontier.svg": svg_text(drawn).encode()}
        files |= {name: partial(bytes, content) for name, content in made.items()}
    return files


def _coverage_files(run: Run) -> dict[str, Callable[[], bytes] | Path]:
    if not has_atlas(run):
        return {}
    files: dict[str, Callable[[], bytes] | Path] = {"atlas.html": lambda: atlas_html(run).encode()}
    files.update({name: partial(bytes, made) for name, made in coverage_maps(run).items()})
    return files


def _forecast_files(run: Run) -> dict[str, Callable[[], bytes] | Path]:
    return {
        "forecast.html": lambda: forecast_html(run).encode(),
        "run.xlsx": lambda: workbook_bytes(run),
        **fan_files(run),
    }


def _compare_files(run: Run) -> dict[str, Callable[[], bytes] | Path]:
    return {"compare.html": lambda: compare_html(run).encode(), "run.xlsx": lambda: workbook_bytes(run)}


def _options_files(run: Run) -> dict[str, Callable[[], bytes] | Path]:
    pages = {f"cases/{case}.html": partial(_case_bytes, run, case) for case in cases_of(run)}
    return {
        "options.html": lambda: partnership_html(run).encode(),
        "run.xlsx": lambda: workbook_bytes(run),
        "decisions.xlsx": lambda: decision_log_bytes(run),
        **pages,
    }


def _case_bytes(run: Run, case: str) -> bytes:
    return case_html(run, case).encode()


@in_its_words
def figure(run: Run, *, internal: bool = False) -> Figure:
    """The map as a matplotlib figure, small counts withheld unless ``internal`` is asked for."""
    return draw_map(_shown(run, internal=internal))
