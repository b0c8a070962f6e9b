"""The source tree as the house-rule tests read it: files, modules by the names they import under, their imports."""

import ast
import io
import re
import subprocess
import tokenize
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from typecheck import package_folders

ROOT = Path(__file__).resolve().parents[2]

# What the make targets and the editors leave behind; read only where there is no git checkout to ask.
NOT_OURS = {".git", ".venv", ".venv-minimums", ".smoke", ".soak", "build", "dist", "runs", "__pycache__", ".hypothesis"}
NOT_OURS |= {".mypy_cache", ".pytest_cache", ".ruff_cache"}


@cache
def tracked_files() -> tuple[Path, ...]:
    """The repository's files, relative to its root: what git tracks or would, else what is on disk."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            names = {Path(name) for name in listed.stdout.split("\0") if name}
            return tuple(sorted(name for name in names if (ROOT / name).is_file()))
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(
        sorted(
            path
            for path in found
            if not NOT_OURS & set(path.parts)
            and not any(part.endswith(".egg-info") for part in path.parts)
            and not path.name.startswith(".coverage")
        )
    )


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's target: the module meant, the name taken from it, and how it was written."""

    module: str
    name: str
    line: int
    relative: bool


@dataclass(frozen=True, slots=True)
class Module:
    """One Python module of the packages: the name it imports under, its file and its syntax tree."""

    name: str
    path: Path
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    @property
    def package(self) -> str:
        """The package that a relative import in this module starts from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    @property
    def is_script(self) -> bool:
        """Whether it is run by its path and never imported: its name is no identifier, as in 01_first.py."""
        return not self.path.stem.isidentifier()


def parse(name: str, path: Path, text: str) -> Module:
    """The module called ``name`` whose source is ``text``."""
    return Module(name=name, path=path, text=text, tree=ast.parse(text, filename=str(path)))


@cache
def modules() -> dict[str, Module]:
    """Every module under the folders of the packages, by the name it imports under."""
    folders = {folder.relative_to(ROOT): package for package, folder in package_folders(ROOT).items()}
    found = {}
    for path in tracked_files():
        if path.suffix == ".py" and path.parts[0] in {folder.parts[0] for folder in folders}:
            package = folders.get(path.parent) or ".".join([folders[Path(path.parts[0])], *path.parent.parts[1:]])
            name = package if path.name == "__init__.py" else f"{package}.{path.stem}"
            found[name] = parse(name, path, (ROOT / path).read_text(encoding="utf-8"))
    return found


def imports(module: Module) -> list[Import]:
    """Every import of ``module``, those inside functions and conditions too, with relative ones resolved."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, "", node.lineno, relative=False) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            target = node.module or ""
            if node.level:
                base = module.package.split(".")
                base = base[: len(base) - node.level + 1]
                target = ".".join([*base, *([node.module] if node.module else [])])
            found += [Import(target, alias.name, node.lineno, relative=node.level > 0) for alias in node.names]
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__", "lazy.load", "load"}:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.append(Import(first.value, "", node.lineno, relative=False))
    return found


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def targets(module: Module, known: dict[str, Module]) -> set[str]:
    """The modules of ``known`` that ``module`` imports: ``from a import b`` means a.b where that is a module."""
    found = set()
    for item in imports(module):
        whole = f"{item.module}.{item.name}" if item.name else item.module
        if whole in known:
            found.add(whole)
        elif item.module in known:
            found.add(item.module)
    return found | set(lazily_attached(module).values())


def lazily_attached(module: Module) -> dict[str, str]:
    """The names that ``lazy_loader.attach_stub`` gives ``module``, with the module that each comes from.

    They stand in the stub beside it, as ``from .county.reading import read_county``.
    """
    if not any(isinstance(node, ast.Call) and _called(node) == "attach_stub" for node in ast.walk(module.tree)):
        return {}
    path = module.path.with_suffix(".pyi")
    stub = parse(module.name, path.with_name("__init__.py"), (ROOT / path).read_text(encoding="utf-8"))
    return {item.name: item.module for item in imports(stub)}


def defined_names(module: Module) -> tuple[set[str], set[str]]:
    """The public functions and classes of ``module``, and its public constants and aliases.

    What it imports is not its own.
    """
    made: set[str] = set()
    assigned: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.Assign):
            assigned |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            assigned.add(node.target.id)
    return {name for name in made if not name.startswith("_")}, {name for name in assigned if not name.startswith("_")}


def declared_names(module: Module) -> list[str] | None:
    """What ``__all__`` lists, in its order; None where there is none or it is not a plain list of strings."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            try:
                return list(ast.literal_eval(node.value))
            except ValueError:
                return None
    return None


def documented_order(name: str) -> tuple[int, str]:
    """The key that ``__all__`` is sorted by: constants, then classes, then functions."""
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return kind, name


def prose(path: Path, text: str) -> str:
    """What a person reads in the file: documents and pages whole, of Python its docstrings and comments.

    Code quoted in back-ticks, doctest lines, addresses, and what a template gives the browser are left out.
    """
    if path.suffix == ".py":
        words = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(text)) if _has_docstring(node)]
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        words += [token.string for token in tokens if token.type == tokenize.COMMENT]
        text = "\n".join(words)
    if path.suffix in {".html", ".j2"}:
        text = re.sub(r"(?s)<(style|script)\b.*?</\1>|<[^>]*>|\{\{.*?\}\}|\{%.*?%\}", " ", text)
    text = re.sub(r"(?s)```.*?```|``.*?``|`[^`\n]*`", " ", text)
    text = re.sub(r"(?m)^\s*(?:>>>|\.\.\.).*$", " ", text)
    return re.sub(r"https?://\S+", " ", text)


def _has_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
