"""What if: what one or several candidate bases would change for the children whose plans they would meet."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from placeplan.candidates import candidate_points, candidate_units, chosen_candidates
from placeplan.geo.travel import TravelTimes, make_travel_times
from placeplan.people_reach import people_reach
from placeplan.provision import needs_met, provisions_of
from placeplan.reach import Reach, reach_of, suitable
from placeplan.studies.coverage_answers import Coverage
from placeplan.studies.travel_times import candidate_times

__all__ = ["what_if", "with_candidates"]


def what_if(
    coverage: Coverage, names: Iterable[str] | None = None, *, candidates: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What candidate bases would change, each by itself and then all together.

    ``names``: candidates or their names (all where none is named); ``candidates``: a frame in the form of the
    table, instead of the county's own. A row each: candidates (``;`` between several), name, places (missing where no
    number is thought of), children_suited (their plans, needs and year groups fit), children_nearest (for whom it
    would be the nearest of all), within_before and within_after (of children_suited, within guidance),
    children_gained (the difference), minutes_saved (child-minutes a journey), share_before and share_after.
    The same of everybody of the ages that it would take, as if each had each of the needs that it would serve, beside
    the units of its own kind and model: people, share_people_before and share_people_after (within guidance),
    people_gained, mean_minutes_saved (of those who can reach one now); that is public, children are not. It is
    about distance alone: more children may gain than there are places.

    Raises ``UsageError`` for a candidate that is not there, ``InputError`` where its journeys cannot be timed.
    """
    chosen = chosen_candidates(coverage.county, names) if candidates is None else candidates
    extra = candidate_units(coverage.county, chosen)
    travel = with_candidates(coverage, chosen)
    before = coverage.reaches["all"]
    sets = [extra.iloc[[row]] for row in range(len(extra))] + ([extra] if len(extra) > 1 else [])
    return pd.DataFrame([_changed(coverage, before, some, travel) for some in sets])


def with_candidates(coverage: Coverage, candidates: pd.DataFrame | None = None) -> TravelTimes:
    """The journeys of ``coverage`` with those to candidates that are at no site; the county's own unless given."""
    rows = coverage.county.candidates if candidates is None else candidates
    new = rows[rows["site"].isna()]
    if new.empty:
        return coverage.travel
    known = coverage.travel
    timed = candidate_times(coverage.county, candidate_points(coverage.county, new))
    return make_travel_times(
        known.zones,
        [*known.sites, *timed.sites],
        np.hstack([known.minutes, timed.minutes]),
        np.hstack([known.km, timed.km]),
        np.hstack([known.reason, timed.reason]),
        method=known.method,
    )


def _changed(coverage: Coverage, before: Reach, extra: pd.DataFrame, travel: TravelTimes) -> dict[str, object]:
    guidance = coverage.county.settings.guidance_minutes
    alone = reach_of(before.groups, extra, travel, guidance)
    children = before.groups["children"].to_numpy(float)
    now = before.nearest["minutes"].to_numpy(float)
    then = np.minimum(now, alone.nearest["minutes"].to_numpy(float))
    suited = np.isfinite(alone.minutes).any(axis=1)
    served = (before.nearest["within"] | before.nearest["visiting"]).to_numpy(bool)
    served_then = served | alone.nearest["within"].to_numpy(bool)
    nearer = suited & (then < now)
    timed = nearer & np.isfinite(now)
    within = [float(children[suited & some].sum()) for some in (served, served_then)]
    all_suited = float(children[suited].sum())
    return {
        "candidates": ";".join(map(str, extra.index)),
        "name": "; ".join(extra["site_name"].astype(str)),
        "places": float(extra["places"].sum(min_count=len(extra))),
        "children_suited": all_suited,
        "children_nearest": float(children[nearer].sum()),
        "within_before": within[0],
        "within_after": within[1],
        "children_gained": within[1] - within[0],
        "minutes_saved": round(float((now[timed] - then[timed]) @ children[timed]), 1),
        "share_before": within[0] / all_suited if all_suited else np.nan,
        "share_after": within[1] / all_suited if all_suited else np.nan,
        **_people_changed(coverage, extra, travel),
    }


def _people_changed(coverage: Coverage, extra: pd.DataFrame, travel: TravelTimes) -> dict[str, float]:
    """What changes for everybody of the ages taken, summed over the kinds, needs and ages of the candidates."""
    county, opened = coverage.county, coverage.reaches["all"].units
    before, after, people, saved, timed = [], [], [], [], []
    for provision, some in extra.groupby(provisions_of(extra)):
        needs = sorted({need for text in some["needs"] for need in needs_met(str(text))})
        ages = zip(some["from_year_group"], some["to_year_group"], strict=True)
        years = sorted({year for first, last in ages for year in range(first, last + 1)})
        now, then = (
            people_reach(county, travel, units, provision=str(provision), needs=needs, year_groups=years)
            for units in (opened, pd.concat([opened, some]))
        )
        could = suitable(now.groups, some).any(axis=1)
        count = now.groups["children"].to_numpy(float) * could
        minutes = now.nearest["minutes"].to_numpy(float)
        known = np.isfinite(minutes)
        gain = np.where(known, minutes - then.nearest["minutes"].to_numpy(float), 0.0)
        people.append(count.sum())
        before.append((count * now.nearest["within"]).sum())
        after.append((count * then.nearest["within"]).sum())
        saved.append((count * gain).sum())
        timed.append((count * known).sum())
    total = float(sum(people))
    return {
        "people": total,
        "people_gained": float(sum(after) - sum(before)),
        "share_people_before": float(sum(before)) / total if total else np.nan,
        "share_people_after": float(sum(after)) / total if total else np.nan,
        "mean_minutes_saved": float(sum(saved)) / float(sum(timed)) if sum(timed) else np.nan,
    }
