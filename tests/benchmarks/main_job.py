"""The main job: the demo's time and memory, the allocation beside its peers, broken answers and damaged input."""

import importlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from harness import at_least, at_most, exactly, finish, median_seconds, options

import placeplan as pp
from placeplan.models.allocate import allocate
from placeplan.verify import verify

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "support"), str(TESTS / "county")]


PLACEPLAN = "import sys; from placeplan.cli import main; sys.argv[0] = 'placeplan'; main()"
PEAK = (
    "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)"
    if sys.platform != "win32"
    else "print('nan', file=sys.stderr)"
)


def placeplan(*arguments: str, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", PLACEPLAN, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


def demo(folder: Path) -> dict:
    """Seconds and peak megabytes of the demo as a process of its own."""
    code = f"import atexit, sys; atexit.register(lambda: exec({PEAK!r}, {{'sys': sys}})); {PLACEPLAN}"
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--out", "demo"],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return {"what": "demo", "seconds": time.perf_counter() - began, "peak_mb": float(done.stderr.split()[-1])}


def beside_peers(count: int) -> tuple[list[dict], float, float]:
    """Seconds of placeplan and its peers over random problems, and the largest differences of cost and gap."""
    peers = importlib.import_module("placement_peers")
    seconds = {"placeplan": 0.0, "OR-tools min-cost flow": 0.0, "scipy linprog": 0.0}
    cost = gap = 0.0
    for seed in range(count):
        problem = peers.random_problem(seed, groups=12 + seed % 30, units=3 + seed % 9, unlimited=seed % 3 == 0)
        found = {}
        for name, work in (
            ("placeplan", allocate),
            ("OR-tools min-cost flow", peers.best_by_flow),
            ("scipy linprog", peers.best_by_linear_programme),
        ):
            began = time.perf_counter()
            found[name] = work(problem)
            seconds[name] += time.perf_counter() - began
        mine = found.pop("placeplan").proof
        for best in found.values():
            cost, gap = max(cost, abs(mine.objective - best.cost)), max(gap, abs(mine.gap_children - best.gap))
    rows = [{"what": f"{count} random problems", "engine": name, "seconds": s} for name, s in seconds.items()]
    return rows, cost, gap


def embedded_county() -> list[dict]:
    """The allocation of the embedded county beside the peers' bare answers on the same instance."""
    peers = importlib.import_module("placement_peers")
    county = pp.read_county("example:derbyshire")
    travel = pp.travel_times(county)
    rows = []
    for question in ("september", "afresh"):
        problem = pp.allocate_places(county, travel, question=question).problem.placement
        label = f"{question}: {len(problem.groups)} children, {len(problem.pairs)} pairs"
        engines = [("placeplan, with proof and ties", allocate), ("OR-tools min-cost flow", peers.best_by_flow)]
        if question == "september":  # the peer's matrix is dense
            engines.append(("scipy linprog", peers.best_by_linear_programme))
        rows += [
            {"what": label, "engine": name, "seconds": median_seconds(lambda work=work, p=problem: work(p))}
            for name, work in engines
        ]
    return rows


def broken_answers(folder: Path) -> tuple[int, int]:
    """How many answers broken on purpose there are, and how many the verifier rejects."""
    tests = importlib.import_module("test_verification")
    county = pp.read_county(tests.write_tiny_county(folder / "broken"))
    travel = pp.travel_times(county, cache=False)
    claim = tests.claim_of(county, travel)
    if not verify(county, travel, claim).holds:
        return len(tests.BROKEN), 0
    return len(tests.BROKEN), sum(
        not verify(county, travel, break_it(claim)).holds for break_it, _ in tests.BROKEN.values()
    )


def damaged_input(folder: Path, most: int) -> tuple[int, int]:
    """How many kinds of damage are tried, and how many end in exit code 2, one message and nothing written."""
    tiny = importlib.import_module("tiny_county")
    modules = ("test_damaged_files", "test_damaged_tables", "test_damaged_places", "test_damaged_settings")
    cases = [case for name in modules for case in importlib.import_module(name).CASES]
    step = max(1, len(cases) // most)
    tried = right = 0
    for number, (_, damage, *_) in enumerate(cases[::step]):
        place = folder / f"damaged{number}"
        damage(tiny.write_tiny_county(place / "county"))
        done = placeplan("allocate", "county", "--out", "run", folder=place)
        tried += 1
        told = "in the input:" in done.stderr and "Traceback" not in done.stderr
        right += done.returncode == 2 and told and not done.stdout and not (place / "run").exists()
    return tried, right


def main() -> None:
    quick = options().quick
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        whole = demo(folder)
        shown = median_seconds(lambda: placeplan("--help", folder=folder), repeats=5)
        rows, cost, gap = beside_peers(40 if quick else 200)
        broken, rejected = broken_answers(folder)
        tried, right = damaged_input(folder, 10 if quick else 40)
    rows = [whole, {"what": "--help", "seconds": shown}, *rows, *embedded_county()]
    finish(
        pd.DataFrame(rows).astype(object).where(lambda frame: frame.notna(), None).to_dict("records"),
        {
            "demo, seconds": at_most(whole["seconds"], 30, unit="s"),
            "demo, peak memory": at_most(whole["peak_mb"], 1500, unit="MB"),
            "--help, seconds": at_most(shown, 0.4, unit="s"),
            "largest difference in cost from the peers, pounds": at_most(cost, 1e-6),
            "largest difference in gap from the peers, children": at_most(gap, 1e-6),
            "broken answers tried": at_least(broken, 20),
            "broken answers rejected": exactly(rejected, broken),
            "kinds of damaged input tried": at_least(tried, 10 if quick else 30),
            "damaged input told clearly": exactly(right, tried),
        },
    )


if __name__ == "__main__":
    main()
