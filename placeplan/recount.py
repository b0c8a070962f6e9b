"""The county's tables counted again in plain loops, for ``verify``: it shares no code with the model.

A rule is written here a second time on purpose, from the table contract and not from ``provision``,
``cohort``, ``costs`` or ``problem``: two readings of one rule have to agree before an answer is believed.
"""

import math
import zlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import COMMISSIONED_KINDS, MAINSTREAM, OUT_OF_COUNTY, PHASES, SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes

__all__ = ["NOT_CARRIED", "Recount", "number", "text", "truth"]

NOT_CARRIED: Final = ("peripatetic", "mainstream_support")
"""Kinds to which nobody is driven."""


class Recount:
    """The county's tables as plain dictionaries, for one question and the places added in it."""

    def __init__(self, county: County, travel: TravelTimes, question: str, added: Mapping[str, float]) -> None:
        self.question = question
        self.added = added
        self.settings = county.settings
        self.year = county.settings.year + (1 if question == "september" else 0)
        self.travel = travel
        self.zone_at = {z: i for i, z in enumerate(travel.zones)}
        self.site_at = {s: i for i, s in enumerate(travel.sites)}
        self.top_ups = county.top_ups.to_dict("records")
        self.substitutes = county.substitutes.to_dict("records")
        self.sites = {s["site"]: s for s in county.sites.to_dict("records")}
        self.localities = county.localities["locality"].tolist()
        self._localities = dict(zip(county.zones["zone"], county.zones["locality"], strict=True))
        self.histories: dict[str, list[dict[Any, Any]]] = defaultdict(list)
        for row in county.units.to_dict("records"):
            self.histories[row["unit"]].append(row)
        self.units = {name: self._unit(name) for name in sorted(self.histories)}
        self._dearest: float | None = None
        self._known_fees: dict[tuple[str, str, str], dict[str, float]] = {}
        self.children = {c["child"]: c for c in county.children.to_dict("records")}
        self.standing = {name: self._standing(child) for name, child in self.children.items()}
        self.suits = self._suits()

    def _unit(self, name: str) -> dict[str, Any]:
        """The row of the unit that counts in this year, with what is not stated filled in."""
        history = sorted(self.histories[name], key=lambda r: number(r["from_year"], 0))
        begun = [r for r in history if number(r["from_year"], 0) <= self.year]
        row = dict(begun[-1] if begun else history[0])
        row["open"] = bool(begun) and number(row["opens"], 0) <= self.year <= number(row["closes"], 9999)
        row["inside"] = self.sites[row["site"]]["locality"] != OUT_OF_COUNTY
        others = number(row["other_authorities"], 0)
        stated = number(row["places"], None) if row["open"] else 0.0
        added = self.added.get(name, 0.0)
        priced = self.settings.places.get(row["kind"]) if row["inside"] and row["kind"] in COMMISSIONED_KINDS else None
        default = (priced.fixed_cost, priced.filled_discount) if priced else (0.0, 0.0)
        row["fixed"] = number(row["fixed_cost"], default[0])
        row["discount"] = number(row["filled_discount"], default[1] if text(row["fixed_cost"]) == "" else 0.0)
        row["others"] = others
        row["fewest"] = number(row["minimum"], self.settings.rules.minimum_use.by_kind.get(row["kind"]))
        if stated is None and row["kind"] not in COMMISSIONED_KINDS:
            row["room"] = row["ceiling_room"] = math.inf
            row["stated"] = None
            return row
        row["stated"] = None if stated is None else stated + added
        row["room"] = max(0.0, (stated or 0.0) - others) + added
        share = 1.0 + (self.settings.overfill.default_ceiling_share if row["inside"] else 0.0)
        top = number(row["ceiling"], math.floor((stated or 0.0) * share + 1e-9)) if row["open"] else 0.0
        row["ceiling_room"] = max(row["room"], max(0.0, top - others) + added)
        return row

    def open_units(self) -> list[str]:
        """Units that a child could be newly placed in this year."""
        return [name for name, row in self.units.items() if row["open"]]

    def year_group(self, child: dict[Any, Any]) -> int:
        """The child's year group in the question's year."""
        return int(child["year_group"]) + self.year - self.settings.year

    def phase(self, child: dict[Any, Any]) -> str:
        """The child's phase in the question's year."""
        year_group = min(self.year_group(child), 21)
        return next(phase for phase, years in PHASES.items() if year_group in years)

    def locality_of(self, name: str) -> str:
        """The locality that a child lives in."""
        return str(self._localities[self.children[name]["zone"]])

    def journey(self, child: dict[Any, Any], unit: str) -> tuple[float, float] | None:
        """Minutes and km to the unit's site in tenths, or None where it is not reached."""
        i, j = self.zone_at[child["zone"]], self.site_at[self.units[unit]["site"]]
        minutes, km = float(self.travel.minutes[i, j]), float(self.travel.km[i, j])
        return (round(minutes, 1), round(km, 1)) if math.isfinite(minutes) else None

    def possible(self, name: str, unit: str) -> str:
        """Why a child cannot be newly placed in a unit; "" where it can."""
        child = self.children[name]
        if not self.units[unit]["open"]:
            return "is not open"
        if text(child["unit"]) == unit and self.may_stay(name):
            return ""
        return self._unsuitable(name, unit) or self._unreached(name, unit)

    def _unsuitable(self, name: str, unit: str) -> str:
        child, row = self.children[name], self.units[unit]
        tokens = (row["kind"], f"{row['kind']}:{text(row['model']) or 'none'}")
        wished = self.wishes_mainstream(name) and row["kind"] == "mainstream_support"
        takes = [item.strip() for item in str(row["needs"]).split(";")]
        if not wished and not any(token in self.suits[name] for token in tokens):
            return "is not among what the plan suits"
        if self.wishes_mainstream(name) and not wished:
            return "is no mainstream school, which is preferred"
        if "any" not in takes and child["need"] not in takes:
            return f"does not take need {child['need']}"
        if not row["from_year_group"] <= self.year_group(child) <= row["to_year_group"]:
            return f"does not take year group {self.year_group(child)}"
        return ""

    def _unreached(self, name: str, unit: str) -> str:
        child = self.children[name]
        if self.journey(child, unit) is None:
            return "cannot be reached"
        stays = text(child["unit"]) == unit and self.could_stay(child)
        limited = self.settings.rules.guidance.mode == "limit" and not stays
        return "is beyond guidance" if limited and self.beyond(name, unit) > 0 else ""

    def wish(self, name: str) -> str:
        """The unit (or ``mainstream``) that counts as preferred in this question; "" for none."""
        if self.question != "september" or self.settings.rules.preferences.mode == "off":
            return ""
        child = self.children[name]
        return text(child["young_person_prefers"] if self.year_group(child) >= 12 else child["prefers"])

    def wishes_mainstream(self, name: str) -> bool:
        """Whether the wish is for mainstream, by the word or by a unit of that kind."""
        wish = self.wish(name)
        return wish == MAINSTREAM or self._is_mainstream(wish)

    def _is_mainstream(self, unit: str) -> bool:
        return unit in self.units and bool(self.units[unit]["kind"] == "mainstream_support")

    def could_stay(self, child: dict[Any, Any]) -> bool:
        """Whether in September the child's own unit is open and takes the year group."""
        if self.question != "september" or not text(child["unit"]):
            return False
        row, year_group = self.units[text(child["unit"])], self.year_group(child)
        return bool(row["open"] and row["from_year_group"] <= year_group <= row["to_year_group"]) and year_group <= 21

    def may_stay(self, name: str) -> bool:
        """Whether the child could stay and is to be placed all the same, since moves have a price."""
        priced = self.settings.rules.continuity.mode == "priced"
        return priced and self.standing[name] == "free" and self.could_stay(self.children[name])

    def beyond(self, name: str, unit: str) -> float:
        """Minutes beyond the guidance of the child's phase; nought where the child boards or a teacher comes."""
        child = self.children[name]
        if unit == SPOT_PURCHASE:
            minutes: float | None = None if self.spot(child).residential else self.spot(child).minutes
        else:
            row, journey = self.units[unit], self.journey(child, unit)
            apart = truth(row["residential"]) or row["kind"] == "peripatetic"
            minutes = None if apart or journey is None else journey[0]
        over = 0.0 if minutes is None else minutes - self.settings.guidance_minutes[self.phase(child)]
        return over if over > 1e-9 else 0.0

    def fees(self, name: str, unit: str) -> dict[str, float]:
        """Top-up or fee by fund: the most specific row of each."""
        child = self.children[name]
        if unit == SPOT_PURCHASE:
            return {"high_needs": round(self.spot(child).pounds, 2)}
        key = (unit, child["need"], text(child["band"]))
        if key not in self._known_fees:
            self._known_fees[key] = self._most_specific(unit, child)
        return self._known_fees[key]

    def _most_specific(self, unit: str, child: dict[Any, Any]) -> dict[str, float]:
        best: dict[str, tuple[int, float]] = {}
        for row in self.top_ups:
            by_unit = text(row["unit"]) == unit
            if not by_unit and text(row["kind"]) != self.units[unit]["kind"]:
                continue
            if text(row["need"]) not in ("", child["need"]) or text(row["band"]) not in ("", text(child["band"])):
                continue
            rank = 4 * by_unit + (text(row["need"]) != "") + (text(row["band"]) != "")
            if row["fund"] not in best or rank > best[row["fund"]][0]:
                best[row["fund"]] = (rank, round(float(row["pounds"]), 2))
        return {fund: pounds for fund, (_, pounds) in best.items()}

    def transport(self, name: str, unit: str) -> float:
        """The yearly transport of a child to a unit, pounds."""
        child = self.children[name]
        if unit == SPOT_PURCHASE:
            spot = self.spot(child)
            kind, km, boards = "independent_special", spot.km, spot.residential
        else:
            row = self.units[unit]
            journey = self.journey(child, unit)
            if journey is None or row["kind"] in NOT_CARRIED:
                return 0.0
            kind, km, boards = row["kind"], journey[1], truth(row["residential"])
        return self._carried(kind, self.phase(child), km, boards=boards)

    def _carried(self, kind: str, phase: str, km: float, *, boards: bool) -> float:
        rules = self.settings.transport
        fitting = [
            ((e.kind is not None) + (e.phase is not None), e.from_km, e.share)
            for e in rules.entitled
            if e.kind in (None, kind) and e.phase in (None, phase) and e.from_km <= km
        ]
        best = max((f[:2] for f in fitting), default=None)
        share = next((f[2] for f in fitting[::-1] if f[:2] == best), 0.0)
        vehicle = rules.vehicles[rules.vehicle_by_kind.get(kind, rules.default_vehicle)]
        days = rules.residential_days if boards else rules.days
        return float(round(share * days * 2.0 * (vehicle.charge + vehicle.pounds_per_km * km) / vehicle.riders, 2))

    def dearest(self) -> float:
        """The most that the transport of a known journey costs, whatever the unit, the phase and the vehicle."""
        if self._dearest is None:
            lengths = {round(float(km), 1) for km in self.travel.km.ravel() if math.isfinite(km)}
            lengths |= {row.km for row in self.settings.spot_purchase}
            kinds = {row["kind"] for row in self.units.values()} | {"independent_special"}
            self._dearest = max(
                self._carried(kind, phase, km, boards=boards)
                for kind in kinds - set(NOT_CARRIED)
                for phase in PHASES
                for km in lengths
                for boards in (False, True)
            )
        return self._dearest

    def longest(self) -> float:
        """The minutes of the longest known journey, those of bought places among them."""
        known = [round(float(minutes), 1) for minutes in self.travel.minutes.ravel() if math.isfinite(minutes)]
        return max(*known, *(row.minutes for row in self.settings.spot_purchase), 0.0)

    def minutes_price(self, name: str, unit: str) -> float:
        """The declared price of a child's yearly minutes, pounds."""
        child = self.children[name]
        if unit == SPOT_PURCHASE:
            spot = self.spot(child)
            minutes, boards = spot.minutes, spot.residential
        else:
            journey = self.journey(child, unit)
            minutes, boards = (journey[0] if journey else 0.0), truth(self.units[unit]["residential"])
        rules = self.settings.transport
        days = rules.residential_days if boards else rules.days
        return float(round(self.settings.objective.pounds_per_child_hour * minutes / 60.0 * 2.0 * days, 2))

    def guidance_price(self, name: str, unit: str) -> float:
        """The declared price of a child's yearly minutes beyond guidance, pounds."""
        rule = self.settings.rules.guidance
        rate = rule.pounds_per_child_hour if rule.mode == "price" else 0.0
        beyond = self.beyond(name, unit)
        if rate and unit != SPOT_PURCHASE and self.journey(self.children[name], unit) is None:
            apart = truth(self.units[unit]["residential"]) or self.units[unit]["kind"] == "peripatetic"
            over = self.longest() - self.settings.guidance_minutes[self.phase(self.children[name])]
            beyond = 0.0 if apart or over <= 1e-9 else over
        return float(round(rate * beyond / 60.0 * 2.0 * self.settings.transport.days, 2))

    def against(self, name: str, unit: str) -> bool:
        """Whether a child at a unit is not where it prefers to be, although that is possible."""
        wish = self.wish(name)
        if not wish or self.standing[name] != "free":
            return False
        wanted = [u for u in self.open_units() if u == wish or (wish == MAINSTREAM and self._is_mainstream(u))]
        return unit not in wanted and any(not self.possible(name, u) for u in wanted)

    def boards(self, name: str, unit: str) -> bool:
        """Whether the place is residential."""
        return (
            self.spot(self.children[name]).residential
            if unit == SPOT_PURCHASE
            else truth(self.units[unit]["residential"])
        )

    def spot(self, child: dict[Any, Any]) -> Any:
        """The row of the spot purchase that counts for a child."""
        rows = [
            r
            for r in self.settings.spot_purchase
            if r.need in (None, child["need"]) and r.phase in (None, self.phase(child))
        ]
        closest = max((r.need is not None) + (r.phase is not None) for r in rows)
        return min((r for r in rows if (r.need is not None) + (r.phase is not None) == closest), key=lambda r: r.pounds)

    def _standing(self, child: dict[Any, Any]) -> str:
        unit, year_group = text(child["unit"]), self.year_group(child)
        if year_group > 21:
            return "leaves"
        if self.question == "today":
            return "stays" if unit else "waits"
        if self.question == "afresh" or not unit:
            return "free"
        if self.could_stay(child):
            priced = self.settings.rules.continuity.mode == "priced"
            moves = self.journey(child, unit) is not None if priced else truth(child["may_move"])
            return "free" if moves else "stays"
        return "leaves" if year_group > 14 and not text(child["suits"]) else "free"

    def _suits(self) -> dict[str, list[str]]:
        suits = {}
        for name, child in self.children.items():
            listed = [item.strip() for item in text(child["suits"]).split(";") if item.strip()]
            if not listed and text(child["unit"]):
                own = self.histories[text(child["unit"])][0]
                listed = [f"{own['kind']}:{text(own['model']) or 'none'}"]
            suits[name] = listed
        order = sorted(self.children, key=lambda n: (zlib.crc32(n.encode()), n))
        for row in self.substitutes:
            tokens = (row["from_kind"], f"{row['from_kind']}:{text(row['from_model']) or 'none'}")
            pool = [
                n
                for n in order
                if self.standing[n] == "free"
                and (truth(self.children[n]["may_move"]) or not self.could_stay(self.children[n]))
                and self.children[n]["need"] == row["need"]
                and self.phase(self.children[n]) == row["phase"]
                and any(token in suits[n] for token in tokens)
            ]
            to = row["to_kind"] + (f":{row['to_model']}" if text(row["to_model"]) else "")
            for name in pool[: math.floor(row["share"] * len(pool) + 1e-9)]:
                suits[name] = [*suits[name], to]
        return suits


def number(value: Any, default: Any) -> Any:
    """The number in a cell, or ``default`` where it is blank."""
    return default if value is None or pd.isna(value) else float(value)


def text(value: Any) -> str:
    """The text in a cell, "" where it is blank."""
    return "" if value is None or pd.isna(value) else str(value)


def truth(value: Any) -> bool:
    """Whether a cell says yes; a blank one says no."""
    return not pd.isna(value) and bool(value)
