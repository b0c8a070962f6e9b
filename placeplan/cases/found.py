"""Everything that could be offered for one case, and everything that could not, found from the county's tables."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.cases.chains import Movers, chain_to
from placeplan.cases.facts import Case
from placeplan.cases.lines import CONTRIBUTIONS, QUOTE_PAYERS, Line, package_lines, quote_lines, unit_lines
from placeplan.cases.units import own_seat, rooms, units_for
from placeplan.costs import spot_rows, top_up_lines, transport_pounds
from placeplan.county.county import County
from placeplan.county.vocabulary import (
    FAMILY,
    INMSS_KINDS,
    MAINSTREAM,
    NOT_CARRIED_KINDS,
    OUT_OF_COUNTY,
    SPOT_PURCHASE,
)
from placeplan.geo.travel import TravelTimes
from placeplan.problem import CountyProblem
from placeplan.rules import MAINSTREAM_KIND

__all__ = ["INDEPENDENT_KINDS", "OPTION_COLUMNS", "Found"]

INDEPENDENT_KINDS: Final = (*INMSS_KINDS, "independent_other")

OPTION_COLUMNS: Final = [
    "what",
    "unit",
    "site",
    "name",
    "kind",
    "provision",
    "room",
    "condition",
    "locality",
    "in_county",
    "residential",
    "minutes",
    "km",
    "beyond",
    "preferred",
    "place_funding",
    "doubts",
]
"""What is told of an option; ``what``: ``unit``, ``package`` or ``independent``; ``room``: see ``units.rooms``;
``place_funding``: what a commissioned place there costs a year on average, shown and never added; ``doubts``: what the
county's tables have against a place that its school has offered (``need``, ``age``, ``full``), separated by ``;``."""


