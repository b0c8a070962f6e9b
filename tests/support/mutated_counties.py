"""What came of a spoilt county: refused, noted, read as the clean one, another lawful one, or a silent wrong answer."""

import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import pandas as pd
import shapely
from support.county_draft import Draft, Form, Journeys, clean_draft
from support.input_mutators import MUTATORS, Mutator
from support.mutations import Spoilt

import placeplan as pp
from placeplan.county.columns import TABLES
from placeplan.errors import PlaceplanError

__all__ = ["Outcome", "mutated", "tried", "tried_by_seed"]

SILENT, MISNAMED, BROKEN = "answered differently without a note", "refused for something else", "traceback"
FAILED = (SILENT, MISNAMED, BROKEN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a mutator at a seed, and whether it is among what is right."""

    mutator: str
    seed: int
    came: str
    told: str
    holds: bool


def mutated(mutator: Mutator, seed: int) -> tuple[Draft, Spoilt]:
    """The spoilt county of a mutator and a seed, not yet written."""
    random = Random(f"{mutator.name} {seed}")  # noqa: S311 (no secret)
    form: Form = mutator.form or random.choice(("folder", "folder", "workbook"))
    journeys: Journeys = mutator.journeys or random.choice(("roads", "travel"))
    if journeys == "matrix":
        form = "folder"
    draft = clean_draft(form=form, journeys=journeys, whole=mutator.whole or random.random() < 0.2)
    return draft, mutator.spoil(draft, random)


@cache
def clean(form: Form, journeys: Journeys, *, whole: bool) -> pp.County:
    """The county that was not spoilt, read once."""
    with tempfile.TemporaryDirectory() as folder:
        return pp.read_county(clean_draft(form=form, journeys=journeys, whole=whole).write(Path(folder) / "clean"))


def names(told: Iterable[object], spoilt: Spoilt) -> bool:
    """Whether a fault or note names what was spoilt: its table or file, and its column."""
    texts = [str(one) for one in told]
    return any(any(name in text for name in spoilt.names) and spoilt.column in text for text in texts)


def same_county(one: pp.County, other: pp.County) -> bool:
    """Whether two counties are alike, table by table and setting by setting."""
    if one.settings != other.settings:
        return False
    for name in TABLES:
        a, b = getattr(one, name), getattr(other, name)
        if len(a) != len(b):
            return False
        if "geometry" in a:
            shapes, others = a.geometry.to_numpy(), b.geometry.to_numpy()
            alike = shapely.is_missing(shapes) & shapely.is_missing(others)
            if not (alike | shapely.equals_exact(shapes, others, tolerance=0.1)).all():
                return False
            a, b = a.drop(columns="geometry"), b.drop(columns="geometry")
        if not pd.DataFrame(a).equals(pd.DataFrame(b)):
            return False
    return True


def answer_of(county: pp.County) -> tuple[list[object], dict[str, float]]:
    """What is noted of the county and its journeys, and the figures of its September."""
    travel = pp.travel_times(county, cache=False)
    answer = pp.allocate_places(county, travel)
    run = pp.allocation_run([answer])
    headlines = answer.tables["headlines"].set_index("measure")["value"]
    figures = {str(name): round(float(value), 4) for name, value in headlines.items()}
    return list(run.facts.get("input_notes", [])), figures


def tried(mutator: Mutator, seed: int, folder: Path) -> Outcome:
    """Spoil, write and read a county; what is neither refused, noted nor the same goes on to its answer."""
    draft, spoilt = mutated(mutator, seed)
    try:
        came, told = _read(draft, spoilt, folder)
    except Exception as error:  # noqa: BLE001 (that anything else is raised is what is looked for)
        where = traceback.extract_tb(error.__traceback__)[-1]
        came, told = BROKEN, f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    holds = came in mutator.right or (came == "noted" and "same" in mutator.right)
    return Outcome(mutator.name, seed, came, told, holds)


def tried_by_seed(seed: int) -> Outcome:
    """The mutator whose turn it is, at a place that the seed decides."""
    every = list(MUTATORS.values())
    with tempfile.TemporaryDirectory() as folder:
        return tried(every[seed % len(every)], seed, Path(folder))


def _read(draft: Draft, spoilt: Spoilt, folder: Path) -> tuple[str, str]:
    known = clean(draft.form, draft.journeys, whole="cases" in draft.tables)
    notes_before: set[object] = {str(note) for note in known.notes}
    try:
        county = pp.read_county(draft.write(folder / "spoilt"))
        if spoilt.by_hand is not None:
            return _as_by_hand(county, spoilt.by_hand, folder)
        noted = [note for note in county.notes if str(note) not in notes_before]
        if noted and names(noted, spoilt):
            return "noted", str(noted[0])
        # Another engine's journeys are read with the answer, not with the county.
        if draft.journeys != "matrix" and same_county(county, known):
            return "same", ""
        told, figures = answer_of(county)
    except PlaceplanError as error:
        faults = getattr(error, "faults", None) or [error]
        return ("refused" if names(faults, spoilt) else MISNAMED), "; ".join(map(str, faults[:3]))
    more = [note for note in told if str(note) not in notes_before]
    if names(more, spoilt):
        return "noted", str(more[0])
    return SILENT, f"{figures['cost_pounds']:,.0f} pounds; noted: {more[:2]}"


def _as_by_hand(county: pp.County, by_hand: Draft, folder: Path) -> tuple[str, str]:
    """Whether the county's answer is that of the county made by hand."""
    _, mine = answer_of(county)
    _, theirs = answer_of(pp.read_county(by_hand.write(folder / "by hand")))
    apart = {name: (mine[name], theirs[name]) for name in mine if abs(mine[name] - theirs[name]) > 0.05}
    return (SILENT, f"not as by hand: {apart}") if apart else ("lawful", "")
