"""Options weighed by stated criteria, one case or many together: the best, and what would change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .placement import tie_break
from .program import DEFAULT_SOLVER, InfeasibleError, Program, Solution, Status, solve

__all__ = ["SCORE_STEP", "Choice", "Choices", "choose_together", "ranked", "weight_ranges", "weighted"]

Floats = NDArray[np.float64]

SCORE_STEP: Final = 1e-6
"""Scores nearer than this are equal."""

STAGES: Final = ("unmet", "score", "moves", "pounds", "tie")
"""The objectives of a choice for many, in their order."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen for many cases together.

    ``options``: a row an option; case, option, unit ("" where it takes no counted place), score (from 0 to 1), pounds
    (a year), budget (pounds a year that count against the budget), added (pounds a year of a place more for it, were
    one to be added; missing where none may be) and loss (what that takes off its score). ``room``: by unit, the places
    that nobody holds; one that is not there is bought one by one. ``more``: by unit, the places that may be added.
    ``moves``: who is at a unit and has consented to go to another; child, from_unit, to_unit, pounds (what the move
    adds a year). ``seats``: by case, the unit of ``room`` where it is now and stays where it is not met. ``budgets``:
    by label, the cases that it is for and what they may come to, their added places among it; with ``pooled`` every
    added place is, and every move that costs more, one that saves being no money. ``barred``: options of several cases
    ("" for not being met) that may not all be chosen together.
    """

    options: pd.DataFrame = field(repr=False)
    room: pd.Series = field(repr=False)
    more: pd.Series = field(repr=False)
    moves: pd.DataFrame = field(repr=False)
    budgets: Mapping[str, tuple[Sequence[str], float]] = field(default_factory=dict, repr=False)
    pooled: bool = False
    barred: Sequence[Mapping[str, str]] = ()
    seats: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """The best for all together.

    ``chosen``: by case, its option ("" where none can be met). ``added``: by case, whether a place is added for it.
    ``moved``: the rows of moves that are made. ``values``: each objective in its order (score as it is, pounds a year).
    ``status`` and ``bound`` (of the first objective that is not proven, or of the last) say how good it is known to be.
    """

    chosen: pd.Series = field(repr=False)
    added: pd.Series = field(repr=False)
    moved: pd.DataFrame = field(repr=False)
    values: Mapping[str, float]
    status: str
    bound: float


def ranked(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Each option's score and rank: ``score[o] = sum_k w[k] s[o,k] / sum_k w[k]``, 1 the best; equals share a rank.

    ``scores``: options x criteria, from 0 (worst) to 1; ``weights``: by criterion, not all nought. ``dominated``: the
    option that is as good by every criterion and better by one, "" where there is none. Raises ``ValueError`` for
    weights that are negative or all nought, or a score outside 0 to 1.
    """
    total, values = weighted(scores, weights), scores.to_numpy(float)
    if not ((values >= -1e-9) & (values <= 1.0 + 1e-9)).all():
        raise ValueError("scores: expected numbers from 0 to 1")
    rank = 1 + (total[None, :] > total[:, None] + SCORE_STEP / 2).sum(axis=1)
    better = (values[None, :, :] >= values[:, None, :]).all(axis=2) & (values[None, :, :] > values[:, None, :]).any(
        axis=2
    )
    labels = scores.index.to_numpy()
    dominated = [str(labels[np.flatnonzero(row)[0]]) if np.any(row) else "" for row in np.asarray(better)]
    return pd.DataFrame({"score": total, "rank": rank, "dominated": dominated}, index=scores.index)


def weighted(scores: pd.DataFrame, weights: pd.Series) -> Floats:
    """Each option's ``sum_k w[k] s[o,k] / sum_k w[k]``, in steps below which scores are equal."""
    share = _shares(weights.reindex(scores.columns).fillna(0.0))
    return np.round(scores.to_numpy(float) @ share / SCORE_STEP) * SCORE_STEP


def weight_ranges(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """By criterion, between which shares of all weight the first option stays first, the others in proportion.

    Columns share (now), least, most, below and above (the option that is first beyond each end, "" where none is). With
    share t on criterion k an option scores ``t s[o,k] + (1 - t) r[o]``, r by the other criteria alone: a straight line,
    so the first one is first between two crossings. Where the others have no weight, they count alike.
    """
    share = _shares(weights.reindex(scores.columns).fillna(0.0))
    columns = ["share", "least", "most", "below", "above"]
    if scores.empty:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="criterion"))
    values = scores.to_numpy(float)
    first = int(np.argmax(weighted(scores, weights)))
    labels = scores.index.to_numpy()
    rows = []
    for k in range(values.shape[1]):
        others = np.delete(share, k)
        others = others / others.sum() if others.sum() > 0 else np.full(len(others), 1.0 / max(len(others), 1))
        rest = np.delete(values, k, axis=1) @ others
        at_none, slope = rest[first] - rest, (values[first, k] - rest[first]) - (values[:, k] - rest)
        least, most, below, above = 0.0, 1.0, "", ""
        for o in np.flatnonzero(np.arange(len(values)) != first):
            if abs(slope[o]) < 1e-12:
                continue
            crossing = -at_none[o] / slope[o]
            if slope[o] > 0 and crossing > least and crossing <= share[k] + 1e-9:
                least, below = min(float(crossing), float(share[k])), str(labels[o])
            elif slope[o] < 0 and crossing < most and crossing >= share[k] - 1e-9:
                most, above = max(float(crossing), float(share[k])), str(labels[o])
        rows.append((float(share[k]), least, most, below, above))
    return pd.DataFrame(rows, columns=columns, index=pd.Index(scores.columns, name="criterion"))


