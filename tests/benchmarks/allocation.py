"""Allocation: placeplan's engine beside others on the same instances, each in a fresh process of its own.

Run it as ``python tests/benchmarks/allocation.py [--json FILE] [--quick]``. Model building is counted and shown apart:
for placeplan from the tables on, its checks included. Seconds are of the clock; those of the processors stand beside
them, for a machine that others use. The peak is of the engine's process; "before" is what it was with the instance
loaded. linopy is in the extra ``bench``. A section is a function that gives rows and bars.
"""

import importlib
import multiprocessing
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd
from harness import Bar, at_least, at_most, finish, options

import placeplan as pp
from placeplan.models.allocate import allocate
from placeplan.models.allocate_years import allocate_years
from placeplan.models.changes import with_children, with_places
from placeplan.models.constraints import linear_rule
from placeplan.models.placement import placement_problem
from placeplan.models.pricing import one_sided_prices
from placeplan.models.stays import stay_problem
from placeplan.problem import county_problem

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "support")]
instances, engines = importlib.import_module("allocation_instances"), importlib.import_module("allocation_engines")

PEER_SECONDS = 3600.0
LOADS = (0.9, 1.1)
EQUAL = 1e-7
"""How far two engines' objectives may be apart, of the least."""

OURS, FLOW = "placeplan", "OR-tools flow"
SIMPLEX = "PuLP + HiGHS simplex"
FOR_RULES = (SIMPLEX, "PuLP + HiGHS ipm", "highspy simplex", "highspy ipm")

Row = dict[str, object]
Section = tuple[list[Row], dict[str, Bar]]


@dataclass(frozen=True, slots=True)
class Contender:
    """An engine, what it is given beside the instance, and how often it runs: the median run counts."""

    name: str
    engine: Callable
    repeats: int = 1
    beside: dict = field(default_factory=dict)


def ours(instance, side=None):
    """What placeplan makes of an instance; building is the making and checking of the problem.

    Without rules the seconds hold the answer, its proof and both one-sided prices of every unit.
    """
    began = time.perf_counter()
    problem = placement_problem(instance.groups, instance.units, instance.bands, instance.pairs)
    rules = [] if side is None else rules_of(problem, side)
    built = time.perf_counter()
    answer = allocate(problem, rules=rules)
    if side is None:
        one_sided_prices(problem, answer)
    return judged(answer.proof, began, built)


def rules_of(problem, side):
    """The rows beside the places as rules of one's own; a bought place keeps everybody out of the gap."""
    nobody = np.zeros(len(problem.groups))
    return [
        replace(linear_rule(f"row {k}", pairs=row, gap=nobody, sense=sense, right=float(right)), may_bar=False)
        for k, (row, sense, right) in enumerate(zip(side.matrix.toarray(), side.senses, side.right, strict=True))
    ]


def ours_over_years(instance):
    """What placeplan makes of ten years."""
    began = time.perf_counter()
    problem = stay_problem(instance.groups, instance.places, instance.bands, instance.survival, instance.stays)
    built = time.perf_counter()
    return judged(allocate_years(problem).proof, began, built)


def judged(proof, began, built):
    """An answer for the table; one that is not proven is none."""
    if proof.status != "optimal" or proof.objective - proof.bound > EQUAL * abs(proof.objective):
        raise AssertionError(f"not proven: {proof.objective} above {proof.bound}")
    return engines.Answer(proof.objective, built - began, time.perf_counter() - built, f"{proof.status}")


def peak_mb() -> float:
    """The most memory that this process has had, in megabytes; not known on Windows.

    Linux counts in ru_maxrss what the parent had when it spawned this process; VmHWM is of this process alone.
    """
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    if sys.platform == "win32":
        return float("nan")
    resource = importlib.import_module("resource")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1)


def made(make: Callable, path: str, *, with_rules: bool) -> None:
    """Make an instance, with the rules beside it where asked, and keep it in a file, its name first."""
    instance = make()
    beside = {"side": engines.side_rows(instance)} if with_rules else {}
    with Path(path).open("wb") as file:
        pickle.dump(instance.name, file)
        pickle.dump((instance, beside), file)


