"""The county's own words for kinds of place: on every page, sheet, layer and message, and nowhere the trade's."""

import json
import re
import sqlite3

import openpyxl
import pytest
from support.case_county import CASE, quote, write_cases
from support.commands import call
from tiny_county import write_tiny_county

import placeplan as pp
from placeplan.county.settings_file import parse_settings
from placeplan.county.vocabulary import KINDS, MODELS

CODES = (*KINDS, *(f"ers:{model}" for model in MODELS))
OWN = {code: f"zq{place}x house" for place, code in enumerate(CODES)}
"""A word that is nowhere else, for everything that has a name."""

PLACES = ("ers", "special", "hub", "support_centre")


def named_county(folder, own):
    """The tiny county with a unit of every kind and model, somebody in each and somebody for each, and cases."""
    write_tiny_county(folder)
    units, children, top_ups = [], [], []
    for place, code in enumerate(CODES):
        kind, _, model = code.partition(":")
        if code == "ers":
            continue
        name = f"u{place}"
        about = {"unit": f"a_{name}", "site": "s2", "kind": kind, "model": model, "needs": "any"}
        about |= {"from_year_group": "0", "to_year_group": "14", "residential": "no"}
        units.append(about | ({} if kind == "peripatetic" else {"places": "1"}))
        who = {"zone": "z4", "year_group": "3", "need": "VI", "may_move": "no"}
        children.append({**who, "child": f"in_{name}", "unit": f"a_{name}"})
        children += [{**who, "child": f"to_{name}_{n}", "suits": code} for n in range(3)]
        if kind not in ("ers", "special"):
            top_ups.append({"kind": kind, "pounds": "9000", "fund": "high_needs"})
    candidate = {"candidate": "n1", "name": "New place", "site": "s1", "kind": "ers", "model": "alternative"}
    candidate |= {"needs": "any", "from_year_group": "0", "to_year_group": "14", "places": "9"}
    write_cases(
        folder,
        units=units,
        children=children,
        top_ups=top_ups,
        candidates=[candidate],
        cases=[{**CASE, "suits": ";".join(KINDS)}],
        quotes=[quote()],
    )
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("[rules.minimum_use]\nspecial = 1\nhub = 1\n[names]\n")
        file.writelines(f"{json.dumps(code)} = {json.dumps(words)}\n" for code, words in own.items())
    return folder


def said_in(folder):
    """Every text of a run's pages, sheets and layers, and of its assumptions."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            page = path.read_text("utf-8")
            texts.append(re.sub(r"data:image/[^\"]*|<(style|script)>.*?</\1>", "", page, flags=re.DOTALL))
            texts += re.findall(r'"kinds": ?(\{.*?\})|"provisions": ?(\{.*?\})', page)
        elif path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            texts += [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
        elif path.suffix == ".gpkg":
            texts += [str(row[0]) for row in sqlite3.connect(path).execute("SELECT styleQML FROM layer_styles")]
        elif path.suffix == ".svg" or path.name == "assumptions.csv":
            texts.append(path.read_text("utf-8"))
    said = "\n".join(" ".join(text) if isinstance(text, tuple) else text for text in texts)
    # Codes, as a page's script and a cell that was given as a code hold them; and a noun that is no kind of place.
    codes = r"(ers:)?(alternative|integrative|area|none)|" + "|".join(KINDS)
    said = re.sub(rf'"({codes})(;({codes}))*"', '""', said)
    said = re.sub(rf"^({codes})(;({codes}))*$", "", said, flags=re.MULTILINE)
    said = re.sub(rf"\| ({codes})(?= \||$)", "", said, flags=re.MULTILINE)
    return re.sub("(?i)school or college", "", said)


COMMANDS = {
    "allocate": ("--question", "all", "--places", 5, "--explain", "--frontier", "--frontier-steps", 2),
    "allocate_years": ("--years", 1),
    "coverage": ("--what-if", "n1"),
    "forecast": ("--years", 2, "--draws", 50, "--no-backtests", "--allocate", 2025, "--allocate-draws", 1),
    "options": ("--meeting",),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Every command's run of the county with names, the pages made again, and what was said."""
    base = tmp_path_factory.mktemp("names")
    folder = named_county(base / "county", OWN)
    said = {}
    # Options are about children throughout: they have one form.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLACEPLAN_CACHE", str(base / "cache"))
        for name, options in COMMANDS.items():
            for internal in ((),) if name == "options" else ((), ("--internal",)):
                out = base / f"{name}{''.join(internal)}"
                told = call(name.partition("_")[0], folder, *options, *internal, "--out", out)
                assert told.exit_code == 0, (name, told.output, told.exception)
                said[out.name] = told.output + said_in(out)
        again = call("report", base / "allocate--internal", "--internal", "--out", base / "again")
        assert again.exit_code == 0, again.output
        said["again"] = again.output + said_in(base / "again")
        compared = call("compare", base / "allocate", base / "allocate_years", "--out", base / "compared")
        assert compared.exit_code == 0, compared.output
        said["compared"] = compared.output + said_in(base / "compared")
    return said


