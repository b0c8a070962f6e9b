"""The tables of a forecast and a county counted again over years in plain loops, for ``verify_years``.

As ``recount``, of which there is one for each year, it shares no code with the model: who enters, how many are left a
year later, and which units are possible at what cost are read a second time from what the tables and rates say.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import PHASES, SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.recount import Recount, text

__all__ = ["Group", "Rates", "YearsRecount"]

LAST_AGE: Final = 25
SURVIVOR: Final = "survivor|"
OF_THE_JOURNEY: Final = ("cannot be reached", "is beyond guidance")
"""Reasons against a unit that turn on where a child lives."""

Group = tuple[int, str, str, int, str, str]
"""Year of entry, zone, need, year group then, what suits, and the placement of the plan."""


@dataclass(frozen=True, slots=True)
class Rates:
    """By what children cease and move, as the forecast has them.

    ``cease``: ages x placements; ``transfer``: ages x placements x placements, on becoming that age; ``move``:
    placements x placements; ``shift``: draws x years, added to the log odds of ceasing into that year.
    """

    placements: Sequence[str]
    cease: Any = field(repr=False)
    transfer: Any = field(repr=False)
    move: Any = field(repr=False)
    shift: Any = field(repr=False)


class YearsRecount:
    """A county's tables in each of some years, and the groups that a forecast hands over."""

    def __init__(
        self,
        county: County,
        travel: TravelTimes,
        *,
        to_place: Mapping[int, pd.DataFrame],
        survivors: Mapping[int, pd.DataFrame],
        rates: Rates,
        spot_purchase: bool,
    ) -> None:
        self.years = sorted(to_place)
        self.settings = county.settings
        self.rates = rates
        self.spot_purchase = spot_purchase
        self._rate: dict[tuple[int, int, int], float] = {}
        self._left: dict[tuple[Group, int], float] = {}
        self.groups = self._groups(county, to_place)
        self.held: dict[tuple[int, str], float] = defaultdict(float)
        self.survivors: dict[int, list[tuple[str, str, float]]] = {}
        home = {row["child"]: row for row in county.children.to_dict("records")}
        self.of: dict[int, Recount] = {}
        for year in self.years:
            there, rows = [], {}
            for row in survivors[year].to_dict("records"):
                name, unit, children = f"{SURVIVOR}{row['child']}", str(row["unit"]), float(row["children"])
                there.append((name, unit, children))
                self.held[year, unit] += children
                known = home[row["child"]]
                rows[name] = {
                    **{key: known[key] for key in ("zone", "need", "band")},
                    "year_group": int(known["year_group"]) + year - county.settings.year,
                }
            self.survivors[year] = there
            for group in self.groups:
                if group[0] <= year and self.left(group, year) > 0:
                    _, zone, need, _, suits, _ = group
                    rows[self.who(group, year)] = {
                        "zone": zone,
                        "need": need,
                        "year_group": self.year_group(group, year),
                        "suits": suits,
                    }
            self.of[year] = _recount(county, travel, year, rows)
        self._options: dict[tuple[int, str], dict[str, float]] = {}
        self._alike: dict[tuple[int, str], list[str]] = {}

    def _groups(self, county: County, to_place: Mapping[int, pd.DataFrame]) -> dict[Group, float]:
        groups: dict[Group, float] = defaultdict(float)
        for year in self.years:
            for row in to_place[year].to_dict("records"):
                if year == self.years[0] or int(row["entry_year"]) == year:
                    key = (year, row["zone"], row["need"], int(row["year_group"]), row["suits"], row["placement"])
                    groups[key] += float(row["children"])
        for row in county.substitutes.to_dict("records"):
            tokens = {row["from_kind"], f"{row['from_kind']}:{text(row['from_model']) or 'none'}"}
            to = row["to_kind"] + (f":{row['to_model']}" if text(row["to_model"]) else "")
            split: dict[Group, float] = defaultdict(float)
            for (year, zone, need, year_group, suits, placement), children in groups.items():
                fits = need == row["need"] and _phase(year_group) == row["phase"] and tokens & set(suits.split(";"))
                share = float(row["share"]) if fits else 0.0
                split[year, zone, need, year_group, suits, placement] += children * (1.0 - share)
                split[year, zone, need, year_group, f"{suits};{to}", placement] += children * share
            groups = split
        return {group: children for group, children in groups.items() if children > 0}

    def left(self, group: Group, year: int) -> float:
        """The share of a group that still needs its place in a year."""
        if year <= group[0]:
            return 1.0
        if (group, year) not in self._left:
            stays = self._stays(group[3] + 4 + year - 1 - group[0], self.rates.placements.index(group[5]), year)
            self._left[group, year] = self.left(group, year - 1) * stays
        return self._left[group, year]

    def _stays(self, age: int, at: int, year: int) -> float:
        """The share of an age and placement that is there, in the same, into the next year."""
        if (age, at, year) not in self._rate:
            self._rate[age, at, year] = 0.0 if age >= LAST_AGE else self._unchanged(age, at, year - self.years[0])
        return self._rate[age, at, year]

    def _unchanged(self, age: int, at: int, step: int) -> float:
        odds = float(self.rates.cease[age][at]) / (1.0 - float(self.rates.cease[age][at]))
        drawn = [odds * math.exp(float(shift[step])) for shift in self.rates.shift]
        ceases = math.fsum(one / (1.0 + one) for one in drawn) / len(drawn)
        return (1.0 - ceases) * float(self.rates.transfer[age + 1][at][at]) * float(self.rates.move[at][at])

    def year_group(self, group: Group, year: int) -> int:
        """The year group of a group's children in a year."""
        return min(group[3] + year - group[0], 21)

    def who(self, group: Group, year: int) -> str:
        """The name of all children alike in a year, whatever group they are of."""
        return f"{group[1]}|{group[2]}|{self.year_group(group, year)}|{group[4]}"

    def discount(self, year: int) -> float:
        """What a pound of a year is worth in the first."""
        return float((1.0 + self.settings.forecast.discount) ** (self.years[0] - year))

    def options(self, who: str, year: int) -> dict[str, float]:
        """Every unit that children alike could be in in a year, and the pounds of that year it costs."""
        key = (year, who)
        if key not in self._options:
            facts = self.of[year]
            found = {
                unit: self.pounds(who, unit, year) - facts.units[unit]["discount"]
                for unit in self._meeting(who, year)
                if not facts.possible(who, unit)
            }
            if self.spot_purchase:
                found[SPOT_PURCHASE] = self.pounds(who, SPOT_PURCHASE, year)
            self._options[key] = found
        return self._options[key]

    def _meeting(self, who: str, year: int) -> list[str]:
        """The units of a year that would meet a plan, wherever the child lives: looked up once for all alike."""
        key = (year, who.partition("|")[2])
        if key not in self._alike:
            facts, tokens = self.of[year], set(who.rsplit("|", 1)[1].split(";"))
            kinds = {
                unit: {row["kind"], f"{row['kind']}:{text(row['model']) or 'none'}"}
                for unit, row in facts.units.items()
                if row["open"]
            }
            asked = [unit for unit, kind in kinds.items() if kind & tokens]
            self._alike[key] = [unit for unit in asked if facts.possible(who, unit) in ("", *OF_THE_JOURNEY)]
        return self._alike[key]

    def pounds(self, who: str, unit: str, year: int) -> float:
        """Fee of all funds, transport and declared price of the journey of a child in a year."""
        facts = self.of[year]
        declared = facts.minutes_price(who, unit) + facts.guidance_price(who, unit)
        return sum(facts.fees(who, unit).values()) + facts.transport(who, unit) + declared

    def last_year(self, group: Group, unit: str, year: int) -> int:
        """The last year of a stay that begins in ``year``: the unit ends, the need does, or the horizon is there."""
        last = year
        while (
            unit != SPOT_PURCHASE
            and last < self.years[-1]
            and self.left(group, last + 1) > 0
            and unit in self.options(self.who(group, last + 1), last + 1)
        ):
            last += 1
        return last


def _recount(county: County, travel: TravelTimes, year: int, rows: Mapping[str, Mapping[str, Any]]) -> Recount:
    """The tables of a year, with ``rows`` by name instead of the county's own children, who stay out of it."""
    people = pd.DataFrame(list(rows.values()), index=pd.Index(rows.keys(), name="child")).reset_index()
    then = replace(
        county,
        settings=replace(county.settings, as_of=dt.date(year, 9, 1)),
        children=people.reindex(columns=county.children.columns),
        substitutes=county.substitutes.iloc[:0],
    )
    return Recount(then, travel, "today", {})


def _phase(year_group: int) -> str:
    return next(phase for phase, years in PHASES.items() if min(year_group, 21) in years)