class Found:
    """The options, their lines and what is no option, as they are found."""

    def __init__(
        self,
        county: County,
        travel: TravelTimes,
        problem: CountyProblem,
        case: Case,
        movers: Movers,
        *,
        leaving: Collection[str] = (),
    ) -> None:
        self.county, self.case, self.problem = county, case, problem
        self.start = case.start
        self.options: list[dict[str, Any]] = []
        self.lines: list[Line] = []
        self.unsuitable: list[dict[str, Any]] = []
        self.chains: dict[str, pd.DataFrame] = {}
        self.units = units_for(county, travel, problem, case)
        self.about: dict[str, dict[str, Any]] = {
            str(unit): {str(name): value for name, value in row.items()}
            for unit, row in zip(self.units.index, self.units.to_dict("records"), strict=True)
        }
        self.room = rooms(county, problem, case, leaving=leaving)
        self.leaving = leaving
        self.seat = own_seat(problem, case)
        self.must_stay = not case.may_move and bool(self.seat)
        self.moves, self.leavers = movers
        vetoes = county.vetoes[county.vetoes["case"] == case.case]
        self.vetoes = vetoes.set_index("option")[["by", "reason"]]
        self.top_ups = self._top_ups()
        sites = county.sites.set_index("site")["name"]
        self.names = {str(unit): str(sites[site]) for unit, site in self.units["site"].items()}

    def collect(self) -> None:
        """Find them all."""
        quotes = self.county.quotes[self.county.quotes["case"] == self.case.case].sort_values("quote")
        for unit in self.units.index.difference(pd.Index(quotes["unit"].dropna())):
            self._unit(str(unit))
        self._on_condition()
        for package, rows in self.county.packages[self.county.packages["case"] == self.case.case].groupby("package"):
            self._package(str(package), rows)
        for quote in quotes.to_dict("records"):
            self._quote({str(name): value for name, value in quote.items()})
        if quotes.empty:
            self._spot()

    def chains_table(self) -> pd.DataFrame:
        """Who makes room by option, in their order: by a chain of moves, or by leaving or moving up in September."""
        parts = []
        for option in self.options:
            unit = str(option["unit"])
            leaves = option["room"] == "room_september"
            if leaves or option["room"] == "chain":
                rows = self.leavers[self.leavers["from_unit"] == unit] if leaves else self.chains[unit]
                parts.append(rows.assign(option=option["option"], step=range(1, len(rows) + 1)))
        parts = [part for part in parts if len(part)]
        columns = ["option", "step", *self.moves.columns]
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)

    def _top_ups(self) -> Mapping[str, Mapping[str, float]]:
        open_units = self.units[(self.units["against"] == "") | (self.units.index == self.case.unit)]
        asked = open_units[["kind"]].assign(need=self.case.need, band=self.case.band).reset_index()
        rows = top_up_lines(self.county, asked)
        return {str(unit): dict(zip(part["fund"], part["pounds"], strict=True)) for unit, part in rows.groupby("unit")}

    def _vetoed(self, option: str, name: str, unit: str, kind: str, *, residential: bool) -> bool:
        """Whether an option is ruled out: by its name, its unit or kind, or as an independent place of that sort."""
        bought = [kind, "residential" if residential else "day"] if kind in INDEPENDENT_KINDS else [kind]
        for ruled_out in (option, unit, *bought):
            if ruled_out and ruled_out in self.vetoes.index:
                by, reason = self.vetoes.loc[ruled_out, ["by", "reason"]]
                told = {"option": option, "name": name, "reason": "veto", "by": by, "words": reason}
                self.unsuitable.append(told)
                return True
        return False

    def _vetoed_at(self, option: str, name: str, unit: str) -> bool:
        row = self.about[unit] if unit else {"kind": "", "residential": False}
        return self._vetoed(option, name, unit, str(row["kind"]), residential=bool(row["residential"]))

    def _name(self, option: str) -> str:
        if option in self.names:
            return self.names[option]
        return option.replace("_", " ").capitalize()

    def _standing(self, unit: str) -> str:
        """What room there is at a suitable unit, a chain looked for where that is what it needs."""
        room = str(self.room[unit])
        if room != "chain":
            return room
        chain = chain_to(unit, self.moves, self.room)
        if len(chain):
            self.chains[unit] = chain
            return room
        without = rooms(self.county, self.problem, self.case, leaving=self.leaving, consent=False)
        return str(without[unit])

    def _unit(self, unit: str) -> None:
        row = self.about[unit]
        against = str(row["against"])
        if against:
            told = {
                "option": unit,
                "name": self._name(unit),
                "reason": against.split(";", maxsplit=1)[0],
                "words": against,
            }
            self.unsuitable.append(told)
            return
        if self._vetoed_at(unit, self._name(unit), unit):
            return
        standing = self._standing(unit)
        if standing == "full":
            self.unsuitable.append({"option": unit, "name": self._name(unit), "reason": "full"})
            return
        self._add_unit(unit, standing, family=False)

    def _on_condition(self) -> None:
        """The nearest place that stands, and the preferred one, on condition that the family provides the transport."""
        day = [row for row in self.options if not row["residential"] and pd.notna(row["minutes"])]
        if not self.case.family_transport or not day:
            return
        nearest = min(day, key=lambda row: (row["minutes"], row["unit"]))
        for row in day:
            transport = self._transport(str(row["unit"]))
            if (row is nearest or row["unit"] == self.case.prefers) and transport is not None and transport > 0:
                self._add_unit(str(row["unit"]), str(row["room"]), family=True)

    def _add_unit(self, unit: str, standing: str, *, family: bool) -> None:
        row = self.about[unit]
        option = f"{unit}{FAMILY}" if family else unit
        independent = row["kind"] in INDEPENDENT_KINDS
        self.options.append(
            {
                **self._about_unit(unit, standing),
                "option": option,
                "what": "independent" if independent else "unit",
                "condition": "the family provides the transport" if family else "",
            }
        )
        self.lines += self._lines_at(option, unit, standing, family=family)

    def _about_unit(self, unit: str, standing: str) -> dict[str, Any]:
        row = self.about[unit]
        wish = self.case.prefers
        return {
            "unit": unit,
            "site": row["site"],
            "name": self._name(unit),
            "kind": row["kind"],
            "provision": "",
            "room": standing,
            "condition": "",
            "locality": row["locality"],
            "in_county": bool(row["in_county"]),
            "residential": bool(row["residential"]),
            "minutes": row["minutes"],
            "km": row["km"],
            "beyond": row["beyond"],
            "preferred": wish == unit or (wish == MAINSTREAM and row["kind"] == MAINSTREAM_KIND),
            "place_funding": row["fixed_cost"],
            "doubts": "",
        }

    def _lines_at(self, option: str, unit: str, standing: str, *, family: bool = False) -> list[Line]:
        row = self.about[unit]
        return unit_lines(
            option,
            top_ups=self.top_ups[unit],
            transport=self._transport(unit),
            filled_discount=float(row["filled_discount"]),
            place_added=float(row["fixed_cost"]) if standing == "overfill" and row["in_county"] else 0.0,
            family_drives=family,
            cases=self.county.settings.cases,
            start=self.start,
        )

    def _transport(self, unit: str) -> float | None:
        """The yearly transport to a suitable unit; None where no journey is known."""
        row = self.about[unit]
        known = pd.notna(row["km"]) or row["kind"] in NOT_CARRIED_KINDS
        return float(row["transport"]) if known else None

    def _package(self, package: str, rows: pd.DataFrame) -> None:
        """A package at a unit; where it names none, at the child's own."""
        unit = self.case.unit if pd.isna(rows["unit"].iloc[0]) else str(rows["unit"].iloc[0])
        unit = unit if unit in self.about else ""
        name = self._name(unit) if pd.notna(rows["unit"].iloc[0]) else "The child's own school"
        told = {"option": package, "name": name}
        if self._vetoed_at(package, name, unit):
            return
        if unit and str(self.about[unit]["against"]):
            against = str(self.about[unit]["against"])
            self.unsuitable.append({**told, "reason": against.split(";", maxsplit=1)[0], "words": against})
            return
        standing = self._standing(unit) if unit else "bought"
        if standing == "full":
            self.unsuitable.append({**told, "reason": "full"})
            return
        about = self._about_unit(unit, standing) if unit else self._at_home()
        own = {"option": package, "what": "package", "name": name, "unit": unit, "room": standing}
        self.options.append({**about, **own, "preferred": self.case.prefers == package, "condition": ""})
        said = {*rows["line"], *(payer for payer in rows["payer"] if payer in CONTRIBUTIONS)}
        here = [line for line in self._lines_at(package, unit, standing) if line["line"] not in said] if unit else []
        self.lines += here
        known, payers = ([str(line[part]) for line in here] for part in ("line", "payer"))
        self.lines += package_lines(rows, self.county.settings.cases, start=self.start, known=known, payers=payers)

    def _at_home(self) -> dict[str, Any]:
        """A package at a school that the tables do not know: in the child's own community, no journey stated."""
        return {
            "kind": "",
            "site": "",
            "provision": "",
            "locality": self.case.locality,
            "in_county": True,
            "residential": False,
            "minutes": np.nan,
            "km": np.nan,
            "beyond": 0.0,
            "place_funding": 0.0,
            "doubts": "",
        }

    def _quote(self, quote: dict[str, Any]) -> None:
        name = str(quote["quote"])
        unit = "" if pd.isna(quote["unit"]) else str(quote["unit"])
        about = self.about.get(unit, {"kind": "independent_special", "locality": OUT_OF_COUNTY, "site": "", **quote})
        school = quote["school"] if pd.notna(quote["school"]) else self._name(unit or name)
        preferred = self.case.prefers in {name, unit} - {""}
        self._independent(
            name, about, school=str(school), provision=str(quote["provision"]), preferred=preferred, unit=unit
        )
        if self.options and self.options[-1]["option"] == name:
            cases = self.county.settings.cases
            self.lines += quote_lines(quote, self._journey(self.options[-1]), cases, start=self.start)

    def _spot(self) -> None:
        """Where nobody has quoted: the place that the county takes for granted, its contributions not stated."""
        key = [self.case.case]
        rows = spot_rows(self.county, pd.Series([self.case.need], key), pd.Series([self.case.phase], key))
        spot = {str(name): value for name, value in rows.iloc[0].items()}
        provision = "residential_38" if spot["residential"] else "day"
        about = {"kind": "independent_special", "locality": OUT_OF_COUNTY, "site": "", **spot}
        school = "An independent school that has not quoted"
        self._independent(SPOT_PURCHASE, about, school=school, provision=provision, preferred=False)
        if self.options and self.options[-1]["option"] == SPOT_PURCHASE:
            blank = {f"{line}{end}": np.nan for line in QUOTE_PAYERS for end in ("", "_low", "_high")}
            quote = {**blank, "quote": SPOT_PURCHASE, "provision": provision, "fee": spot["pounds"]}
            cases = self.county.settings.cases
            self.lines += quote_lines(quote, self._journey(self.options[-1]), cases, start=self.start)

    def _journey(self, option: Mapping[str, Any]) -> float | None:
        """The yearly transport of an option by its journey; None where that is not known."""
        if pd.isna(option["km"]):
            return None
        journey = {**{name: [option[name]] for name in ("kind", "km", "residential")}, "phase": [self.case.phase]}
        return float(transport_pounds(self.county, pd.DataFrame(journey))[0])

    def _independent(
        self, option: str, about: Mapping[str, Any], *, school: str, provision: str, preferred: bool, unit: str = ""
    ) -> None:
        """An independent place, unless it is ruled out, too far or a move not consented to; ``about``: where it is.

        A school that quotes has offered a place: what the tables have against it is told and bars nothing. Where it
        has counted places free, the offer is one of them.
        """
        residential = provision != "day"
        stays = unit != "" and unit == self.seat
        against = "closed" if about.get("against") == "closed" else "consent" if self.must_stay and not stays else ""
        if against:
            self.unsuitable.append({"option": option, "name": school, "reason": against, "words": against})
            return
        if self._vetoed(option, school, unit, str(about["kind"]), residential=residential):
            return
        minutes, locality = float(about["minutes"]), str(about["locality"])
        if not residential and not stays and minutes > self.case.most_minutes:
            self.unsuitable.append({"option": option, "name": school, "reason": "distance", "words": "distance"})
            return
        guidance = self.county.settings.guidance_minutes[self.case.phase]
        room = str(self.room[unit]) if unit in self.room.index else "bought"
        doubts = [doubt for doubt in str(about.get("against", "")).split(";") if doubt in {"need", "age"}]
        counted = room in {"stays", "room_now", "room_september"}
        doubts += [] if counted or room == "bought" else ["full"]
        self.options.append(
            {
                "option": option,
                "what": "independent",
                "unit": unit if counted else "",
                "site": about["site"],
                "name": school,
                "kind": about["kind"],
                "provision": provision,
                "room": room if counted else "bought",
                "condition": "",
                "locality": locality,
                "in_county": locality != OUT_OF_COUNTY,
                "residential": residential,
                "minutes": minutes,
                "km": float(about["km"]),
                "beyond": 0.0 if residential or np.isnan(minutes) else max(0.0, minutes - guidance),
                "preferred": preferred,
                "place_funding": 0.0,
                "doubts": ";".join(doubts),
            }
        )