def test_no_default_word_is_left_on_any_page_sheet_or_message(runs):
    left = {}
    for name, text in runs.items():
        for code, words in {**KINDS, **{f"ers:{model}": words for model, words in MODELS.items()}}.items():
            for found in re.finditer(rf"\b{re.escape(words)}\b", text, flags=re.IGNORECASE):
                left.setdefault((name, code), text[max(0, found.start() - 60) : found.end() + 40])
    assert not left
    short = {name: found.group(0) for name, text in runs.items() if (found := re.search(r".{40}\bERS\b.{40}", text))}
    assert not short


@pytest.mark.parametrize("code", CODES)
def test_the_countys_word_is_used(runs, code):
    assert any(OWN[code].casefold() in text.casefold() for text in runs.values())


@pytest.mark.parametrize("name", ["allocate--internal", "coverage", "forecast", "options", "again"])
def test_every_command_uses_them(runs, name):
    assert sum(words.casefold() in runs[name].casefold() for words in OWN.values()) >= 3


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ('nursery = "x"', "names.nursery", "a known key"),
        ('"special:area" = "x"', "names.special:area", "a known key"),
        ('ers = ""', "names.ers", "text in quotation marks"),
        ('ers = "  "', "names.ers", "text in quotation marks"),
        ("ers = 5", "names.ers", "text in quotation marks"),
        ('ers = "Base"\nhub = "base"', "names.ers", "not that of hub"),
        ('hub = "special school"', "names.hub", "not that of special"),
        ('"ers:area" = "Integrative"', "names.ers:area", "not that of ers:integrative"),
    ],
)
def test_a_name_for_nothing_none_or_one_that_is_taken_is_a_fault(text, column, told):
    _, faults = parse_settings(f'format = 1\nname = "T"\nas_of = 2025-01-16\n[names]\n{text}\n'.encode())
    assert told in next(fault.expected for fault in faults if fault.column == column)


def test_two_kinds_may_change_words():
    text = 'format = 1\nname = "T"\nas_of = 2025-01-16\n[names]\nspecial = "College"\ncollege = "Special school"\n'
    settings, faults = parse_settings(text.encode())
    assert faults == []
    assert settings.names == {"special": "College", "college": "Special school"}


def test_two_runs_with_different_words_show_both(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    for name, own in (("one", {"ers": "zqbase"}), ("other", {"ers": "zqhaven", "special": "zqschool"})):
        folder = named_county(tmp_path / name, own)
        assert call("allocate", folder, "--internal", "--out", tmp_path / f"run-{name}").exit_code == 0
    both = (tmp_path / "run-one", tmp_path / "run-other")
    compared = call("compare", *both, "--internal", "--out", tmp_path / "compared")
    assert compared.exit_code == 0, compared.output
    names = pp.read_run(tmp_path / "compared").facts["names"]
    assert names == {"ers": "zqbase / zqhaven", "special": "special school / zqschool"}