def run(contender: Contender, path: str, answers: Connection) -> None:
    """One engine on one instance; solvers' banners go nowhere."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    with Path(path).open("rb") as file:
        pickle.load(file)  # noqa: S301 (it was written by `made`)
        instance, beside = pickle.load(file)  # noqa: S301 (the same)
    before, began = peak_mb(), cpu_seconds()
    found = [contender.engine(instance, **beside, **contender.beside) for _ in range(contender.repeats)]
    spent = (cpu_seconds() - began) / contender.repeats
    answers.send((sorted(found, key=seconds_of)[contender.repeats // 2], spent, before, peak_mb()))


def cpu_seconds() -> float:
    """What this process and its children (CBC is one) have had of the processors: beside it, others' load shows."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def seconds_of(answer) -> float:
    return answer.seconds_build + answer.seconds_solve


def compare(make: Callable, contenders: Sequence[Contender], *, with_rules: bool = False) -> list[Row]:
    """A row an engine, all on the instance that ``make`` gives; an engine that fails or takes too long is told.

    Processes are spawned, and the instance is made in one too and never read here: where a child's peak begins at its
    parent's, this process must stay small.
    """
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "instance.pickle")
        maker = spawn.Process(target=made, args=(make, path), kwargs={"with_rules": with_rules})
        maker.start()
        maker.join()
        with Path(path).open("rb") as file:
            name = pickle.load(file)  # noqa: S301 (it was written by `made`)
        rows = []
        for contender in contenders:
            receiver, sender = spawn.Pipe(duplex=False)
            process = spawn.Process(target=run, args=(contender, path, sender))
            process.start()
            sender.close()
            rows.append({"instance": name, "engine": contender.name, **heard(receiver)})
            process.kill()
            process.join()
            told = rows[-1].get("note") or f"{rows[-1]['total s']:,.2f} s"
            print(f"{name}: {contender.name}: {told}", file=sys.stderr)
    best = min((row["objective"] for row in rows if row["objective"] is not None), default=None)
    mine = next((row.get("total s") for row in rows if row["engine"] == OURS), None)
    for row in rows:
        if row["objective"] is not None:
            row["difference"] = (row["objective"] - best) / best
            row["x slower than ours"] = row["total s"] / mine if mine else None
    return rows


def heard(receiver: Connection) -> Row:
    """What an engine's process has to say, or that it ended or was stopped without a word."""
    note = f"stopped after {PEER_SECONDS:g} s"
    if receiver.poll(PEER_SECONDS):
        try:
            answer, spent, before, peak = receiver.recv()
        except EOFError:
            note = "failed"
        else:
            return {
                "build s": answer.seconds_build,
                "solve s": answer.seconds_solve,
                "total s": seconds_of(answer),
                "cpu s": spent,
                "peak MB": peak,
                "before MB": before,
                "objective": answer.objective,
            }
    return {"objective": None, "note": note}


def fastest(rows: Sequence[Row], part: str) -> float:
    """The least of the seconds of the engines with ``part`` in their name; not a number where none has an answer."""
    taken = [row["total s"] for row in rows if part in row["engine"] and row["objective"] is not None]
    return min(taken, default=float("nan"))


def agreement(rows: Sequence[Row], where: str) -> Mapping[str, Bar]:
    """That every engine has an answer and the same; one without an answer never holds."""
    worst = max(row.get("difference", float("inf")) for row in rows)
    return {f"{where}: objectives apart": at_most(worst, EQUAL)}


def lp_peers(names: Sequence[str]) -> list[Contender]:
    return [Contender(name, engines.LP_PEERS[name]) for name in names]


def forecast(*, quick: bool) -> Section:
    """A county's forecast, bare: children, places and nothing beside them."""
    rows, bars = [], {}
    for load in LOADS:
        contenders = [
            Contender(OURS, ours, repeats=3),
            Contender(FLOW, engines.bare_flow, repeats=3),
            *lp_peers(list(engines.LP_PEERS)),
        ]
        make = partial(instances.forecast_size, load=load, seed=1, size=0.1 if quick else 1.0)
        found = compare(make, contenders)
        mine, where = fastest(found, OURS), f"load {load:g}"
        rows += found
        bars[f"{where}: x faster than HiGHS simplex through PuLP"] = at_least(fastest(found, SIMPLEX) / mine, 40)
        bars[f"{where}: x faster than HiGHS interior point"] = at_least(fastest(found, "ipm") / mine, 10)
        bars[f"{where}: x the seconds of the bare flow"] = at_most(mine / fastest(found, FLOW), 8)
        bars |= agreement(found, where)
    return rows, bars


