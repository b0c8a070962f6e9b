"""The rules of the house, read from the source: which way imports point, what ships, how modules are written."""

import doctest
import importlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import networkx as nx
import pytest
from support.source_tree import (
    ROOT,
    Module,
    declared_names,
    defined_names,
    documented_order,
    imports,
    lazily_attached,
    modules,
    parse,
    prose,
    targets,
    tracked_files,
)
from typecheck import package_folders

MODULES = modules()
IMPORTS = {name: imports(module) for name, module in MODULES.items()}
FILES = tracked_files()
PAGE_SUFFIXES = {".html", ".j2", ".svg", ".css", ".js"}
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".csv", ".geojson", ".json"} | PAGE_SUFFIXES
IMPORTED = sorted(name for name, module in MODULES.items() if not module.is_script and not lazily_attached(module))
TEXTS = [path for path in FILES if path.suffix in TEXT_SUFFIXES or path.name in {"Makefile", "LICENSE", "run"}]

# The rooms, each with the rooms it may import from; a room may always import from itself.
COUNTY = {"errors", "county"}
CHILDREN = COUNTY | {"provision", "cohort"}
RUNS = {
    "run_tables",
    "run_reading",
    "runs",
    "suppression",
    "withholding",
    "explained_columns",
    "cases_columns",
    "privacy",
    "privacy_explained",
    "privacy_forecast",
    "privacy_years",
    "privacy_rules",
}
YEARS = {"years_problem", "years_accounts", "recount_years", "verify_years"}
COVERAGE = {"need_groups", "reach", "people_reach", "population", "coverage_tables", "candidates"}
OPENING = ("geo.geopackage", "geo.ordinary_file", "geo.plain_xml")
"""How any file is opened, one place for all."""

MAY_IMPORT = {
    "placeplan": {"errors", "county", "runs", "studies", "report", "geo.travel"},  # the public names
    "errors": set(),
    "geo": set(),
    "models": set(),
    "county": {"errors", "geo.crs", "geo.plausible", "whole_or_not", *OPENING},
    "synthetic": COUNTY | {"geo", "models"},
    "provision": COUNTY,
    "population": COUNTY,
    "cohort": COUNTY | {"provision"},
    "explained_columns": set(),
    "cases_columns": set(),
    "whole_or_not": {"errors"},
    "patient_output": set(),
    "csv_cells": set(),
    "run_tables": COUNTY | {"explained_columns", "cases_columns", "csv_cells"},
    "run_reading": {"errors", "run_tables", "csv_cells"},
    "runs": {"errors", "run_tables", "run_reading", "whole_or_not", *OPENING},
    "suppression": set(),
    "withholding": {"run_tables", "suppression"},
    "privacy_coverage": COUNTY | {"run_tables", "suppression", "withholding"},
    "privacy_forecast": {"run_tables", "suppression", "withholding"},
    "privacy_years": COUNTY | {"run_tables", "suppression", "withholding"},
    "privacy_explained": COUNTY | {"run_tables", "suppression", "withholding"},
    "privacy_rules": {"run_tables", "suppression", "withholding"},
    "privacy": COUNTY
    | {"privacy_explained", "privacy_forecast", "privacy_years", "privacy_rules"}
    | {"runs", "run_tables", "suppression", "withholding", "privacy_coverage"},
    "need_groups": CHILDREN,
    "reach": CHILDREN | {"geo"},
    "coverage_tables": CHILDREN | {"geo", "reach"},
    "people_reach": CHILDREN | {"geo", "population", "reach", "suppression"},
    "candidates": CHILDREN,
    "need": CHILDREN | {"population", "models", "costs", "run_tables", "suppression", "synthetic"},
    "cases": CHILDREN | {"geo", "models", "costs", "pair_costs", "problem", "rules", "suppression", "withholding"},
    "accounts": CHILDREN | {"geo", "models", "costs", "problem"},
    "rules": CHILDREN | {"models"},
    "rules_totals": CHILDREN | {"models", "costs", "rules"},
    "rule_accounts": CHILDREN | {"models", "costs", "rules", "rules_totals", "problem"},
    "costs": CHILDREN | {"geo", "models"},
    "problem": CHILDREN | {"geo", "models", "costs", "pair_costs", "rules", "rules_totals"},
    "recount": COUNTY | {"geo"},  # a second reading of the rules: none of the code of the first
    "recount_cash": COUNTY | {"recount"},
    "recount_rules": COUNTY | {"recount", "recount_cash"},
    "recount_bound": COUNTY | {"recount", "recount_cash", "recount_rules"},
    "verify": COUNTY | {"geo", "recount", "recount_cash", "recount_rules", "recount_bound"},
    "pair_costs": CHILDREN | {"geo", "costs"},
    "years_problem": CHILDREN | {"geo", "models", "costs", "need", "pair_costs", "rules"},
    "years_accounts": CHILDREN | {"geo", "models", "years_problem"},
    "recount_years": COUNTY | {"geo", "recount"},
    "verify_years": COUNTY | {"geo", "recount", "recount_cash", "recount_years", "verify"},
    "report": COUNTY | RUNS | {"geo"},
    "studies": CHILDREN
    | COVERAGE
    | RUNS
    | YEARS
    | {"rules", "rules_totals", "rule_accounts", "cases"}
    | {"synthetic", "accounts", "costs", "problem", "verify", "geo", "models", "need", "report", "whole_or_not"},
    "__main__": {"cli"},
    "command_parts": {"errors", "patient_output", "whole_or_not"},
    "cli_check": {"placeplan", "command_parts"},
    "cli_travel": {"placeplan", "command_parts"},
    "cli_compare": {"errors", "placeplan", "command_parts", "report"},
    "cli_coverage": COUNTY | RUNS | {"placeplan", "command_parts", "studies", "report"},
    "cli_new": {"placeplan"},
    "cli_options": {"errors", "placeplan", "command_parts", "report", "whole_or_not"},
    "cli_forecast": RUNS | {"placeplan", "command_parts", "report"},
    "cli": COUNTY
    | RUNS
    | {
        "placeplan",
        "synthetic",
        "studies",
        "report",
        "command_parts",
        "cli_check",
        "cli_compare",
        "cli_coverage",
        "cli_forecast",
        "cli_new",
        "cli_options",
        "cli_travel",
    },
    "examples": COUNTY | {"placeplan", "synthetic", "geo", "models"},  # the public parts
}


