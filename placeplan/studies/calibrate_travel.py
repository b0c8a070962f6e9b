"""Calibration: the settings of [travel] fitted to half of the observed journeys, with the error on the other half."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.settings import TravelSettings
from placeplan.errors import Fault, InputError
from placeplan.geo.calibrate import factor_fit, speed_fit, straight_line_fit, travel_errors
from placeplan.studies.observed_journeys import ObservedJourneys, read_observed
from placeplan.studies.road_network import county_network, county_zones, journey_source
from placeplan.studies.travel_times import candidate_times, travel_times
from placeplan.synthetic import generator

__all__ = ["Calibration", "calibrate_travel"]

FEWEST_DESTINATIONS: Final = 4
"""Of so many destinations or more, whole destinations are kept, so that the error is of places not seen in the fit."""

EVEN: Final = (0.35, 0.65)
"""The share of journeys that either half may hold where whole destinations are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What was fitted to half of the observed journeys, and how far journeys are off before and after.

    ``settings``: item (a class of road in km/h, boarding_minutes, peak_factor, straight_line_kmh), before, after and,
    for classes, share_of_km of the fitted journeys. ``errors``: half (fitted, kept), settings (before, after), then
    the measures of ``geo.calibrate.travel_errors``. ``lines`` are for county.toml. ``method`` says what was kept, and
    how many rows there were. Nothing holds a single journey.
    """

    settings: pd.DataFrame = field(repr=False)
    errors: pd.DataFrame = field(repr=False)
    lines: str
    method: str

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of a run."""
        return {"travel_calibration": self.errors, "travel_fitted": self.settings}

    def sentences(self) -> list[str]:
        """What the calibration means: the error on journeys that the fit has not seen, before and after."""
        kept = self.errors[self.errors["half"] == "kept"].set_index("settings")
        said = [
            f"{when}: {row['mean_absolute_minutes']:.1f} minutes ({row['mean_absolute_percent']:.1f}%)"
            for when, row in kept.iterrows()
        ]
        return [
            self.method,
            f"On {int(kept['pairs'].min()):,} journeys that the fit has not seen the mean error is {'; '.join(said)}.",
        ]


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Settings after the fit, with the share of km on each class of road where there are roads."""

    options: TravelSettings
    share_of_km: Mapping[str, float]


def calibrate_travel(county: County, observed: str | Path) -> Calibration:
    """Fit the speeds of ``county`` to the observed journeys of the csv ``observed``, and judge them on the half kept.

    Where journeys are by road, speeds by class and boarding minutes are fitted, beside the peak factor that is set;
    where they are straight lines, the speed and boarding minutes; where they are a ready matrix, the peak factor and
    boarding minutes. Half of the journeys, by the county's seed, are kept to state the error: whole destinations where
    there are four or more. Raises ``InputError`` with every fault of the file.
    """
    file = Path(observed).name
    journeys = read_observed(observed, county)
    source = journey_source(county)
    if source == "travel":
        _refuse_points(file, county, journeys)
    kept, by = _kept(journeys, county.settings.seed)
    fitted = _fit(file, county, source, journeys, ~kept)
    before, after = (
        _modelled(replace(county, settings=replace(county.settings, travel=options)), journeys)
        for options in (county.settings.travel, fitted.options)
    )
    errors = pd.concat(
        [
            _errors(model, journeys, rows).assign(half=half, settings=when)
            for half, rows in (("fitted", ~kept), ("kept", kept))
            for when, model in (("before", before), ("after", after))
        ],
        ignore_index=True,
    )
    errors = errors[["half", "settings", *(name for name in errors if name not in ("half", "settings", "group"))]]
    method = f"{journeys.rows:,} rows of {file}, {len(kept):,} pairs of a zone and a place; half of them kept, {by}."
    options = county.settings.travel
    return Calibration(
        settings=_settings_table(source, options, fitted),
        errors=errors,
        lines=_lines(file, source, county, fitted.options, int((~kept).sum())),
        method=method,
    )


def _refuse_points(file: str, county: County, journeys: ObservedJourneys) -> None:
    outside = sorted(set(journeys.destinations.index) - set(county.sites["site"]))
    if outside:
        expected = "sites of table sites: the county has a ready matrix, which has no other journeys"
        raise InputError([Fault(file, "", "easting", "; ".join(outside[:5]), expected)])


def _kept(journeys: ObservedJourneys, seed: int) -> tuple[NDArray[np.bool_], str]:
    """Which journeys are kept to judge by, and by what they were chosen."""
    random = generator(seed, "observed journeys kept")
    places = journeys.minutes["site"].to_numpy(dtype=object)
    names = sorted(set(places))
    if len(names) >= FEWEST_DESTINATIONS:
        order = random.permutation(len(names))
        kept = np.isin(places, [names[at] for at in order[: len(names) // 2]])
        if EVEN[0] <= kept.mean() <= EVEN[1]:
            return kept, f"all journeys to {len(names) // 2} of {len(names)} destinations"
    kept = np.zeros(len(places), dtype=np.bool_)
    kept[random.permutation(len(places))[: len(places) // 2]] = True
    return kept, "journey by journey"


def _square(journeys: ObservedJourneys, rows: NDArray[np.bool_]) -> pd.DataFrame:
    return journeys.minutes[rows].pivot_table(index="zone", columns="site", values="minutes")


def _errors(model: pd.DataFrame, journeys: ObservedJourneys, rows: NDArray[np.bool_]) -> pd.DataFrame:
    """How far ``model`` is from some of the journeys; ``left_out`` are those of them that have no way."""
    errors = travel_errors(model, _square(journeys, rows))
    return errors.assign(left_out=int(rows.sum()) - errors["pairs"])


def _modelled(county: County, journeys: ObservedJourneys) -> pd.DataFrame:
    """Minutes from every zone to every destination as the county's settings make them, whatever their limit."""
    options = replace(county.settings.travel, limit_minutes=None)
    county = replace(county, settings=replace(county.settings, travel=options))
    if journey_source(county) == "travel":
        found = travel_times(county, cache=False)
    else:
        found = candidate_times(county, journeys.destinations)
    return pd.DataFrame(found.minutes.astype(np.float64), index=found.zones, columns=found.sites)


