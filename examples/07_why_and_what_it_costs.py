"""Why an answer is as it is, what more places and its rules are worth, and what less travel would cost.

Run it as ``python examples/07_why_and_what_it_costs.py [OUT [COUNTY]]``; OUT is the folder of the run, runs/example-why
unless given, and COUNTY the embedded one.
"""

import sys
from pathlib import Path

import placeplan as pp

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs") / "example-why"
county = pp.read_county(sys.argv[2] if len(sys.argv) > 2 else "example:derbyshire")
travel = pp.travel_times(county)
answer = pp.allocate_places(county, travel)

# Two units whose one more place nets most, valued at a class more and less; without units=, every commissioned one.
prices = answer.tables["prices"].sort_values(["net_saving_one_more", "unit"], ascending=[False, True])
ours = county.units.loc[county.units["kind"].isin(["ers", "special"]), "unit"]
best = prices.loc[prices["unit"].isin(ours), "unit"].head(2)
why = pp.explain_places(county, travel, answer, units=best, steps=[8])
for row in why.tables["worth"].query("places > 0").to_dict("records"):
    print(f"{row['places']} more places at {row['unit']}: £{row['net_pounds']:,.0f} a year net, solved again")
for row in why.tables["rule_costs"].to_dict("records"):
    print(f"Without {row['left_out']}: £{row['cost_pounds']:,.0f} a year and {row['child_minutes']:,.0f} minutes saved")
print(why.tables["reasons"].groupby(["outcome", "reason"])["children"].sum().to_string())
least = why.tables["least_places"].set_index("unit").loc["all"]
print(
    f"The fewest places that leave nobody without one: {least['places']:.0f}; "
    f"left all the same: {least['children']:.0f}"
)

trade = pp.trade_offs(answer, steps=3, levels=1)
print(trade.points[["point", "cost_pounds", "mean_journey", "worst_locality", "end"]].to_string(index=False))

folder = pp.report_allocation([answer], out, explanation=why, trade_offs=trade, replace=True)
print(folder / "report.html")
