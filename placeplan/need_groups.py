"""Need as groups: children of one zone, need, year group and what would meet their plans, counted together.

The current children come from the table ``children``; a year's need comes as a frame of counts, whole or not.
"""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from placeplan.cohort import accepts, cohort, question_year
from placeplan.county.county import County
from placeplan.county.listed import split_list
from placeplan.county.vocabulary import KINDS, MODELS, NEEDS, YEAR_GROUPS, phase_of
from placeplan.errors import Fault, InputError
from placeplan.provision import needs_met, units_open

__all__ = ["NEED_COLUMNS", "children_groups", "provision_label", "stated_groups"]

NEED_COLUMNS: Final = ("zone", "need", "year_group", "suits", "children")
"""The columns of a frame of need: ``suits`` is kind, kind:model or kind:none, separated by ``;``."""

_BY: Final = ["zone", "locality", "need", "phase", "year_group", "suits", "provision", "kept_in"]


def provision_label(suits: Iterable[str]) -> str:
    """What would meet a plan as one label, its items in the order of the vocabulary.

    Models are told of an ERS alone: no other kind works to one.

    >>> provision_label(("special:none", "ers:alternative")), provision_label(())
    ('ers:alternative;special', 'not stated')
    """
    kinds = list(KINDS)
    models = ["", *MODELS, "none"]

    def place(item: str) -> tuple[int, int, str]:
        kind, _, model = item.partition(":")
        return kinds.index(kind) if kind in kinds else len(kinds), models.index(model) if model in models else 9, item

    items = {item if item.startswith("ers") else item.removesuffix(":none") for item in suits}
    return ";".join(sorted(items, key=place)) or "not stated"


def children_groups(county: County, question: str) -> pd.DataFrame:
    """The children of ``today``, or of the coming ``september`` when some transfer and others are new, as groups.

    Index group; columns zone, locality, need, phase, year_group, suits (a tuple), provision (its label), kept_in,
    children. Children who leave are not among them. ``kept_in`` is the unit of children who stay in it although their
    plan, need or year group does not say so: the place that they have is not said to be no place; "" for all others.
    """
    children = cohort(county, question)
    children = children[children["status"] != "leaves"]
    labels = children["suits"].map(provision_label)
    return _grouped(children.assign(provision=labels, kept_in=_kept_in(county, children, question), children=1.0))


def stated_groups(county: County, need: pd.DataFrame) -> pd.DataFrame:
    """A frame of need (``NEED_COLUMNS``; children may be fractions) as groups, in the manner of ``children_groups``.

    Raises ``InputError`` with every row that names no zone, need, year group or kind, or whose count is no number.
    """
    missing = [column for column in NEED_COLUMNS if column not in need.columns]
    if missing:
        raise InputError([Fault("need", "", column, "", "the column") for column in missing])
    rows = need.reset_index(drop=True)
    localities = county.zones.set_index("zone")["locality"]
    counts = pd.to_numeric(rows["children"], errors="coerce")
    suits = [split_list(text) for text in rows["suits"]]
    checks = (
        ("zone", rows["zone"].isin(localities.index), "a zone of the table zones"),
        ("need", rows["need"].isin(list(NEEDS)), "one of " + ", ".join(NEEDS)),
        ("year_group", rows["year_group"].isin(list(YEAR_GROUPS)), f"{min(YEAR_GROUPS)} to {max(YEAR_GROUPS)}"),
        ("suits", pd.Series([_known(items) for items in suits], dtype=bool), "kind, kind:model or kind:none, by ;"),
        ("children", counts.ge(0) & counts.lt(float("inf")), "a number, 0 or more"),
    )
    faults = [
        Fault("need", str(row + 2), column, str(rows[column].iloc[row]), expected)
        for column, holds, expected in checks
        for row in rows.index[~holds]
    ]
    if faults:
        raise InputError(faults)
    made = rows.assign(
        year_group=rows["year_group"].astype(int),
        locality=rows["zone"].map(localities),
        suits=pd.Series(suits, index=rows.index, dtype=object),
        provision=[provision_label(items) for items in suits],
        kept_in="",
        children=counts.astype(float),
    )
    return _grouped(made.assign(phase=[phase_of(year_group) for year_group in made["year_group"]]))


def _kept_in(county: County, children: pd.DataFrame, question: str) -> pd.Series:
    """The unit of each child who stays where plan, need or year group does not say so, else ""."""
    units = units_open(county, question_year(county, question), in_use=children["unit"].unique())
    about = children[["unit", "need", "year_group", "suits"]].join(
        units[["kind", "model", "needs", "from_year_group", "to_year_group"]], on="unit"
    )
    stays = children["status"] == "stays"
    ages = about["year_group"].between(about["from_year_group"], about["to_year_group"])
    takes = [need in needs_met(str(needs)) for need, needs in zip(about["need"], about["needs"], strict=True)]
    suited = [
        accepts(suits, str(kind), str(model))
        for suits, kind, model in zip(about["suits"], about["kind"], about["model"], strict=True)
    ]
    fits = ages & pd.Series(takes, index=about.index) & pd.Series(suited, index=about.index)
    return children["unit"].where(stays & ~fits, "")


def _known(items: tuple[str, ...]) -> bool:
    parts = [item.partition(":") for item in items]
    return bool(parts) and all(kind in KINDS and (not colon or m in (*MODELS, "none")) for kind, colon, m in parts)


def _grouped(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rows.groupby(_BY, as_index=False, sort=True, observed=True)["children"].sum()
    groups = groups[groups["children"] > 0].reset_index(drop=True)
    named: pd.DataFrame = groups.set_index(pd.Index([f"g{number}" for number in groups.index], name="group"))
    return named