def room(name: str) -> str:
    """The part of the house that a module belongs to: the first name under placeplan."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "placeplan"


def allowed(importer: str, target: str) -> bool:
    """Whether the arrow from one module to another points down."""
    inside = ".".join(target.split(".")[1:]) or "placeplan"
    mine = room(importer)
    return room(target) == mine or room(target) in MAY_IMPORT[mine] or inside in MAY_IMPORT[mine]


def wrong_arrows(known: dict[str, Module]) -> list[str]:
    """Every import that points up, as ``importer -> target``."""
    pairs = sorted((name, target) for name, module in known.items() for target in targets(module, known))
    return [f"{name} -> {target}" for name, target in pairs if not allowed(name, target)]


def cycles(known: dict[str, Module]) -> list[list[str]]:
    """Every set of modules that import each other, lazily or not."""
    arrows = [(name, target) for name, module in known.items() for target in targets(module, known)]
    graph = nx.DiGraph(arrows)
    return [sorted(ring) for ring in nx.strongly_connected_components(graph) if len(ring) > 1]


def test_every_room_has_its_arrows() -> None:
    assert {room(name) for name in MODULES} <= set(MAY_IMPORT)


def test_arrows_point_down() -> None:
    assert wrong_arrows(MODULES) == []


def test_nothing_imports_in_a_circle_even_lazily() -> None:
    assert cycles(MODULES) == []


def test_the_arrows_are_read_in_functions_and_through_relative_imports() -> None:
    sources = {
        "placeplan.geo.roads": "def f():\n    from placeplan.models import pricing\n",
        "placeplan.models.pricing": "from . import program\n",
        "placeplan.models.program": "def f():\n    import_module('placeplan.models.pricing')\n",
        "placeplan.costs": "if True:\n    from placeplan.studies.run import go\n",
        "placeplan.studies.run": "from placeplan import costs\n",
    }
    known = {name: parse(name, Path(name.rpartition(".")[2] + ".py"), text) for name, text in sources.items()}
    assert wrong_arrows(known) == [
        "placeplan.costs -> placeplan.studies.run",
        "placeplan.geo.roads -> placeplan.models.pricing",
    ]
    assert sorted(cycles(known)) == [
        ["placeplan.costs", "placeplan.studies.run"],
        ["placeplan.models.pricing", "placeplan.models.program"],
    ]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_are_written_as_the_house_writes_them(name: str) -> None:
    wrong = []
    for item in IMPORTS[name]:
        inside = item.module.startswith("placeplan.") and room(item.module) == room(name)
        if item.module.split(".")[0] in {"geo", "models", "examples"}:
            wrong.append(f"line {item.line}: {item.module} is imported as placeplan.{item.module}")
        elif item.relative and not (inside and room(name) in {"geo", "models"}):
            wrong.append(f"line {item.line}: a relative import outside geo and models")
        elif inside and not item.relative and room(name) in {"geo", "models"}:
            wrong.append(f"line {item.line}: an absolute import inside {room(name)}")
        elif item.name.startswith("_") and item.module.startswith("placeplan") and room(name) == "examples":
            wrong.append(f"line {item.line}: an example uses {item.name}, which is private")
    assert wrong == []


def test_only_one_module_speaks_to_pulp() -> None:
    everything = {(name, item.module.split(".")[0]) for name, items in IMPORTS.items() for item in items}
    assert {name for name, library in everything if library == "pulp"} <= {"placeplan.models.program"}


def taken_from(name: str) -> set[str]:
    """The names that other modules import from the module called ``name``."""
    return {item.name for items in IMPORTS.values() for item in items if item.module == name and item.name}


@pytest.mark.parametrize("name", IMPORTED)
def test_all_is_exact_and_sorted(name: str) -> None:
    module = MODULES[name]
    declared = declared_names(module) or []
    functions_and_classes, constants = defined_names(module)
    used = {taken for taken in taken_from(name) if f"{name}.{taken}" not in MODULES}
    assert set(declared) <= functions_and_classes | constants, "listed but not defined"
    assert functions_and_classes | used <= set(declared), "defined for others, or used by them, but not listed"
    assert declared == sorted(set(declared), key=documented_order)


def test_the_public_names_are_those_of_their_modules() -> None:
    attached = lazily_attached(MODULES["placeplan"])
    missing = [
        f"{source} has no public {name}"
        for name, source in attached.items()
        if source not in MODULES or name not in (declared_names(MODULES[source]) or [])
    ]
    assert missing == []
    public = importlib.import_module("placeplan")
    assert attached
    assert sorted(public.__all__) == sorted(attached)
    assert all(hasattr(public, name) for name in attached)
    stub = parse("placeplan", Path("__init__.py"), (ROOT / "placeplan" / "__init__.pyi").read_text(encoding="utf-8"))
    assert declared_names(stub) == sorted(attached, key=documented_order)


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".py"], ids=Path.as_posix)
def test_a_module_says_what_it_is_for_and_is_read_at_one_sitting(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    first = text.lstrip("#!").splitlines()[0] if text else ""
    assert first.startswith(('"""', "/usr/bin/env")), "the first line is the docstring that says what it is for"
    assert len(text.splitlines()) <= 400


