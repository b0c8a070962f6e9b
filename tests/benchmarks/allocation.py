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
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from harness import Bar, at_least, at_most, finish, options

from placeplan.models.allocate import allocate
from placeplan.models.placement import placement_problem

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


def ours(instance):
    """What placeplan makes of an instance; building is the making and checking of the problem."""
    began = time.perf_counter()
    problem = placement_problem(instance.groups, instance.units, instance.bands, instance.pairs)
    built = time.perf_counter()
    proof = allocate(problem).proof
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
    rows = compare(make, lp_peers(FOR_RULES), with_rules=True)
    rows = [row | {"instance": f"{row['instance']}, rules"} for row in rows]
    return rows, dict(agreement(rows, "rules"))


def stays(*, quick: bool) -> Section:
    """Ten years of entries, stays and leavers."""
    whole = engines.whole_lp_ten_years
    contenders = [
        Contender(f"{through} {method}", whole, beside={"method": method, "through": through})
        for through in ("PuLP", "highspy")
        for method in ("simplex", "ipm")
    ]
    rows = compare(partial(instances.ten_years, seed=1, size=0.1 if quick else 1.0), contenders)
    return rows, dict(agreement(rows, "ten years"))


SECTIONS = (forecast, rules_beside, stays)


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
