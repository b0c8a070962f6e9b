"""Where the next places should go, up to each site's limit, and what one more place is worth where.

Run ``python examples/02_where_next.py [COUNTY]``; without a county, the embedded one.
"""

import sys

import placeplan as pp

county = pp.read_county(sys.argv[1] if len(sys.argv) > 1 else "example:derbyshire")
travel = pp.travel_times(county)
answer = pp.allocate_places(county, travel, question="september")

# A price is exact for one place; the few that a sentence quotes are solved again.
worth = answer.tables["prices_resolved"]
for row in worth.to_dict("records"):
    print(f"One more place at {row['unit']} saves £{row['net_saving']:,.0f} a year net of its own cost")

for limit in (20, 1_000):
    more = pp.add_places(county, travel, answer, places=limit)
    summary = more.summary.set_index("measure")["value"]
    print(f"Of {limit:,} places, {summary['places']:,.0f} pay for themselves: £{summary['net_saving']:,.0f} a year net")

by = more.places.groupby(["locality", "kind", "phase"])["places_added"].sum()
print(by.to_string())
