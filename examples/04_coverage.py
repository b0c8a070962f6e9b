"""Who can reach what: the gaps, what a base would change, and where it would be best; then the atlas.

Run it as ``python examples/04_coverage.py [OUT]``; OUT is the folder of the run, runs/example-coverage unless given.
"""

import sys
from pathlib import Path

import placeplan as pp

county = pp.read_county("example:derbyshire")
travel = pp.travel_times(county)
coverage = pp.measure_coverage(county, travel, limits=[30, 45, 75])

print("Where a kind of place is out of reach of those who live there, the largest gaps first:")
gaps = coverage.tables["place_gaps"].head(5)
print(gaps[["locality", "need", "phase", "provision", "share_beyond", "nearest"]].to_string(index=False))

changed = pp.what_if(coverage)
print("\nWhat the candidate bases would change, of all young people of the ages that they would take:")
print(
    changed[["name", "share_people_before", "share_people_after", "mean_minutes_saved"]].round(2).to_string(index=False)
)

journeys = pp.with_candidates(coverage)
best = pp.where_best(coverage, journeys, like="glossop_base", sites=1, method="median")
print(f"\nOne base like the one in Glossop brings most where: {best['names'].iloc[0]} ({best['status'].iloc[0]})")

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs") / "example-coverage"
extra = {"what_if": changed, "where_best": best}
print(pp.report_coverage(coverage, out, extra=extra, journeys=journeys, replace=True) / "atlas.html")