def rules_beside(*, quick: bool) -> Section:
    """The same county with rules of equity, hosts and a budget, which no flow can state."""
    make = partial(instances.forecast_size, load=0.9, seed=1, size=0.1 if quick else 1.0)
    rows = compare(make, [Contender(OURS, ours, repeats=3), *lp_peers(FOR_RULES)], with_rules=True)
    rows = [row | {"instance": f"{row['instance']}, rules"} for row in rows]
    mine = fastest(rows, OURS)
    bars = {"rules: x faster than HiGHS simplex through PuLP": at_least(fastest(rows, SIMPLEX) / mine, 10)}
    return rows, bars | agreement(rows, "rules")


def stays(*, quick: bool) -> Section:
    """Ten years of entries, stays and leavers."""
    whole = engines.whole_lp_ten_years
    contenders = [Contender(OURS, ours_over_years)] + [
        Contender(f"{through} {method}", whole, beside={"method": method, "through": through})
        for through in ("PuLP", "highspy")
        for method in ("simplex", "ipm")
    ]
    rows = compare(partial(instances.ten_years, seed=1, size=0.1 if quick else 1.0), contenders)
    peers = [row for row in rows if row["engine"] != OURS]
    fewest = min(fastest(peers, "PuLP"), fastest(peers, "highspy"))
    bars = {"ten years: x faster than the fastest whole LP": at_least(fewest / fastest(rows, OURS), 5)}
    return rows, bars | agreement(rows, "ten years")


def england(*, quick: bool) -> Section:
    """A country, by its size: proven, with seconds and memory."""
    rows, bars = [], {}
    for share in (0.125,) if quick else (0.125, 0.25, 0.5, 1.0):
        rows += compare(partial(instances.england, share=share, seed=1), [Contender(OURS, ours)])
    last = rows[-1]
    bars["England: seconds"] = at_most(last["total s"], 600, unit="s")
    bars["England: megabytes"] = at_most(last["peak MB"], 12_000, unit="MB")
    return rows, bars


def warm(*, quick: bool) -> Section:
    """The embedded county with a place or a child more, from the answer without it: equal to a fresh one."""
    county = pp.read_county("example:derbyshire")
    travel = pp.travel_times(county)
    rows, bars = [], {}
    for question in ("september", "afresh"):
        problem = county_problem(county, travel, question).placement
        before = allocate(problem)
        counted = problem.units.index[np.isfinite(problem.units["places"])]
        changes = [with_places(problem, pd.Series({unit: 1.0})) for unit in counted[: 5 if quick else 25]]
        changes += [
            with_children(problem, {group: 1.0}) for group in problem.groups.index[:: len(problem.groups) // 25]
        ]
        seconds, apart = [], 0.0
        for changed in changes:
            began = time.perf_counter()
            again = allocate(changed, start=before)
            seconds.append(time.perf_counter() - began)
            fresh = allocate(changed)
            same = again.flows.equals(fresh.flows) and again.gap.equals(fresh.gap)
            apart = max(apart, abs(again.proof.objective - fresh.proof.objective), 0.0 if same else 1.0)
        middle = sorted(seconds)[len(seconds) // 2]
        rows.append({"instance": f"{question}, {len(changes)} changes", "engine": OURS, "total s": middle})
        bars[f"{question}: median seconds of a change"] = at_most(middle, 0.1, unit="s")
        bars[f"{question}: apart from a fresh answer"] = at_most(apart, 0.0)
    return rows, bars


def random_counties(*, quick: bool) -> Section:
    """Random counties with every rule on and off beside the reference model; prices beside solving again."""
    checks = importlib.import_module("allocation_checks")
    counties = importlib.import_module("allocation_counties")
    many = 25 if quick else 500
    began, wrong = time.perf_counter(), 0
    for seed in range(many):
        try:
            checks.check_county(seed)
            if seed % 5 == 0:
                problem = counties.random_county(seed)
                checks.check_prices_under_rules(problem, counties.random_rules(problem, seed))
        except (AssertionError, ArithmeticError, LookupError, ValueError) as error:
            wrong += 1
            print(f"county {seed}: {error}", file=sys.stderr)
    row = {"instance": f"{many} random counties", "engine": OURS, "total s": time.perf_counter() - began}
    return [row], {f"random counties that differ, of {many}": at_most(wrong, 0)}


SECTIONS = (forecast, rules_beside, stays, england, warm, random_counties)


def main():
    quick = options().quick
    rows, bars = [], {}
    for section in SECTIONS:
        more_rows, more_bars = section(quick=quick)
        rows += more_rows
        bars |= more_bars
    finish(rows, bars)


if __name__ == "__main__":
    main()
