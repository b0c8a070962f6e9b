"""Where best: at which of many places a kind of base would serve most children, all of them, or bring them nearest."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from placeplan.candidates import candidate_units, chosen_candidates
from placeplan.costs import spot_rows
from placeplan.county.vocabulary import OUT_OF_COUNTY
from placeplan.errors import NotProvenError, UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models.capacitated import capacitated_p_median
from placeplan.models.covering import maximal_covering, set_covering
from placeplan.models.p_median import p_median
from placeplan.models.program import DEFAULT_SOLVER, InfeasibleError
from placeplan.models.siting import Siting
from placeplan.reach import Reach, reach_of, suitable
from placeplan.studies.coverage_answers import Coverage

__all__ = ["METHODS", "where_best"]

METHODS: Final = {
    "covering": "most children within guidance",
    "fewest": "fewest bases that bring within guidance all who can be brought",
    "median": "fewest minutes of travel in all",
    "capacitated": "fewest minutes of travel in all, no base above its places",
}
"""What can be asked of a kind of base, and what is made best."""

AS_TODAY: Final = "as today"
"""The site that stands for the nearest suitable place that each child has without any new base."""


def where_best(
    coverage: Coverage,
    travel: TravelTimes,
    *,
    like: str,
    sites: int = 1,
    method: str = "covering",
    at: Iterable[str] | None = None,
    places: float | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> pd.DataFrame:
    """The best places for ``sites`` bases like the candidate ``like`` (its kind, model, needs and year groups).

    ``travel``: the journeys with those to candidates (see ``with_candidates``). ``at``: sites and candidates where
    one could be; all sites in the county and all candidates where none is named. ``method``: one of ``METHODS``. A
    child keeps the nearest suitable unit of today where that is nearer; one who can reach none travels as for a
    place that is bought (``[[spot_purchase]]``). ``places`` of each base count for ``capacitated``; those of ``like``
    unless given.

    One row: method, sites (sought), chosen (``;`` between several), names, children (whose plan such a base would
    meet), within_before, within_after (guidance), child_minutes_before and child_minutes_after (one journey each),
    objective and bound (children, bases or child-minutes), status.

    Raises ``UsageError`` for an unknown method, candidate or site and where no child would be served,
    ``NotProvenError`` where no answer is found in ``time_limit`` seconds.
    """
    if method not in METHODS:
        raise UsageError(f"method {method!r}: expected one of {', '.join(METHODS)}")
    if sites < 1:
        raise UsageError(f"{sites} bases: expected 1 or more")
    bases = _bases(coverage, like, at, travel)
    room = places if places is not None else float(bases["places"].iloc[0])
    if method == "capacitated" and not room > 0:
        raise UsageError(f"the candidate {like} has no places: expected places for the method capacitated")
    before = coverage.reaches["all"]
    mine = suitable(before.groups, bases).any(axis=1) & ~before.nearest["visiting"].to_numpy(bool)
    reach = reach_of(before.groups[mine], bases, travel, coverage.county.settings.guidance_minutes)
    if not np.isfinite(reach.minutes).any():
        raise UsageError(f"bases like {like}: no child's plan would be met by one that can be reached")
    points = _points(coverage, reach, before.nearest.loc[reach.groups.index])
    try:
        found = _sited(points, list(bases.index), sites, method, room, solver=solver, time_limit=time_limit)
    except InfeasibleError as error:
        raise NotProvenError(f"where best: {error}") from error
    return pd.DataFrame([_told(bases, points, found, sites=sites, method=method)])


def _bases(coverage: Coverage, like: str, at: Iterable[str] | None, travel: TravelTimes) -> pd.DataFrame:
    """The base at each place where it could be, in the form of units, index site."""
    county = coverage.county
    pattern = candidate_units(county, chosen_candidates(county, [like])).iloc[0]
    sites = county.sites[county.sites["locality"] != OUT_OF_COUNTY].set_index("site")["name"]
    thought = candidate_units(county, county.candidates)
    apart = thought[~thought["site"].isin(county.sites["site"])]
    names = pd.concat([sites, apart.set_index("site")["site_name"]])
    names = names[names.index.isin(travel.sites)]
    asked = list(names.index) if at is None else [str(site) for site in at]
    unknown = [site for site in asked if site not in names.index]
    if unknown or not asked:
        raise UsageError(f"places {', '.join(unknown) or '(none)'}: expected sites in the county or candidates")
    bases = pd.DataFrame([pattern] * len(asked), index=pd.Index(asked, name="unit"))
    return bases.assign(site=asked, site_name=names.loc[asked].to_numpy()).sort_index()


def _points(coverage: Coverage, reach: Reach, nearest: pd.DataFrame) -> pd.DataFrame:
    """A row for all groups with the same journeys: minutes to each base and as today, guidance, children."""
    groups = reach.groups
    today = nearest["minutes"].to_numpy(float)
    bought = spot_rows(coverage.county, groups["need"], groups["phase"])["minutes"].to_numpy(float)
    guidance = groups["phase"].map(coverage.county.settings.guidance_minutes).to_numpy(float)
    rows = pd.DataFrame(reach.minutes, columns=reach.units.index)
    rows[AS_TODAY] = np.where(np.isfinite(today), today, bought)
    rows["reached today"] = np.isfinite(today)
    rows["guidance"] = guidance
    keys = list(rows.columns)
    rows["children"] = groups["children"].to_numpy(float)
    return rows.groupby(keys, as_index=False, sort=True)[["children"]].sum()


def _sited(
    points: pd.DataFrame,
    bases: list[str],
    sites: int,
    method: str,
    places: float,
    *,
    solver: str,
    time_limit: float | None,
) -> Siting:
    labels = [f"p{row}" for row in range(len(points))]
    minutes = points[[*bases, AS_TODAY]].set_axis(labels)
    weights = points["children"].set_axis(labels)
    if method in ("median", "capacitated"):
        if method == "median":
            return p_median(minutes, weights, sites=sites, existing=[AS_TODAY], solver=solver, time_limit=time_limit)
        capacities = pd.Series({**dict.fromkeys(bases, places), AS_TODAY: float(weights.sum())})
        return capacitated_p_median(
            minutes,
            weights,
            capacities,
            sites=sites,
            whole=False,
            existing=[AS_TODAY],
            solver=solver,
            time_limit=time_limit,
        )
    # In shares of the guidance, so that one limit holds for every phase; a place that is bought is not within it.
    shares = minutes.div(points["guidance"].set_axis(labels), axis=0)
    shares.loc[~points["reached today"].to_numpy(), AS_TODAY] = np.inf
    # Minutes are whole tenths, so a thousandth of the guidance beyond the limit is no journey's.
    limit = 1.0 + 1e-9
    if method == "fewest":
        return set_covering(shares, limit=limit, existing=[AS_TODAY], solver=solver, time_limit=time_limit)
    return maximal_covering(
        shares, weights, sites=sites, limit=limit, existing=[AS_TODAY], solver=solver, time_limit=time_limit
    )


def _told(bases: pd.DataFrame, points: pd.DataFrame, found: Siting, *, sites: int, method: str) -> dict[str, object]:
    children = points["children"].to_numpy(float)
    guidance = points["guidance"].to_numpy(float)
    today = points[AS_TODAY].to_numpy(float)
    within = (today <= guidance + 1e-9) & points["reached today"].to_numpy(bool)
    if method == "capacitated":
        rows = found.assignment
        at = rows["point"].str.removeprefix("p").astype(int).to_numpy()
        count = children[at] * rows["share"].to_numpy(float)
        there = rows["distance"].to_numpy(float)
        new = (rows["site"] != AS_TODAY).to_numpy()
        after = float((count * np.where(new, there <= guidance[at] + 1e-9, within[at])).sum())
        minutes_after = float((count * there).sum())
    else:
        chosen = list(found.chosen)
        nearest = points[chosen].min(axis=1).to_numpy(float) if chosen else np.full(len(points), np.inf)
        after = float((children * (within | (nearest <= guidance + 1e-9))).sum())
        minutes_after = float((children * np.minimum(today, nearest)).sum())
    return {
        "method": method,
        "sites": float(sites if method != "fewest" else len(found.chosen)),
        "chosen": ";".join(found.chosen),
        "names": "; ".join(str(bases.loc[one, "site_name"]) for one in found.chosen),
        "children": float(children.sum()),
        "within_before": float((children * within).sum()),
        "within_after": after,
        "child_minutes_before": float((children * today).sum()),
        "child_minutes_after": minutes_after,
        "objective": found.objective,
        "bound": found.bound,
        "status": str(found.status),
    }
