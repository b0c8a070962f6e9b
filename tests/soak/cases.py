"""200 random cases of the embedded county, what they do to others worked out anew; 1,000 random meetings checked."""

import random
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from resumable import soak

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "support")]

EFFECTS, MEETINGS = 200, 1_000


@cache
def example():
    """The embedded county with its journeys and its September."""
    import placeplan as pp

    county = pp.read_county("example:derbyshire")
    travel = pp.travel_times(county)
    return county, travel, pp.allocate_places(county, travel)


def check_effect(seed: int) -> None:
    """What a case's being at each of its units does to others is the difference of two whole programmes."""
    from dataclasses import replace

    import pandas as pd
    from case_checks import least_in_order, random_case

    import placeplan as pp
    from placeplan.models.fixed import overfill_price
    from placeplan.studies.case_effects import others_of

    county, travel, answer = example()
    row = random_case(county, random.Random(seed))  # noqa: S311 (no secret)
    cells = {"year_group": "Int64", "may_move": "boolean"}
    frame = pd.DataFrame([row]).reindex(columns=county.cases.columns)
    frame["year_group"] = pd.to_numeric(frame["year_group"])
    frame["may_move"] = True
    county = replace(county, cases=frame.astype({**county.cases.dtypes.to_dict(), **cells}))
    found = pp.case_options(county, travel, answer, "R1")
    others = others_of(county, travel, answer, {"R1": found.about})
    before = least_in_order(others.stated)
    assert before is not None
    units = found.tables["options"].set_index("option")
    for told in found.tables["others"].to_dict("records"):
        unit, room = units.loc[told["option"], ["unit", "room"]]
        if not unit or room == "bought":
            assert told["others_pounds"] == 0
            continue
        after = least_in_order(others.stated, [unit])
        assert after is not None, unit
        pounds = after[2] - before[2] - overfill_price(others.stated, unit)
        assert abs(pounds - told["others_pounds"]) < 0.05, (unit, pounds, told)
        assert abs(after[0] - before[0] - told["others_gap"]) < 1e-6, (unit, after, told)


def check_one_meeting(seed: int) -> None:
    """A meeting of the tiny county breaks no veto, consent, ceiling or budget."""
    from case_checks import check_meeting, random_tables
    from case_county import county_with

    import placeplan as pp

    with TemporaryDirectory() as folder:
        county = county_with(Path(folder) / "tiny", **random_tables(seed))
    travel = pp.travel_times(county, cache=False)
    answer = pp.allocate_places(county, travel)
    pooled = seed % 2 == 0
    meeting = pp.partnership_meeting(county, travel, answer, pooled=pooled, overfill=seed % 3 > 0, moves=seed % 5 > 0)
    assert meeting.status == "optimal"
    check_meeting(county, answer, meeting, pooled=pooled)


def check(case: int | str) -> None:
    """One of either."""
    what, number = str(case).split("-")
    try:
        check_effect(int(number)) if what == "effect" else check_one_meeting(int(number))
    except (ArithmeticError, LookupError, ValueError) as wrong:
        raise AssertionError(f"{type(wrong).__name__}: {wrong}") from wrong


if __name__ == "__main__":
    every = [*(f"effect-{n}" for n in range(EFFECTS)), *(f"meeting-{n}" for n in range(MEETINGS))]
    sys.exit(soak("cases", every, check))