def _shares(weights: pd.Series) -> Floats:
    numbers = weights.to_numpy(float)
    if not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.sum() > 0:
        raise ValueError("weights: expected numbers of nought or more, not all nought")
    return np.asarray(numbers / numbers.sum(), dtype=float)


def choose_together(choices: Choices, *, solver: str = DEFAULT_SOLVER, time_limit: float | None = None) -> Choice:
    """One option for each case, a place counted once: few unmet, then the best scores, few moves, the least cost.

    ::

        sum_o x[c,o] + unmet[c] = 1
        sum x[c,o] at u + sum unmet[c] with its seat at u + sum y[d,v] to u - sum y[d,v] from u
            - sum z[c,o] at u <= room[u]
        z[c,o] <= x[c,o]                 (a place is added for it)
        sum z[c,o] at u <= more[u]
        sum_v y[d,v] <= 1
        budgets: sum (b[c,o] x[c,o] + a[c,o] z[c,o]) (+ max(moves, 0) where pooled) <= limit
        barred: sum (x or unmet) over it <= its number of cases - 1

    Whole numbers; each objective is minimised among the best answers of those before it: nobody moves on but to make
    room, and a fixed hash of labels comes last. ``time_limit`` is seconds an objective; unproven, the answer says so.

    Raises ``ValueError`` where an option or a move is twice there, ``InfeasibleError`` where the budgets cannot be kept
    and ``OutOfTimeError`` where nothing was found in time.
    """
    options, moves = choices.options, choices.moves
    for table, key in ((options, ["case", "option"]), (moves, ["child", "to_unit"])):
        if table.duplicated(key).any():
            raise ValueError(f"{' and '.join(key)}: expected each once")
    addable = _addable(choices)
    program, costs = _stated(choices, addable)
    solution, proven = _in_order(program, costs, solver=solver, time_limit=time_limit)
    values = {name: float((solution.values.reindex(cost.index) * cost).sum()) for name, cost in costs.items()}
    chosen = solution.values.to_numpy() > 0.5
    cases = pd.Index(sorted(options["case"].unique()), name="case")
    parts = np.split(chosen, np.cumsum([len(options), len(cases), len(addable)]))
    above = addable["case"].to_numpy()[parts[2]]
    return Choice(
        chosen=options[parts[0]].set_index("case")["option"].reindex(cases).fillna("").rename("option"),
        added=pd.Series(cases.isin(above), index=cases),
        moved=moves[parts[3]].reset_index(drop=True),
        values={**values, "score": -values["score"] * SCORE_STEP, "pounds": values["pounds"] / 100.0},
        status=str(Status.optimal if proven else Status.feasible),
        bound=solution.bound,
    )


def _addable(choices: Choices) -> pd.DataFrame:
    """The options for which a place may be added."""
    options = choices.options
    more = options["unit"].map(choices.more).fillna(0.0)
    return options[(more > 0) & options["added"].notna()]


def _in_order(
    program: Program, costs: Mapping[str, pd.Series], *, solver: str, time_limit: float | None
) -> tuple[Solution, bool]:
    """The best for each objective among the best for those before it, and whether all are proven."""
    solution: Solution | None = None
    for name, cost in costs.items():
        if solution is not None and not cost.to_numpy().any():
            continue
        try:
            found = solve(program, cost, solver=solver, time_limit=time_limit)
        except InfeasibleError:
            # The first may be infeasible; a later one has the answer before it.
            if solution is None:
                raise
            return solution, False
        solution = found
        if found.status is not Status.optimal:
            return solution, False
        program = _kept(program, name, cost, found.objective)
    if solution is None:
        raise InfeasibleError("nothing to choose from")
    return solution, True


