"""What could be offered to the cases of a partnership, one by one and at a meeting, and what each costs.

Run it as ``python examples/08_options_for_a_case.py [OUT [COUNTY]]``; OUT is the folder of the run,
runs/example-options unless given, and COUNTY the embedded one.
"""

import sys
from pathlib import Path

import placeplan as pp

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs") / "example-options"
county = pp.read_county(sys.argv[2] if len(sys.argv) > 2 else "example:derbyshire")
travel = pp.travel_times(county)
answer = pp.allocate_places(county, travel)

# One case in full: its options in their order, and the fee at which local and independent cost alike.
case = str(county.cases["case"].iloc[0])
one = pp.case_options(county, travel, answer, case)
columns = ["option", "what", "room", "minutes", "low", "pounds", "high", "not_stated", "rank"]
print(one.tables["options"][columns].head(5).to_string(index=False))
even = one.tables["break_even"].query("horizon == 'year' and purse == 'public'")
for row in even.head(2).to_dict("records"):
    print(f"{row['option']} and {row['against']} cost alike at a fee of £{row['fee']:,.0f} a year")
print(one.tables["others"].head(3).to_string(index=False))

# All of them together, every place counted once.
meeting = pp.partnership_meeting(county, travel, answer)
for row in meeting.tables["meeting"].to_dict("records"):
    held = "whatever is assumed" if row["decided"] else f"turns on {row['turns_on']}"
    print(f"{row['case']}: {row['option'] or 'no option stands'} ({held})")
print(f"{meeting.status}; what is left of the money: £{meeting.tables['meeting_budget']['left'].iloc[-1]:,.0f} a year")

run = pp.options_run(county, travel, [one], meeting=meeting)
print(pp.write_report(run, out, internal=True, replace=True) / "options.html")
