"""Minutes from every zone to the nearest unit of a choice, from the tables of a coverage run."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.kind_names import provision_name
from placeplan.county.vocabulary import COMMISSIONED_KINDS, NEEDS, PHASES
from placeplan.report.lookup import table
from placeplan.report.words import PHASE_NAMES
from placeplan.runs import Run

__all__ = ["MAIN_CHOICES", "STATE", "Choice", "main_choices", "zone_minutes"]

STATE: Final = "state"
"""The provision that stands for every kind that an authority commissions."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A need, a phase and a provision; ``schools`` is all, or county for those in the county alone."""

    need: str
    phase: str
    provision: str
    schools: str = "all"

    @property
    def name(self) -> str:
        """A name for files and columns."""
        words = f"{self.need}_{self.phase}_{self.provision.replace(':', '_')}"
        return (words if self.schools == "all" else f"{words}_in_county").lower()

    @property
    def title(self) -> str:
        """What a map of it is called."""
        border = "" if self.schools == "all" else ", in the county alone"
        where = f"{provision_name(self.provision)}{border}"
        return f"Minutes to the nearest {where}\n{NEEDS[self.need]}, {PHASE_NAMES[self.phase].lower()}"


MAIN_CHOICES: Final = (
    Choice("ASD", "primary", "ers:alternative"),
    Choice("ASD", "secondary", "ers:alternative"),
    Choice("ASD", "secondary", "ers:integrative"),
    Choice("HI", "primary", "ers:none"),
    Choice("SLD", "primary", "special"),
    Choice("SLD", "secondary", "special"),
    Choice("SEMH", "secondary", "special"),
)
"""What is drawn for print where a county has such units: the two models of autism base apart, and what is rare."""


def _units(run: Run, choice: Choice) -> pd.DataFrame:
    units = table(run, "units_about")
    takes = [choice.need in str(needs).split(";") for needs in units["needs"]]
    kind = (
        units["kind"].isin(COMMISSIONED_KINDS) if choice.provision == STATE else units["provision"] == choice.provision
    )
    near = units["in_county"].astype(bool) | (choice.schools == "all")
    return units[np.array(takes, dtype=bool) & kind & near & ~units["candidate"].astype(bool)]


def _years(units: pd.DataFrame, phase: str) -> list[int]:
    """The year groups of the phase that any of the units serves."""
    return [y for y in PHASES[phase] if ((units["from_year_group"] <= y) & (y <= units["to_year_group"])).any()]


def main_choices(run: Run) -> list[Choice]:
    """Those of ``MAIN_CHOICES`` that a unit of the run serves; and without the border where that changes a zone."""
    made = []
    for choice in MAIN_CHOICES:
        if not _years(_units(run, choice), choice.phase):
            continue
        made.append(choice)
        alone = Choice(choice.need, choice.phase, choice.provision, "county")
        if not zone_minutes(run, alone).equals(zone_minutes(run, choice)):
            made.append(alone)
    return made


def zone_minutes(run: Run, choice: Choice) -> pd.Series:
    """Minutes to the nearest unit, by zone; missing where none is reached.

    Of the year groups of the phase that any such unit serves, a zone's figure is that of the worst-served.
    """
    units = _units(run, choice)
    zones = table(run, "zones_about")["zone"].astype(str)
    journeys = table(run, "journeys")
    wide = journeys.pivot_table(index="zone", columns="site", values="minutes").reindex(zones)
    worst = pd.Series(-np.inf, index=pd.Index(zones, name="zone"))
    years = _years(units, choice.phase)
    for year in years:
        serving = units[(units["from_year_group"] <= year) & (year <= units["to_year_group"])]
        near = wide.reindex(columns=sorted(set(serving["site"]))).min(axis=1).fillna(np.inf)
        worst = worst.where(worst > near, near)
    return worst.where(np.isfinite(worst) & bool(years))
