"""A rule of the user's own, written in PuLP over the variables of a placement."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .constraints import Rule, linear_rule
from .placement import PlacementProblem
from .program import PulpError, read_constraint, variable_maker

__all__ = ["Choices", "own_rules"]


class _Named(Mapping[Any, Any]):
    """PuLP variables by label, made when they are first asked for."""

    def __init__(self, labels: pd.Index, prefix: str) -> None:
        self._labels = labels
        self._prefix = prefix
        self._make = variable_maker()
        self._made: dict[Any, Any] = {}

    def __getitem__(self, label: Any) -> Any:
        if label not in self._made:
            self._made[label] = self._make(f"{self._prefix}{self._labels.get_loc(label)}")
        return self._made[label]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a rule may speak of: children on pairs and in the gap, as PuLP variables.

    ``place[group, unit]`` and ``gap[group]``; a pair that is not possible raises ``KeyError``. ``problem`` has the
    frames that the labels come from.
    """

    problem: PlacementProblem
    place: Mapping[tuple[str, str], Any] = field(repr=False)
    gap: Mapping[str, Any] = field(repr=False)


def own_rules(
    problem: PlacementProblem, write: Callable[[Choices], Mapping[str, Any]], *, required: bool = True
) -> list[Rule]:
    """The rules that ``write`` gives by name as PuLP constraints, such as ``{"few": lpSum(...) <= 3}``.

    A ``required`` rule is kept whatever it costs, even the gap; otherwise it comes after the gap and the preferences
    and is missed by as little as can be. Raises ``ValueError`` for a rule that is no linear PuLP constraint or speaks
    of other variables.
    """
    pairs = pd.MultiIndex.from_frame(problem.pairs[["group", "unit"]].astype(object))
    choices = Choices(problem, _Named(pairs, "place"), _Named(problem.groups.index, "gap"))
    rules = []
    for name, constraint in _written(write, choices).items():
        terms, sense, right = read_constraint(name, constraint)
        numbers = {"place": np.zeros(len(pairs)), "gap": np.zeros(len(problem.groups))}
        for label, coefficient in terms.items():
            kind = "place" if label.startswith("place") else "gap"
            number = label.removeprefix(kind)
            if not number.isdecimal() or int(number) >= len(numbers[kind]):
                raise ValueError(f"rule {name!r}: expected variables of place and gap, found {label}")
            numbers[kind][int(number)] += coefficient
        rules.append(
            linear_rule(name, pairs=numbers["place"], gap=numbers["gap"], sense=sense, right=right, required=required)
        )
    return rules


def _written(write: Callable[[Choices], Mapping[str, Any]], choices: Choices) -> Mapping[str, Any]:
    try:
        return write(choices)
    except PulpError as error:
        raise ValueError(f"own rules: expected finite numbers; {error}") from error
