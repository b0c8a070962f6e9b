"""Which child may go to which unit, and at what cost: where travel times meet the placement problem."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from placeplan import rules as kept
from placeplan import rules_totals
from placeplan.cohort import cohort, question_year
from placeplan.costs import KnownJourneys, known_journeys, spending_by_fund, top_up_lines
from placeplan.county.county import County
from placeplan.county.settings_rules import Rules
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.models.changes import with_places
from placeplan.models.constraints import Rule
from placeplan.models.placement import Placement, PlacementProblem, placement_problem
from placeplan.pair_costs import journeys, priced, spot_pairs, suitable
from placeplan.provision import units_open

__all__ = ["PENALTIES", "CountyProblem", "county_problem", "declared_penalties", "with_more_places"]

PENALTIES: Final = ["minutes_penalty", "guidance_penalty", "preference_penalty", "move_penalty"]
"""The declared penalties of a child at a unit, pounds; never cash."""

PLACED_COLUMNS: Final = ["child", "unit", "minutes", "km", "fee", "transport", *PENALTIES, "residential", "line"]


@dataclass(frozen=True, slots=True)
class CountyProblem:
    """A question about a county, stated as a placement problem.

    ``units``: as ``units_open``, the spot purchase included. ``children``: as ``cohort``, with wishes_mainstream and
    may_stay. ``held``: the children who stay, and ``choices``: every unit that each child to be placed could go to;
    both with child, unit, minutes and km (one way; missing where the journey is not known), fee (top-up or fee, all
    funds), transport, the penalties, residential, line. ``barred``: units that would suit but are not possible by a
    rule, the same and barred (the rule). ``fees``: unit, need, band, fund, pounds (the spot purchase is not in it: its
    fee, from the high needs block, goes by need and phase). ``unreachable``: children to be placed x units that would
    suit but cannot be reached, by unit. ``present``: by unit, the children who stay or could stay there. ``rules`` and
    ``minimum``: what the placement keeps beside places. ``spent_today``: a year's cash by fund as placed today, where
    there is a budget. ``known``: what bounds the journeys of ``held`` that are not known, where there are any.
    """

    question: str
    year: int
    units: pd.DataFrame = field(repr=False)
    children: pd.DataFrame = field(repr=False)
    held: pd.DataFrame = field(repr=False)
    choices: pd.DataFrame = field(repr=False)
    barred: pd.DataFrame = field(repr=False)
    fees: pd.DataFrame = field(repr=False)
    unreachable: pd.Series = field(repr=False)
    present: pd.Series = field(repr=False)
    placement: PlacementProblem = field(repr=False)
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    minimum: pd.Series | None = field(default=None, repr=False)
    spent_today: Mapping[str, float] = field(default_factory=dict, repr=False)
    known: KnownJourneys = field(default_factory=KnownJourneys)


def county_problem(
    county: County, travel: TravelTimes, question: str, *, spot_purchase: bool = True, rules: Rules | None = None
) -> CountyProblem:
    """State one of the three questions (``today``, ``september``, ``afresh``) under ``rules`` (the county's own).

    A pair is possible where the plan suits the unit's kind and model, the unit takes the need and the year
    group and is open, the site can be reached, and no rule bars it. Raises ``InputError`` where a cost is missing.
    """
    if rules is not None:
        county = replace(county, settings=replace(county.settings, rules=rules))
    year = question_year(county, question)
    units = units_open(county, year)
    children = _who(county, travel, cohort(county, question), units)
    stays = children[children["status"] == "stays"]
    free = children[children["status"] == "free"]
    held = pd.DataFrame({"child": stays.index, "unit": stays["unit"].to_numpy()})
    pairs = _possible(free, units)
    units = units_open(county, year, in_use=held["unit"].unique())
    held, choices = (journeys(travel, units, _about(children), rows) for rows in (held, pairs))
    reached = choices["minutes"].notna()
    unreachable = choices.loc[~reached, "unit"].value_counts().sort_index()
    choices = choices[reached]
    both = pd.concat([held, choices], ignore_index=True)
    fees = top_up_lines(county, both[["unit", "kind", "need", "band"]].drop_duplicates())
    held, choices = (priced(county, rows, fees) for rows in (held, choices))
    if spot_purchase:
        choices = pd.concat([choices, spot_pairs(county, _about(free))], ignore_index=True)
        units = pd.concat([units, _spot_unit(units)])
    known = known_journeys(county, travel) if held["minutes"].isna().any() else KnownJourneys()
    held = kept.guidance(county, held, longest=known.longest_minutes).assign(preference_penalty=0.0, move_penalty=0.0)
    choices = choices.sort_values(["child", "unit"], ignore_index=True)
    choices = kept.continuity(county, kept.preferences(county, kept.guidance(county, choices)))
    barred, choices = choices[choices["barred"] != ""], choices[choices["barred"] == ""].reset_index(drop=True)
    at_home = children["status"].eq("stays") | children["may_stay"]
    present = children.loc[at_home, "unit"].value_counts().reindex(units.index, fill_value=0).astype(float)
    stated = CountyProblem(
        question=question,
        year=year,
        units=units,
        children=children,
        held=held,
        choices=choices,
        barred=barred,
        fees=fees,
        unreachable=unreachable,
        present=present,
        placement=_placement(county, units, children, choices, present),
        known=known,
    )
    stated = _under_rules(county, travel, stated)
    return replace(
        stated,
        held=held[PLACED_COLUMNS],
        choices=choices[PLACED_COLUMNS],
        barred=barred[[*PLACED_COLUMNS, "barred"]].reset_index(drop=True),
    )


def with_more_places(county: County, problem: CountyProblem, added: pd.Series) -> CountyProblem:
    """The problem with more (or, negative, fewer) places at some units: ceilings go with them, and budgets pay.

    Raises ``ValueError`` where too few are left for those who stay.
    """
    more = added.reindex(problem.units.index, fill_value=0.0)
    placement = with_places(problem.placement, added)
    units = problem.units.assign(**{name: problem.units[name] + more for name in ("places", "room", "ceiling_room")})
    bands = kept.overfill(county, units, problem.present).sort_values(["unit", "band"], ignore_index=True)
    about = problem.children[["need", "band", "phase"]]
    held, choices = (
        rows.join(about, on="child").assign(kind=rows["unit"].map(units["kind"]))
        for rows in (problem.held, problem.choices)
    )
    larger = replace(
        problem, units=units, placement=replace(placement, bands=bands), held=held, choices=choices, rules=()
    )
    return replace(_with_rules(county, larger), held=problem.held, choices=problem.choices)


def _who(county: County, travel: TravelTimes, children: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """The children of a question, with wishes_mainstream and may_stay: moves have a price, and the child could stay.

    One whose journey is not known stays, whatever a move costs.
    """
    priced = county.settings.rules.continuity.mode == "priced"
    may_stay = children["could_stay"] & children["status"].eq("free") & priced
    at = children[may_stay]
    minutes, _ = travel.lookup(at["zone"], at["unit"].map(units["site"]))
    unknown = children.index.isin(at.index[~np.isfinite(minutes)])
    return children.assign(
        status=children["status"].mask(unknown, "stays"),
        wishes_mainstream=kept.wishes_mainstream(county, children["prefers"]),
        may_stay=may_stay & ~unknown,
    )


def _under_rules(county: County, travel: TravelTimes, stated: CountyProblem) -> CountyProblem:
    """The problem with the rules over several children; where nobody is to be placed they are only counted."""
    spent: dict[str, float] = {}
    if rules_totals.counted_budgets(county, stated.question):
        today = stated
        if stated.question != "today":
            unruled = replace(county, settings=replace(county.settings, rules=Rules()))
            today = county_problem(unruled, travel, "today")
        columns = ["child", "unit", "minutes", "fee", "transport"]
        placed = today.held[columns].join(today.children[["need", "band"]], on="child")
        spent = spending_by_fund(today.units, placed, today.fees, known=today.known)
    return _with_rules(county, replace(stated, spent_today=spent))


def _with_rules(county: County, stated: CountyProblem) -> CountyProblem:
    """The problem with its rows and minimum, today's spending known."""
    placement, units, present = stated.placement, stated.units, stated.present
    minimum = None if stated.question == "today" else kept.minimum_use(county, units, present)
    if placement.groups.empty:
        return replace(stated, minimum=minimum)
    parts = {name: getattr(stated, name) for name in ("units", "children", "held", "choices", "fees")}
    found = [
        kept.host_share(county, units, placement, present),
        kept.site_totals(county, units, placement, present),
        rules_totals.equity(county, placement, stated.children, stated.held, stated.choices),
        rules_totals.budgets(county, stated.question, placement, parts, stated.spent_today, known=stated.known),
    ]
    rules = [rule for rule in found if rule is not None]
    may_stay = stated.children.index[stated.children["may_stay"]]
    if len(may_stay):
        rules.append(kept.nobody_loses_a_place(placement, may_stay))
    return replace(stated, rules=tuple(rules), minimum=minimum)


def _possible(free: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Every child to be placed x unit that the plan suits and that takes the need and year group.

    Whoever prefers mainstream suits it, whatever else the plan lists; a child who could stay suits its own unit.
    """
    suits = [
        (*suits, kept.MAINSTREAM_KIND) if wishes else suits
        for suits, wishes in zip(free["suits"], free["wishes_mainstream"], strict=True)
    ]
    pairs = suitable(free.assign(suits=pd.Series(suits, index=free.index, dtype=object)), units)
    own = free.loc[free["may_stay"] & free["unit"].isin(units.index), ["unit"]].reset_index()
    return pd.concat([pairs, own], ignore_index=True).drop_duplicates(ignore_index=True)


def _about(children: pd.DataFrame) -> pd.DataFrame:
    """What the rules ask of a child beside a unit."""
    columns = ["zone", "need", "band", "phase", "prefers", "wishes_mainstream", "could_stay", "may_stay", "unit"]
    return children[columns].rename(columns={"unit": "own"}).assign(barred="")


def _spot_unit(units: pd.DataFrame) -> pd.DataFrame:
    row = {
        "site": SPOT_PURCHASE,
        "site_name": "Independent place bought for one child",
        "locality": "out_of_county",
        "in_county": False,
        "kind": "independent_special",
        "model": "",
        "national": "",
        "needs": "any",
        "from_year_group": -4,
        "to_year_group": 21,
        "places": np.nan,
        "other_authorities": 0.0,
        "room": np.inf,
        "ceiling_room": np.inf,
        "minimum": np.nan,
        "fixed_cost": 0.0,
        "filled_discount": 0.0,
        "residential": False,
        "more_places": np.nan,
        "line": "independent_day",
    }
    return pd.DataFrame([row], index=pd.Index([SPOT_PURCHASE], name=units.index.name))


def _placement(
    county: County, units: pd.DataFrame, children: pd.DataFrame, choices: pd.DataFrame, present: pd.Series
) -> PlacementProblem:
    """The problem of the children to be placed; who prefers mainstream and has no unit there needs no place."""
    stays, free = (children[children["status"] == status] for status in ("stays", "free"))
    counts = stays["unit"].value_counts().reindex(units.index, fill_value=0).astype(float)
    groups = free.index[~free["wishes_mainstream"] | free.index.isin(choices["child"])]
    cost = choices["fee"] + choices["transport"] + choices[PENALTIES].sum(axis=1) - choices["filled_discount"]
    return placement_problem(
        groups=pd.DataFrame({"children": 1.0}, index=pd.Index(groups, name="group")),
        units=pd.DataFrame({"places": units["room"], "held": counts}),
        bands=kept.overfill(county, units, present),
        pairs=pd.DataFrame(
            {
                "group": choices["child"],
                "unit": choices["unit"],
                "cost": cost.astype(float).round(2),
                "minutes": choices["minutes"],
                "against_preference": choices["against_preference"],
            }
        ),
    )


def declared_penalties(problem: CountyProblem, placement: Placement) -> float:
    """The declared penalties (overfill, and those of children at units) of a placement, in pounds a year."""
    cash = problem.units["fixed_cost"].where(problem.units["in_county"], 0.0)
    over = placement.overfill
    overfill = float(((over["price"] - cash.loc[over["unit"]].to_numpy()) * over["children"]).sum())
    flows = placement.flows.merge(problem.choices, left_on=["group", "unit"], right_on=["child", "unit"])
    return overfill + float((flows[PENALTIES].sum(axis=1) * flows["children"]).sum())
