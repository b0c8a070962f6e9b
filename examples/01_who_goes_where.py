"""Who goes where in the coming September, beside everyone as placed today, and where it falls short.

Run ``python examples/01_who_goes_where.py [COUNTY]``; without a county, the embedded one.
"""

import sys

import placeplan as pp

county = pp.read_county(sys.argv[1] if len(sys.argv) > 1 else "example:derbyshire")
travel = pp.travel_times(county)

for question in ("today", "september"):
    answer = pp.allocate_places(county, travel, question=question)
    placed, gap = answer.headline("placed"), answer.headline("gap")
    print(f"{question}: {placed:,.0f} children placed, {gap:,.0f} without a place")
    print(f"  £{answer.headline('cost_pounds'):,.0f} a year, {answer.headline('mean_minutes'):.1f} minutes each way")
    print(f"  {answer.proof.status}: £{answer.proof.objective:,.0f}, bound £{answer.proof.bound:,.0f}")

costs = answer.tables["costs"]
print(costs.groupby("line", sort=False)["pounds"].sum().map("£{:,.0f}".format).to_string())

# Spot purchase is the county's way of saying that no suitable place has room: by locality, need and phase.
short = answer.tables["gap"].query("gap + spot_purchase > 0")
print(f"{len(short)} combinations of locality, need and phase are short of places")
