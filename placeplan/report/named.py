"""Kinds of place called in a run's own words, whoever makes a page, a sheet or a sentence of it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from placeplan.county.kind_names import names_in_use
from placeplan.runs import Run

__all__ = ["in_its_words"]

P = ParamSpec("P")
Made = TypeVar("Made")


def in_its_words(make: Callable[Concatenate[Run, P], Made]) -> Callable[Concatenate[Run, P], Made]:
    """A function of a run, done with the names of kinds that the run carries."""

    @wraps(make)
    def made(run: Run, /, *args: P.args, **options: P.kwargs) -> Made:
        with names_in_use(run.facts.get("names") or {}):
            return make(run, *args, **options)

    return made