@pytest.mark.parametrize("name", sorted(name for name, module in MODULES.items() if ">>>" in module.text))
def test_every_example_in_a_docstring_holds(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".py"], ids=Path.as_posix)
def test_a_silenced_check_says_why(path: Path) -> None:
    silenced = re.compile(r"#\s*(?:noqa\b(?P<noqa>.*)|type:\s*ignore(?P<ignore>.*))$")
    wrong = []
    for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1):
        found = silenced.search(line)
        if found and "re.compile" not in line:
            rest = re.sub(r"^(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[a-z-, ]+\])", "", (found["noqa"] or found["ignore"]))
            if not re.search(r"[a-z]{3}", rest):
                wrong.append(f"line {number}: {line.strip()}")
    assert wrong == []


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from a copy of the tree, so that the build leaves nothing in it."""
    copy = tmp_path_factory.mktemp("tree")
    for path in FILES:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, copy / path)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    built = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (copy / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.wheel
def test_everything_on_disk_ships_and_nothing_else(wheel_names: set[str]) -> None:
    folders = {folder.relative_to(ROOT).as_posix(): package for package, folder in package_folders(ROOT).items()}
    expected = set()
    for path in FILES:
        top = path.parts[0]
        if top in folders:
            expected.add("/".join([*folders[top].split("."), *path.parts[1:]]))
    shipped = {name for name in wheel_names if ".dist-info/" not in name}
    assert shipped == expected


def test_the_packages_declared_are_the_folders_with_modules() -> None:
    folders = {path.parent for path in FILES if path.name == "__init__.py"}
    assert {folder.relative_to(ROOT) for folder in package_folders(ROOT).values()} == folders


def test_every_name_works_on_every_system() -> None:
    reserved = {"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10))}
    parts = {part for path in FILES for part in path.parts}
    assert {part for part in parts if part.split(".")[0].lower() in reserved or not part.isascii()} == set()
    assert {part for part in parts if re.search(r'[<>:"|?*\\\x00-\x1f]|[. ]$', part)} == set()
    assert [path for path in FILES if len(path.as_posix()) > 200 or (ROOT / path).is_symlink()] == []


def test_no_two_names_differ_by_case_alone() -> None:
    every = {parent.as_posix() for path in FILES for parent in [path, *path.parents]}
    assert len({name.casefold() for name in every}) == len(every)


def test_text_is_utf8_with_line_feeds_and_ends_with_one() -> None:
    wrong = []
    for path in TEXTS:
        data = (ROOT / path).read_bytes()
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            wrong.append(path)
        if data.startswith(b"\xef\xbb\xbf") or b"\r" in data or not (data == b"" or data.endswith(b"\n")):
            wrong.append(path)
    assert wrong == []


def test_nothing_names_one_machine_or_a_package_host() -> None:
    folder = r"(?<![\w.*/}<])/(?:home|root|work|Users|tmp|opt|mnt|usr/(?!bin/env\b))(?:/|\w+/)"
    host = r"(?:pypi|pythonhosted|test\.pypi)\.(?:org|io)|--(?:(?:extra-)?index-url|trusted-host|find-links) "
    named = re.compile(folder + r"|\b[A-Z]:\\\w+|" + host)
    found = {path: named.findall((ROOT / path).read_text(encoding="utf-8")) for path in TEXTS}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_page_reaches_outside_the_machine() -> None:
    reaching = r"""(?i)\b(?:src|href|action)\s*=\s*\\?["']?\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import\b"""
    pages = [p for p in TEXTS if p.suffix in PAGE_SUFFIXES | {".py"} and p.name != Path(__file__).name]
    found = {path: re.findall(reaching, (ROOT / path).read_text(encoding="utf-8")) for path in pages}
    assert {path: links for path, links in found.items() if links} == {}


AMERICAN = re.compile(
    r"\b(?:colou?rs?(?<=color|olors)|centers?|centered|neighbor\w*|behavior\w*|labeled|labeling|modeled|modeling|favor\w*|gray"
    r"|(?:optim|minim|maxim|organ|normal|summar|recogn|visual|priorit|categor|standard)iz(?:e|es|ed|ing|er|ation)"
    r"|analyz\w*|license[ds]|defense|fulfill|traveled|traveling|canceled|catalog|meters?|kilometers?)\b",
    flags=re.IGNORECASE,
)


def test_prose_is_in_british_spelling() -> None:
    read = [p for p in TEXTS if p.suffix in {".py", ".md", ".html", ".j2"}]
    found = {path: AMERICAN.findall(prose(path, (ROOT / path).read_text(encoding="utf-8"))) for path in read}
    assert {path: words for path, words in found.items() if words} == {}


def test_the_spelling_is_read_in_comments_and_docstrings_but_not_in_code() -> None:
    text = '"""The color."""\nplot(color="red")  # its gray\nx = "`behavior`"  # see ``neighbors``\n'
    assert AMERICAN.findall(prose(Path("a.py"), text)) == ["color", "gray"]
