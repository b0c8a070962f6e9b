"""Every answer in one report: tables, workbook, GeoPackage, map and a page that works with the network off.

Run ``python examples/03_report.py OUT [COUNTY]``; without a county, the embedded one. It is share-safe: nothing in it
is about one child.
"""

import sys

import placeplan as pp

out = sys.argv[1] if len(sys.argv) > 1 else "runs/example-report"
county = pp.read_county(sys.argv[2] if len(sys.argv) > 2 else "example:derbyshire")
travel = pp.travel_times(county)

answers = [pp.allocate_places(county, travel, question=question) for question in ("today", "september", "afresh")]
more = pp.add_places(county, travel, answers[1], pounds=1_000_000)
folder = pp.report_allocation(answers, out, more_places=more, replace=True)
print(folder / "report.html")