def _stated(choices: Choices, addable: pd.DataFrame) -> tuple[Program, dict[str, pd.Series]]:
    """The programme, and the objectives in whole children, millionths of a score, pence, moves and hashes."""
    options, moves = choices.options, choices.moves
    cases = sorted(options["case"].unique())
    take = _named("take", options["case"], options["option"])
    unmet = np.array([f"unmet[{case}]" for case in cases], dtype=object)
    add = _named("add", addable["case"], addable["option"])
    move = _named("move", moves["child"], moves["to_unit"])
    names = np.concatenate([take, unmet, add, move])
    variables = pd.DataFrame({"lower": 0.0, "upper": 1.0, "whole": True}, index=pd.Index(names, dtype=object))
    rows, entries = _places(choices, addable, take=take, add=add, move=move)
    entries += [
        (f"places[{seat}]", f"unmet[{case}]", 1.0) for case, seat in choices.seats.items() if case in set(cases)
    ]
    rows += [(f"case[{case}]", "=", 1.0) for case in cases]
    entries += [(f"case[{case}]", name, 1.0) for case, name in zip(options["case"], take, strict=True)]
    entries += [(f"case[{case}]", name, 1.0) for case, name in zip(cases, unmet, strict=True)]
    rows += [(f"child[{child}]", "<=", 1.0) for child in sorted(moves["child"].unique())]
    entries += [(f"child[{child}]", name, 1.0) for child, name in zip(moves["child"], move, strict=True)]
    for label, (whose, limit) in choices.budgets.items():
        row = f"budget[{label}]"
        rows.append((row, "<=", float(limit)))
        spent: list[tuple[str, float]] = []
        for table, names_of, column in ((options, take, "budget"), (addable, add, "added")):
            mine = table["case"].isin(list(whose)).to_numpy() | (choices.pooled and table is addable)
            spent += zip(names_of[mine], table.loc[mine, column].to_numpy(float), strict=True)
        spent += zip(move, moves["pounds"].clip(lower=0.0).to_numpy(float), strict=True) if choices.pooled else ()
        entries += [(row, name, pounds) for name, pounds in spent if pounds != 0]
    known = {*take, *unmet}
    for place, together in enumerate(choices.barred):
        rows.append((f"barred[{place}]", "<=", len(together) - 1.0))
        chosen = [f"take[{case},{option}]" if option else f"unmet[{case}]" for case, option in together.items()]
        entries += [(f"barred[{place}]", name, 1.0) for name in chosen if name in known]
    program = Program(
        variables,
        pd.DataFrame(
            {"sense": [sense for _, sense, _ in rows], "right": [right for *_, right in rows]},
            index=pd.Index([row for row, *_ in rows], dtype=object),
        ),
        pd.DataFrame(entries, columns=["row", "variable", "coefficient"]),
    )
    hashes = tie_break(
        [*options["case"], *moves["child"].astype(str)], [*options["option"], *moves["to_unit"].astype(str)]
    )
    pence = np.concatenate([options["pounds"], addable["added"], moves["pounds"]]).astype(float)
    scores = np.concatenate([-options["score"], addable["loss"]]).astype(float)
    stages = {
        "unmet": dict.fromkeys(unmet, 1.0),
        "score": dict(zip([*take, *add], np.round(scores / SCORE_STEP), strict=True)),
        "pounds": dict(zip([*take, *add, *move], np.round(100.0 * pence), strict=True)),
        "moves": dict.fromkeys(move, 1.0),
        "tie": dict(zip([*take, *move], map(float, hashes), strict=True)),
    }
    return program, {name: pd.Series(stages[name], dtype=float) for name in STAGES}


def _named(what: str, first: pd.Series, second: pd.Series) -> NDArray[np.object_]:
    return np.array([f"{what}[{a},{b}]" for a, b in zip(first, second, strict=True)], dtype=object)


def _places(
    choices: Choices,
    addable: pd.DataFrame,
    *,
    take: NDArray[np.object_],
    add: NDArray[np.object_],
    move: NDArray[np.object_],
) -> tuple[list[tuple[str, str, float]], list[tuple[str, str, float]]]:
    """The rows of places and of those added, and their entries."""
    options, moves = choices.options, choices.moves
    rows = [(f"places[{unit}]", "<=", float(room)) for unit, room in choices.room.items()]
    rows += [(f"more[{unit}]", "<=", float(choices.more[unit])) for unit in sorted(addable["unit"].unique())]
    entries: list[tuple[str, str, float]] = []
    counted = set(choices.room.index)
    for units, labels, sign in (
        (options["unit"], take, 1.0),
        (addable["unit"], add, -1.0),
        (moves["to_unit"], move, 1.0),
        (moves["from_unit"], move, -1.0),
    ):
        entries += [(f"places[{u}]", name, sign) for u, name in zip(units, labels, strict=True) if u in counted]
    entries += [(f"more[{u}]", name, 1.0) for u, name in zip(addable["unit"], add, strict=True)]
    for name, case, option in zip(add, addable["case"], addable["option"], strict=True):
        rows.append((f"if[{case},{option}]", "<=", 0.0))
        entries += [(f"if[{case},{option}]", name, 1.0), (f"if[{case},{option}]", f"take[{case},{option}]", -1.0)]
    return rows, entries


def _kept(program: Program, name: str, cost: pd.Series, value: float) -> Program:
    """The programme among the answers that are as good in an objective of whole numbers."""
    entries = program.entries
    if not isinstance(entries, pd.DataFrame):
        raise TypeError("a choice is stated by labels")
    some = cost[cost != 0]
    more = pd.DataFrame({"row": f"keep {name}", "variable": some.index, "coefficient": some.to_numpy()})
    row = pd.DataFrame({"sense": ["<="], "right": [round(value) + 0.5]}, index=pd.Index([f"keep {name}"], dtype=object))
    return Program(program.variables, pd.concat([program.rows, row]), pd.concat([entries, more], ignore_index=True))
