"""What every benchmark shares: a table on stdout, bars that hold or do not, and both as JSON where asked.

A benchmark is a script beside this file that measures, then ends with ``finish(rows, bars)``::

    rows = [{"method": "placeplan", "seconds": 1.8}, {"method": "peer", "seconds": 9.3}]
    finish(rows, {"seconds against the peer": at_most(1.8 / 9.3, 0.5)})

It prints its table and each bar, writes ``{"rows": [...], "bars": {name: {"value", "needs", "holds"}}}`` with
``--json FILE``, and exits with 1 where a bar does not hold.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

__all__ = ["Bar", "at_least", "at_most", "exactly", "finish", "median_seconds", "options"]

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Bar:
    """What was measured, what the project asks for, in words, and whether it is met."""

    value: Cell
    needs: str
    holds: bool


def at_most(value: float, limit: float, *, unit: str = "") -> Bar:
    """A bar that holds where ``value`` is no more than ``limit``; a value that is not a number never holds."""
    return Bar(value, f"at most {limit:g} {unit}".rstrip(), holds=bool(value <= limit))


def at_least(value: float, limit: float, *, unit: str = "") -> Bar:
    """A bar that holds where ``value`` is no less than ``limit``; a value that is not a number never holds."""
    return Bar(value, f"at least {limit:g} {unit}".rstrip(), holds=bool(value >= limit))


def exactly(value: Cell, wanted: Cell) -> Bar:
    """A bar that holds where ``value`` is what was ``wanted``."""
    return Bar(value, f"exactly {wanted}", holds=value == wanted)


def median_seconds(work: Callable[[], object], *, repeats: int = 3) -> float:
    """The median of the seconds that ``work`` takes, over an odd number of ``repeats``."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return sorted(taken)[repeats // 2]


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options that every benchmark takes: ``--json FILE``, and ``--quick`` for a smaller run of the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and bars there")
    parser.add_argument("--quick", action="store_true", help="a smaller run of the same, whose bars say less")
    return parser.parse_args(arguments)


def finish(
    rows: Sequence[Mapping[str, Cell]], bars: Mapping[str, Bar], *, arguments: Sequence[str] | None = None
) -> None:
    """Print the table and the bars, write them where asked, and exit: 0 where every bar holds, else 1."""
    console = Console(width=120 if not sys.stdout.isatty() else None)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    _print(console, columns, [[row.get(column) for column in columns] for row in rows])
    _print(console, ["bar", "value", "needs", "holds"], [[name, b.value, b.needs, b.holds] for name, b in bars.items()])
    path = options(arguments).json
    if path is not None:
        answer = {"rows": [dict(row) for row in rows], "bars": {name: asdict(bar) for name, bar in bars.items()}}
        path.write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    sys.exit(0 if all(bar.holds for bar in bars.values()) else 1)


def _print(console: Console, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    table = Table(box=None)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(_written(cell) for cell in row))
    console.print(table)
    console.print()


def _written(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "NO"
    if isinstance(cell, float):
        return f"{cell:,.4g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return "" if cell is None else str(cell)
