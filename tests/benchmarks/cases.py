"""A partnership's cases at county size: options of one case, estimated and solved again, and a meeting of thirty.

Run it as ``python tests/benchmarks/cases.py [--json FILE] [--quick]``. The embedded county's allocation exists before
the clock starts. Thirty cases are drawn at random with fees quoted for them, by seed; medians are of all of them.
"""

import random
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
from harness import at_most, exactly, finish, options

import placeplan as pp

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "support")]
from case_checks import random_case  # noqa: E402 - found beside the tests, on the path set above

CASES = 30


def with_random_cases(county, count):
    """The county with ``count`` random cases, each with an independent day place quoted at £44,000 to £70,000."""
    rng = random.Random(1)  # noqa: S311 (no secret)
    rows = [random_case(county, rng, f"R{n:02d}") for n in range(count)]
    rows = [
        row for n, row in enumerate(rows) if row.get("child") not in {r.get("child") for r in rows[:n]} or "zone" in row
    ]
    cases = pd.DataFrame(rows).reindex(columns=county.cases.columns)
    cases["year_group"] = pd.to_numeric(cases["year_group"])
    cases = cases.assign(may_move=True).astype(county.cases.dtypes.to_dict())
    quotes = pd.DataFrame(
        {
            "case": cases["case"],
            "quote": "QD",
            "provision": "day",
            "fee": [float(rng.randrange(44_000, 70_000, 500)) for _ in range(len(cases))],
            "health": 0.0,
            "care": 0.0,
            "minutes": 45.0,
            "km": 30.0,
        }
    ).reindex(columns=county.quotes.columns)
    return replace(
        county,
        cases=cases,
        quotes=quotes.astype(county.quotes.dtypes.to_dict()),
        packages=county.packages.iloc[:0],
        vetoes=county.vetoes.iloc[:0],
    )


def seconds(work):
    """What ``work`` gives, and the seconds it takes."""
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def main():
    county = pp.read_county("example:derbyshire")
    travel = pp.travel_times(county)
    answer = pp.allocate_places(county, travel)
    county = with_random_cases(county, 6 if options().quick else CASES)
    taken = {"estimated": [], "solved again": []}
    same = True
    for case in county.cases["case"]:
        quick, first = seconds(lambda case=case: pp.case_options(county, travel, answer, case, estimate=True))
        full, second = seconds(lambda case=case: pp.case_options(county, travel, answer, case))
        taken["estimated"].append(first)
        taken["solved again"].append(second)
        pounds = [one.tables["others"].set_index("option")["others_pounds"].to_dict() for one in (quick, full)]
        same = same and pounds[0].keys() == pounds[1].keys()
    meeting, whole = seconds(lambda: pp.partnership_meeting(county, travel, answer))
    rows = [
        {"what": f"options of a case, {how}", "median s": sorted(times)[len(times) // 2], "slowest s": max(times)}
        for how, times in taken.items()
    ]
    rows.append({"what": f"a meeting of {len(county.cases)} cases", "median s": whole, "slowest s": whole})
    bars = {
        "estimated options of a case: median seconds": at_most(rows[0]["median s"], 0.5, unit="s"),
        "every option solved again: slowest seconds": at_most(rows[1]["slowest s"], 5.0, unit="s"),
        "a meeting: seconds": at_most(whole, 10.0, unit="s"),
        "a meeting: status": exactly(meeting.status, "optimal"),
        "the same options estimated and solved again": exactly(same, wanted=True),
    }
    finish(rows, bars)


if __name__ == "__main__":
    main()
