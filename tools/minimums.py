"""Print the lowest versions that pyproject.toml declares, as constraints for pip: what `make minimums` installs.

What is not declared as a run-time dependency keeps its version of constraints.txt.
"""

import re
import sys
import tomllib
from pathlib import Path

__all__ = ["minimum", "minimums"]

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(\[[^\]]*\])?>=(?P<version>[^,;\s]+)")


def minimum(requirement: str) -> str:
    """The requirement pinned to its lowest version: ``pulp>=3.3.1,<4`` gives ``pulp==3.3.1``.

    ValueError where it names none.

    >>> minimum("pulp>=3.3.1,<4")
    'pulp==3.3.1'
    """
    found = REQUIREMENT.match(requirement)
    if found is None:
        message = f"{requirement}: no lowest version; write it as name>=version"
        raise ValueError(message)
    return f"{found['name']}=={found['version']}"


def minimums(root: Path = ROOT) -> list[str]:
    """Constraints for pip: each run-time dependency at its lowest version, everything else as pinned."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = [minimum(requirement) for requirement in project["dependencies"]]
    declared = {_name(line) for line in lowest}
    pinned = [line for line in (root / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line]
    return [*lowest, *(line for line in pinned if _name(line) not in declared)]


def _name(pin: str) -> str:
    return pin.partition("==")[0].lower().replace("_", "-")


if __name__ == "__main__":
    sys.stdout.write("\n".join(minimums()) + "\n")
