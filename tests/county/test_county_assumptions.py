"""Assumptions: what is not stated is listed with its value and source, what is stated is not."""

import re
from pathlib import Path

import pandas as pd
import pytest
from tiny_county import write_tiny_county

from placeplan.county.assumptions import assumptions
from placeplan.county.reading import read_county
from placeplan.county.template import template_toml


def listed(folder: Path) -> dict[str, tuple[str, str]]:
    """Subject to (value, source)."""
    table = assumptions(read_county(folder))
    assert list(table.columns) == ["subject", "value", "source"]
    assert table.notna().all(axis=None)
    assert table["subject"].is_unique
    return {subject: (value, source) for subject, value, source in table.itertuples(index=False, name=None)}


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Put ``new`` for every ``old`` in a file."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_county(tmp_path)


def test_what_is_in_use_and_not_stated_is_listed(folder: Path) -> None:
    rows = listed(folder)
    assert rows["Road speeds, km/h"][0] == "primary 52, secondary 45"
    assert rows["Longest journey advised, minutes one way"][0].startswith("early years 45, primary 45, secondary 75")
    assert rows["Place funding: Enhanced resource school"][0] == "£10,000 a place, £4,000 less when filled"
    assert rows["Independent place bought when no other will do"][0].startswith("£61,000 a year, 30 km and 50 minutes")
    assert rows["Share of children given transport"][0] == "30% from 0 km, 90% from 3.2 km, 100% from 4.8 km"
    assert rows["Places of 1 unit (Independent special school)"][0] == "no limit: places are bought one by one"
    assert rows["What would meet the plans of 4 children"][1] == "blank in the table children"
    assert rows["Published counts of plans that are missing"][0] == "1, taken as unknown, not as zero"
    assert rows["Substitutes: another kind that could serve a group"][0] == "none"
    assert not any(subject.startswith(("Ceiling", "Yearly cost", "Discount", "Price year")) for subject in rows)


SOURCED = ("Transport, where county.toml states it", "Independent place bought when no other will do")
"""What is listed with the source that county.toml states beside the figures."""


def test_nothing_of_the_settings_is_listed_once_all_are_stated(folder: Path) -> None:
    before = listed(folder)
    stated = re.sub(r"^# (?=\[|\w+ = )", "", template_toml().replace('name = ""', 'name = "X"'), flags=re.MULTILINE)
    (folder / "county.toml").write_text(stated, encoding="utf-8")
    after = listed(folder)
    assert set(after) == {
        "Places of 1 unit (Independent special school)",
        "What would meet the plans of 4 children",
        "Published counts of plans that are missing",
        "Substitutes: another kind that could serve a group",
        *SOURCED,
    }
    assert {name: row for name, row in after.items() if name not in SOURCED}.items() <= before.items()


def test_blanks_of_units_are_counted(folder: Path) -> None:
    change(folder, "units.csv", "2,0,3,10000,4000", "2,,,,")
    change(folder, "units.csv", "3,1,4,10000,0", "3,1,,,")
    rows = listed(folder)
    assert rows["Ceiling of 2 units"][0] == "places and 10% more"
    assert rows["Yearly cost of a place in 1 unit (Enhanced resource school)"][0] == "£10,000"
    assert rows["Discount of a filled place in 1 unit (Enhanced resource school)"][0] == "£4,000"
    assert rows["Discount of a filled place in 1 unit (Special school)"][0] == "£0"
    assert rows["Places held by other authorities' children in 1 unit"][0] == "none"
    change(folder, "units.csv", "special,s2,special,,,any,0,14,,3,1,,,", "special,s3,special,,,any,0,14,,,,,,")
    assert listed(folder)["Places of 1 unit (Special school)"][0] == "not stated: no room for newcomers"


def test_places_to_add_are_listed_where_a_site_does_not_say(folder: Path) -> None:
    assert not any(subject.startswith("Most places") for subject in listed(folder))
    change(folder, "sites.csv", "600,20,4", "600,20,")
    change(folder, "sites.csv", ",,,10\n", ",,,\n")
    rows = {subject: row for subject, row in listed(folder).items() if subject.startswith("Most places")}
    assert {value for value, _ in rows.values()} == {"8", "24"}
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("[expansion.places_by_kind]\ners = 5\n")
    ers = listed(folder)["Most places to add at a site (Enhanced resource school) where the site does not say"]
    assert ers == ("5", "county.toml")


def test_substitutes_and_the_countys_own_are_listed_with_their_source(folder: Path) -> None:
    (folder / "substitutes.csv").write_text(
        "need,phase,from_kind,from_model,to_kind,to_model,share,source\n"
        "ASD,secondary,independent_special,,ers,integrative,0.25,a study\n"
        "ASD,primary,ers,alternative,special,,0.5,another\n",
        encoding="utf-8",
    )
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write('[[assumptions]]\nsubject = "roads"\nvalue = "made up"\nsource = "a test"\n')
    rows = listed(folder)
    first = "25% of Independent special school could be met by Enhanced resource school, Integrative"
    second = "50% of Enhanced resource school, Alternative learning environment could be met by Special school"
    assert rows["Substitute: ASD, secondary"] == (first, "a study")
    assert rows["Substitute: ASD, primary"] == (second, "another")
    assert rows["roads"] == ("made up", "a test")
    assert "Substitutes: another kind that could serve a group" not in rows


def test_speeds_are_listed_only_where_roads_are_used(folder: Path) -> None:
    (folder / "roads.csv").unlink()
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("[travel]\nstraight_line_detour = 1.3\n")
    rows = listed(folder)
    assert rows["Journeys"] == ("1.3 times the straight line at 40 km/h", "county.toml")
    assert "Road speeds, km/h" not in rows
    pairs = pd.MultiIndex.from_product([["z1", "z2", "z3", "z4"], ["s1", "s2", "s3"]], names=["zone", "site"])
    pairs.to_frame(index=False).assign(minutes=1, km=1).to_csv(folder / "travel.csv", index=False)
    assert not {"Journeys", "Road speeds, km/h", "Boarding, once a journey"} & set(listed(folder))


def test_fees_and_shares_for_some_are_told_with_whom_they_are_for() -> None:
    from placeplan.county.assumptions import _entitled, _spot
    from placeplan.county.settings import EntitledShare, SpotPurchase

    assert _entitled([EntitledShare(1.0, 2.0, "special", "primary")]) == "100% from 2 km (Special school, primary)"
    spot = SpotPurchase(80_000, 40, 60, "a study", need="HI", residential=True)
    assert _spot(spot) == "£80,000 a year, 40 km and 60 minutes away, residential (Hearing impairment)"
