"""Words as people write them: read as the contract's and listed, or refused; one text by Unicode's rules is one."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_county import write_tiny_county

from placeplan.county.county import County
from placeplan.county.noted import published_notes
from placeplan.county.reading import check_county, read_county
from placeplan.errors import InputError, Note


def noted(county: County) -> list[Note]:
    """The notes of a county, but for that of the ages that the tiny one leaves out."""
    return [note for note in county.notes if (note.table, note.column) != ("population", "age")]


def changed(folder: Path, table: str, *pairs: tuple[str, str]) -> Path:
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("table", "column", "swap", "row"),
    [
        ("children", "year_group", ("c1,z1,3,", "c1,z1,Y3,"), 2),
        ("children", "year_group", ("c1,z1,3,", "c1,z1,Year 3,"), 2),
        ("children", "year_group", ("c1,z1,3,", "c1,z1,yr03,"), 2),
        ("children", "year_group", ("c6,z3,0,", "c6,z3,R,"), 7),
        ("children", "year_group", ("c6,z3,0,", "c6,z3,Reception,"), 7),
        ("units", "from_year_group", ("ASD,0,6", "ASD,R,6"), 2),
        ("units", "to_year_group", ("ASD,0,6", "ASD,0,Year 6"), 2),
        ("children", "need", ("c1,z1,3,ASD", "c1,z1,3,asd"), 2),
        ("children", "need", ("c1,z1,3,ASD", "c1,z1,3,ASC"), 2),
        ("children", "need", ("c1,z1,3,ASD", "c1,z1,3,Autism"), 2),
        ("children", "need", ("c1,z1,3,ASD", "c1,z1,3,Autistic spectrum disorder"), 2),
        ("children", "second_need", ("ASD,SLCN,", "ASD,slcn,"), 2),
        ("children", "suits", ("ers:integrative;special", "ERS:Integrative;Special school"), 6),
        ("children", "since", ("2022-09-01", "01/09/2022"), 2),
        ("children", "since", ("2023-01-09", "09.01.2023"), 5),
        ("children", "since", ("2023-01-09", "2023-01-09 00:00:00"), 5),
        ("units", "kind", ("special,s2,special", "special,s2,Special School"), 4),
        ("units", "needs", ("ASD;SLCN", "asc;SLCN"), 3),
        ("units", "needs", ("special,s2,special,,,any", "special,s2,special,,,Any"), 4),
        ("units", "model", ("integrative", "Integrative"), 3),
        ("units", "national", ("integrative,resourced_provision", "integrative,Resourced provision"), 3),
        ("sites", "locality", ("out_of_county", "Out of county"), 4),
        ("top_ups", "fund", ("5000,health", "5000,Health"), 6),
        ("plans", "placement", ("not_recorded", "Not recorded"), 9),
        ("plans", "margin", ("stock,total", "stock,Total"), 2),
        ("plans", "measure", ("2024,new", "2024,New"), 10),
    ],
)
def test_another_spelling_is_read_as_the_contract_s_and_listed(
    tmp_path: Path, table: str, column: str, swap: tuple[str, str], row: int
) -> None:
    clean = read_county(write_tiny_county(tmp_path / "clean"))
    read = read_county(changed(write_tiny_county(tmp_path / "other"), table, swap))
    assert getattr(read, table).equals(getattr(clean, table))
    (note,) = noted(read)
    assert (note.table, note.column, note.row) == (table, column, str(row))
    assert note.taken.startswith("read as ")


@pytest.mark.parametrize("word", ["YES", "Yes", "y", "TRUE", "1"])
def test_yes_is_read_in_any_case(tmp_path: Path, word: str) -> None:
    read = read_county(changed(write_tiny_county(tmp_path), "children", ("2022-09-01,no", f"2022-09-01,{word}")))
    assert bool(read.children["may_move"].iloc[0])


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("c1,z1,3,", "c1,z1,Y33,", "year_group"),
        ("c1,z1,3,", "c1,z1,Year three,", "year_group"),
        ("c1,z1,3,ASD", "c1,z1,3,AUT", "need"),
        ("2022-09-01", "09/25/2022", "since"),
        ("2022-09-01", "01/09/22", "since"),
        ("ers:integrative;special", "mainstream;special", "suits"),
        ("2021-09-01,no,", "2021-09-01,perhaps,", "may_move"),
    ],
)
def test_nothing_is_guessed(tmp_path: Path, old: str, new: str, column: str) -> None:
    faults = check_county(changed(write_tiny_county(tmp_path), "children", (old, new)))
    assert {(fault.table, fault.column) for fault in faults} == {("children", column)}


def test_days_are_told_together_and_spellings_one_by_one(tmp_path: Path) -> None:
    days = [("2022-09-01", "01/09/2022"), ("2020-09-01", "01/09/2020"), ("2021-09-01", "02/09/2021")]
    needs = [("c1,z1,3,ASD", "c1,z1,3,ASC"), ("c2,z2,5,ASD", "c2,z2,5,asc"), ("c5,z2,7,ASD", "c5,z2,7,ASC")]
    notes = noted(read_county(changed(write_tiny_county(tmp_path), "children", *days, *needs)))
    assert [str(note) for note in notes] == [
        "children, row 2, column need: found ASC; read as ASD (so in 1 more row)",
        "children, row 2, column since: found 01/09/2022; read as 2022-09-01, the day first (so in 2 more rows)",
        "children, row 3, column need: found asc; read as ASD",
    ]
    # What a child's cell holds, and in which row, is not published.
    assert published_notes(notes) == [
        "children, need: some cells are taken otherwise than written; check lists them",
        "children, since: some cells are taken otherwise than written; check lists them",
    ]


NAMES = st.text(
    st.characters(codec="utf-8", categories=["Ll", "Lu", "Mn", "Nd", "Zs"], exclude_characters=","),
    min_size=1,
    max_size=8,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, form=st.sampled_from(["NFC", "NFD"]))
def test_the_same_text_composed_or_not_is_the_same(tmp_path: Path, name: str, form: str) -> None:
    zone = f"z{name}z"
    folder = write_tiny_county(tmp_path / "county")
    spelt = unicodedata.normalize(form, zone).replace(" ", "\u00a0")
    changed(folder, "zones", ("z1,", f"{unicodedata.normalize('NFD', zone)},"))
    for table in ("population", "children"):
        path = folder / f"{table}.csv"
        text = path.read_text(encoding="utf-8").replace("z1,", f"{spelt},")
        path.write_text(text, encoding="utf-8")
    assert len(read_county(folder).zones) == 4


def test_a_character_that_is_not_seen_is_left_out_and_told(tmp_path: Path) -> None:
    read = read_county(changed(write_tiny_county(tmp_path), "children", ("c1,z1,", "c1,z1\u200b,")))
    assert read.children["zone"].iloc[0] == "z1"
    (note,) = noted(read)
    assert "zero width space" in note.found


@pytest.mark.parametrize(
    ("latin", "alike"), [("base_primary", "b\u0430se_primary"), ("base_primary", "base_prim\u0430ry")]
)
def test_letters_that_only_look_the_same_are_named(tmp_path: Path, latin: str, alike: str) -> None:
    folder = changed(write_tiny_county(tmp_path), "children", (f"ASD,SLCN,,{latin}", f"ASD,SLCN,,{alike}"))
    with pytest.raises(InputError) as raised:
        read_county(folder)
    (fault,) = raised.value.faults
    assert f"perhaps {latin}, which only looks the same (cyrillic small letter a for a)" in fault.expected


def test_a_plan_that_is_met_in_mainstream_is_counted_apart(tmp_path: Path) -> None:
    clean = read_county(write_tiny_county(tmp_path / "clean"))
    folder = write_tiny_county(tmp_path / "other")
    with (folder / "children.csv").open("a", encoding="utf-8") as file:
        file.write("m1,z1,2,ASD,,,,mainstream,,no,\nm2,z2,4,MLD,,,,Mainstream,,no,\n")
    read = read_county(folder)
    assert read.children.equals(clean.children)
    assert read.met_in_mainstream["child"].tolist() == ["m1", "m2"]
    apart, spelt = noted(read)
    assert (apart.column, apart.found, apart.more, spelt.found) == ("suits", "mainstream", 1, "Mainstream")
    assert "counted apart" in apart.taken
    assert any("fewer than 5 in all" in note for note in published_notes(read.notes))


@pytest.mark.parametrize(
    ("row", "column"),
    [("m1,z1,2,ASD,,,base_primary,mainstream,,no,", "unit"), ("m1,z1,2,ASD,,,,mainstream;special,,no,", "suits")],
)
def test_a_plan_that_is_met_in_mainstream_is_met_there_alone(tmp_path: Path, row: str, column: str) -> None:
    folder = write_tiny_county(tmp_path)
    with (folder / "children.csv").open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")
    (fault,) = check_county(folder)
    assert (fault.table, fault.row, fault.column) == ("children", "8", column)
