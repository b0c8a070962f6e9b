"""The project's papers say what is so: make targets, commands, versions and links."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from contract import contract
from minimums import minimum, minimums
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from support.source_tree import ROOT, imports, modules, tracked_files
from typecheck import lay_out, package_folders, repository_path

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
DECLARED = [Requirement(line) for extra in PROJECT["optional-dependencies"].values() for line in extra] + DEPENDENCIES
PAPERS = [path for path in tracked_files() if path.suffix == ".md"]


def read(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins() -> dict[str, Version]:
    """The versions in constraints.txt, by the library's name."""
    lines = [line for line in read("constraints.txt").splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r"([a-z0-9.-]+)==([A-Za-z0-9.+!]+)", line) for line in lines]
    assert None not in found
    return {match[1]: Version(match[2]) for match in found if match}


def test_every_pin_is_within_what_is_declared() -> None:
    pinned = pins()
    assert [str(need) for need in DECLARED if canonicalize_name(need.name) not in pinned] == []
    assert [str(need) for need in DECLARED if not need.specifier.contains(pinned[canonicalize_name(need.name)])] == []


def test_every_dependency_names_its_lowest_version() -> None:
    assert minimum("pulp>=3.3.1,<4") == "pulp==3.3.1"
    with pytest.raises(ValueError, match="numpy: no lowest version"):
        minimum("numpy")
    lowest = dict(line.split("==") for line in minimums())
    assert {canonicalize_name(need.name) for need in DEPENDENCIES} <= {canonicalize_name(name) for name in lowest}
    assert {canonicalize_name(name) for name in lowest} == set(pins())


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    # PuLP and pandas call these for us.
    called_for_us = {"highspy", "openpyxl", "xlsxwriter"}
    tops = {item.module.split(".")[0] for module in modules().values() for item in imports(module)}
    libraries = {top.lower() for top in tops} - {name.lower() for name in sys.stdlib_module_names} - {"placeplan"}
    declared = {need.name.lower().replace("-", "_") for need in DEPENDENCIES}
    extra = {Requirement(line).name for line in PROJECT["optional-dependencies"]["osm"]}
    assert libraries - declared == extra
    assert declared - libraries <= called_for_us


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.MULTILINE))


def test_every_make_target_is_phony_and_says_what_it_does() -> None:
    phony = re.findall(r"^\.PHONY: (.*)$", read("Makefile"), flags=re.MULTILINE)[0].split()
    documented = set(re.findall(r"^([a-z]+):.*## \S", read("Makefile"), flags=re.MULTILINE))
    assert set(phony) == make_targets() == documented


@pytest.mark.parametrize("path", PAPERS, ids=Path.as_posix)
def test_the_make_targets_and_links_of_a_paper_exist(path: Path) -> None:
    text = read(path)
    assert set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", text, flags=re.MULTILINE)) <= make_targets()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if not (ROOT / path.parent / link).exists()] == []


def test_what_is_run_before_a_change_is_kept_calls_targets_that_exist() -> None:
    script = read(".ci/run")
    called = re.findall(r"^for target in (.*); do$", script, flags=re.MULTILINE)[0].split()
    called += re.findall(r"^make ([a-z]+)", script, flags=re.MULTILINE)
    assert set(called) <= make_targets()
    assert called[-1] == "test", "pytest's summary is the last thing printed"


def test_the_commands_of_the_readme_are_those_of_the_program() -> None:
    (script,) = entry_points(group="console_scripts", name="placeplan")
    run = f"import sys; sys.argv = ['placeplan', '--help']; from {script.module} import {script.attr} as main; main()"
    help_text = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    shown = set(re.findall(r"^ {4}(?:\S*[\\/])?placeplan ([a-z]+)", read("README.md"), flags=re.MULTILINE))
    named = {"demo", "new", "check", "travel", "forecast", "allocate", "coverage", "options", "report", "compare"}
    assert shown == named
    assert [command for command in shown if not re.search(rf"\b{command}\b", help_text)] == []


def test_the_page_of_the_tables_is_that_of_the_code() -> None:
    assert read("TABLES.md") == contract(), "run make contract"


def test_the_changelog_knows_the_version() -> None:
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\]", read("CHANGELOG.md"), flags=re.MULTILINE)


def test_the_type_check_reads_the_packages_as_they_import_and_names_the_files_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.setuptools]\npackages = ["a", "a.b", "a.c"]\n[tool.setuptools.package-dir]\n"a" = "a"\n"a.b" = "b"\n',
        encoding="utf-8",
    )
    for name in ("a/__init__.py", "b/__init__.py", "b/01_first.py", "a/c/part.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"NAME = {name!r}\n", encoding="utf-8")
    folders = package_folders(tmp_path)
    assert folders == {"a": tmp_path / "a", "a.b": tmp_path / "b", "a.c": tmp_path / "a" / "c"}

    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "gone.py").write_text("", encoding="utf-8")
    lay_out(folders, tree)
    laid_out = {path.relative_to(tree).as_posix() for path in tree.rglob("*.py")}
    assert laid_out == {"a/__init__.py", "a/b/__init__.py", "a/b/script_01_first.py", "a/c/part.py"}
    for path in laid_out:
        original = repository_path(path, folders, tmp_path)
        assert (tree / path).read_text(encoding="utf-8") == f"NAME = {original!r}\n"
    assert repository_path("elsewhere/x.py", folders, tmp_path) == "elsewhere/x.py"
