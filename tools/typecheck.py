"""Check the types of the packages as they import: mypy cannot follow the folder mapping of pyproject.toml.

The packages are copied to .mypy_cache/tree as they land in site-packages, mypy runs there, and the
paths in its messages are turned back into those of the repository. Arguments are passed to mypy.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

__all__ = ["check", "lay_out", "package_folders", "repository_path"]

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / ".mypy_cache" / "tree"
MESSAGE = re.compile(r"^(?P<path>[^:\n]+\.pyi?)(?=:\d+:)", flags=re.MULTILINE)


def package_folders(root: Path = ROOT) -> dict[str, Path]:
    """Each package's name as it is imported, and its folder on disk, outermost packages first."""
    setuptools = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    mapping: dict[str, str] = setuptools["package-dir"]
    folders = {}
    for package in sorted(setuptools["packages"]):
        # The longest mapped prefix decides, as setuptools has it.
        parts = package.split(".")
        for length in range(len(parts), 0, -1):
            prefix = ".".join(parts[:length])
            if prefix in mapping:
                folders[package] = root.joinpath(mapping[prefix], *parts[length:])
                break
    return folders


def lay_out(folders: dict[str, Path], tree: Path) -> None:
    """Copy the modules of ``folders`` to ``tree`` as they import, leaving unchanged ones alone for mypy's cache."""
    wanted = set()
    for package, folder in folders.items():
        for source in [*folder.glob("*.py"), *folder.glob("*.pyi"), *folder.glob("py.typed")]:
            # Numbered scripts are run, never imported: mypy is given them by an importable name.
            name = source.name if source.stem.isidentifier() or source.suffix != ".py" else f"script_{source.name}"
            target = tree.joinpath(*package.split("."), name)
            wanted.add(target)
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    for found in list(tree.rglob("*")):
        if found.is_file() and found not in wanted:
            found.unlink()


def repository_path(path: str, folders: dict[str, Path], root: Path = ROOT) -> str:
    """The file in the repository that ``path``, relative to the tree, was copied from; else ``path`` itself."""
    *package, name = Path(path).parts
    folder = folders.get(".".join(package))
    if folder is None:
        return path
    return (folder / name.removeprefix("script_")).relative_to(root).as_posix()


def check(arguments: list[str]) -> int:
    """Run mypy over the packages; 0 where it finds nothing, else its exit code."""
    folders = package_folders()
    lay_out(folders, TREE)
    # -p, not paths, so that modules get the names that they are imported by; the stale sources of an installed
    # copy are never read, because MYPYPATH comes first.
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(ROOT / ".mypy_cache"), "-p", "placeplan", *arguments]
    result = subprocess.run(
        command,
        cwd=TREE,
        env={**os.environ, "MYPYPATH": str(TREE)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(MESSAGE.sub(lambda found: repository_path(found["path"], folders), result.stdout), end="")
    print(result.stderr, end="", file=sys.stderr)
    return result.returncode


if __name__ == "__main__":
    sys.exit(check(sys.argv[1:]))
