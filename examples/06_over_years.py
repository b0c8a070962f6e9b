"""Who goes where over the years to come: a forecast's children placed together, what it costs, and what would last.

Run it as ``python examples/06_over_years.py [OUT [COUNTY]]``; OUT is the folder of the run, runs/example-years unless
given, and COUNTY the embedded one.
"""

import sys
from pathlib import Path

import placeplan as pp

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs") / "example-years"
county = pp.read_county(sys.argv[2] if len(sys.argv) > 2 else "example:derbyshire")
travel = pp.travel_times(county)
forecast = pp.forecast_need(county, years=5, draws=60, scenarios=[])

# Everybody stays where they are placed, so that a place given in one year is not there for whoever comes in the next.
answer = pp.allocate_years(county, travel, forecast, years=5)
print(f"{answer.label}, {answer.proof.status}:")
shown = ["year", "children", "staying", "entering", "placed_again", "spot_purchase", "cost_pounds", "mean_minutes"]
print(answer.tables["years"][shown].round(1).to_string(index=False))
print(f"All the years together are worth £{answer.net_present_pounds:,.0f} in the first.")
for warning in answer.warnings:
    print(f"How sure: {warning}")

for row in answer.tables["years_lasting"].to_dict("records"):
    print(f"A lasting place at {row['unit']} saves £{row['net_saving']:,.0f} over the years, net of its own cost")

september = pp.allocate_places(county, travel)
folder = pp.report_allocation([september], out, forecast=forecast, over_years=answer, replace=True)
print(folder / "report.html")
