"""How many children will need a specialist place: the forecast, how far to trust it, a scenario, and who it hands over.

Run it as ``python examples/05_forecast.py [OUT [COUNTY]]``; OUT is the folder of the run, runs/example-forecast unless
given, and COUNTY the embedded one.
"""

import sys
from pathlib import Path

import placeplan as pp

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs") / "example-forecast"
county = pp.read_county(sys.argv[2] if len(sys.argv) > 2 else "example:derbyshire")
forecast = pp.forecast_need(county, years=5, draws=200)
year = forecast.years[-1]

totals = forecast.tables["totals"]
whole = totals[(totals[["locality", "need", "area", "phase"]] == "all").all(axis=1) & (totals["year"] == year)]
print(f"Children who will need a place in {year}, and 80 of 100 futures:")
print(whole[["kind", "median", "low_80", "high_80"]].to_string(index=False))
for warning in forecast.warnings:
    print(f"How sure: {warning}")

if "scenarios" in forecast.tables:
    scenarios = forecast.tables["scenarios"]
    last = scenarios[(scenarios["year"] == year) & (scenarios["kind"] == "all")]
    print("\nWhat scenarios would change:")
    print(last[["scenario", "difference", "difference_low", "difference_high"]].round(0).to_string(index=False))

need = forecast.year(year)
print(f"\n{need.label}: {need.survivors['children'].sum():.0f} still in the unit that they are in,")
print(f"{need.to_place['children'].sum():.0f} to be placed by then, by the year of their entry:")
print(need.to_place.groupby("entry_year")["children"].sum().round(0).to_string())

travel = pp.travel_times(county)
placed = pp.allocate_need(county, travel, forecast, year, draws=[0, 1])
cost = placed.summary.set_index("measure").loc["to_place_pounds"]
print(f"\nPlaced in two futures, those to be placed cost £{cost['mean']:,.0f} a year on average;")
print(f"on the expected counts of the two £{cost['lower_bound']:,.0f}, a lower bound.")
covered = pp.cover_need(county, travel, forecast, year, draws=[0, 1]).tables["equity"]
share = covered.loc[covered["by"] == "county", "share_within"].iloc[0]
print(f"{share:.0%} of them can reach a place that would meet the plan within guidance.")

print(pp.report_forecast(forecast, out, replace=True) / "forecast.html")