def _fit(file: str, county: County, source: str, journeys: ObservedJourneys, rows: NDArray[np.bool_]) -> _Fitted:
    """The settings fitted to some of the journeys, rounded as they are printed."""
    options, observed = county.settings.travel, _square(journeys, rows)
    zones = county_zones(county)
    try:
        if source == "roads":
            network = county_network(county)
            fit = speed_fit(
                network,
                zones,
                journeys.destinations,
                observed,
                snap_limit_metres=options.snap_limit_metres,
                off_road_kmh=options.off_road_kmh,
            )
            speeds = {str(name): round(options.speeds[str(name)] * share, 1) for name, share in fit.multipliers.items()}
            made = replace(options, speeds=options.speeds | speeds, boarding_minutes=round(fit.fixed_minutes, 1))
            return _Fitted(made, {str(name): float(share) for name, share in fit.km_share.items()})
        if source == "straight_line":
            line = straight_line_fit(zones, journeys.destinations, observed, detour=options.straight_line_detour or 1.0)
            kmh = round(line.kmh * options.peak_factor, 1)
            return _Fitted(replace(options, straight_line_kmh=kmh, boarding_minutes=round(line.fixed_minutes, 1)), {})
        plain = replace(options, peak_factor=1.0, boarding_minutes=0.0)
        modelled = _modelled(replace(county, settings=replace(county.settings, travel=plain)), journeys)
        factor = factor_fit(modelled, observed)
    except ValueError as error:
        raise InputError([Fault(file, "", "minutes", str(error), "journeys that can be fitted")]) from error
    return _Fitted(
        replace(options, peak_factor=round(factor.factor, 3), boarding_minutes=round(factor.fixed_minutes, 1)), {}
    )


def _items(source: str, options: TravelSettings, classes: Mapping[str, float]) -> dict[str, float]:
    """The settings that a fit changes, by item."""
    if source == "roads":
        return {**{name: options.speeds[name] for name in classes}, "boarding_minutes": options.boarding_minutes}
    name = "straight_line_kmh" if source == "straight_line" else "peak_factor"
    return {name: getattr(options, name), "boarding_minutes": options.boarding_minutes}


def _settings_table(source: str, options: TravelSettings, fitted: _Fitted) -> pd.DataFrame:
    before, after = (_items(source, one, fitted.share_of_km) for one in (options, fitted.options))
    rows: list[dict[str, Any]] = [
        {"item": name, "before": value, "after": after[name], "share_of_km": fitted.share_of_km.get(name)}
        for name, value in before.items()
    ]
    return pd.DataFrame(rows).astype({"share_of_km": "float64"})


def _lines(file: str, source: str, county: County, options: TravelSettings, fitted: int) -> str:
    """The lines of county.toml that make journeys as the fit does."""
    told = f"fitted to {fitted:,} observed journeys of {file}".replace("\\", "/").replace('"', "'")
    lines = ["[travel]", f"boarding_minutes = {options.boarding_minutes:g}"]
    if source == "straight_line":
        return "\n".join([*lines, f"straight_line_kmh = {options.straight_line_kmh:g}  # {told}"])
    if source == "travel":
        return "\n".join([*lines, f"peak_factor = {options.peak_factor:g}  # {told}"])
    year = f"speeds_year = {county.settings.as_of.year}  # the year in which they were observed"
    speeds = [f'"{name}" = {speed:g}' for name, speed in options.speeds.items()]
    return "\n".join([*lines, f'speeds_source = "{told}"', year, "", "[travel.speeds]", *speeds])
